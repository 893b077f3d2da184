"""`Survey`: what a set of labelled structures holds, found in one pass over it.

Structures that cannot be trained on are named and left out: those that are refused, have atoms too
close together, forces beyond any use, or labels that are infinite.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from sundog.data.records import OF_ATOMS, Gathered, Records
from sundog.elements import refuse_unsupported
from sundog.errors import InputError, SundogError
from sundog.train.batch import pairs_of
from sundog.train.settings import Data

Report = Callable[[str], None]

AT_ONCE = 512
"""Number of structures that are looked at together."""


@dataclass(frozen=True)
class Survey:
    """Arrays with an entry for each structure of a set.

    Attributes:
        atoms: number of atoms.
        short: number of ordered pairs of short range.
        long: number of ordered pairs of long range.
        periodic: whether there is a cell.
        digests: hash of the structure.
        formulas: formula and charge, as text.
        groups: name of the group.
        labelled: whether there is a label, by quantity.
        left_out: reasons why structures are left out, by number.
    """

    atoms: np.ndarray
    short: np.ndarray
    long: np.ndarray
    periodic: np.ndarray
    digests: np.ndarray
    formulas: np.ndarray
    groups: np.ndarray
    labelled: Mapping[str, np.ndarray]
    left_out: Mapping[int, str]

    @property
    def usable(self) -> np.ndarray:
        """Numbers of the structures that are not left out."""
        return np.setdiff1d(np.arange(len(self.atoms)), list(self.left_out))

    def average_neighbors(self, numbers: np.ndarray) -> float:
        """Return n̄: mean over structures of their ordered pairs of short range for each atom."""
        return float(np.mean(self.short[numbers] / self.atoms[numbers]))


def survey(
    records: Records,
    cutoffs: Mapping[str, float],
    quantities: tuple[str, ...],
    data: Data,
    report: Report,
) -> Survey:
    """Return the survey of a set.

    Args:
        records: labelled structures.
        cutoffs: cutoff of each range in Å.
        quantities: labels of the loss.
        data: limits of what is used, and how many structures may be left out.
        report: called with a line about each structure that is left out.

    Raises:
        InputError: more structures are to be left out than the settings allow.
        CellError: a structure is periodic, and a cutoff infinite.
    """
    count = len(records)
    left_out: dict[int, str] = {}
    made = Survey(
        atoms=np.zeros(count, np.int64),
        short=np.zeros(count, np.int64),
        long=np.zeros(count, np.int64),
        periodic=np.zeros(count, bool),
        digests=np.zeros(count, "S16"),
        formulas=np.full(count, "", object),
        groups=np.full(count, "", object),
        labelled={name: np.zeros(count, bool) for name in quantities},
        left_out=left_out,
    )
    for first in range(0, count, AT_ONCE):
        numbers = np.arange(first, min(first + AT_ONCE, count))
        try:
            _look_at(made, records, numbers, cutoffs, quantities, data)
            continue
        except (SundogError, _OddError):
            pass  # one of them is odd: each alone, to name it
        for number in numbers.tolist():
            try:
                _look_at(made, records, np.array([number]), cutoffs, quantities, data)
            except (SundogError, _OddError) as error:
                left_out[number] = f"{_name(records, number)}: {error}"
                report(f"Left out: {left_out[number]}")
                _limit(left_out, data.most_bad_frames)
    if made.periodic.any() and not np.isfinite(cutoffs["long"]):
        raise InputError(
            "electrostatics: `exact` sums all pairs of a molecule, and one is periodic",
            got=_name(records, int(made.periodic.argmax())),
            remedy='Use electrostatics="truncated" or "wolf"',
        )
    return made


class _OddError(Exception):
    """One of the structures cannot be trained on."""


def _look_at(
    made: Survey,
    records: Records,
    numbers: np.ndarray,
    cutoffs: Mapping[str, float],
    quantities: tuple[str, ...],
    data: Data,
) -> None:
    """Fill in what some structures hold.

    Raises:
        _OddError: one of them cannot be trained on.
        SundogError: one of them is no structure that can be computed.
    """
    members = records.gather(numbers, quantities)
    refuse_unsupported(np.unique(members.numbers).tolist(), "the model")
    own = np.repeat(np.arange(len(numbers)), members.counts)
    _refuse_odd(members, own, cutoffs["short"], quantities, data)
    made.atoms[numbers] = members.counts
    made.periodic[numbers] = members.pbc.any(axis=1)
    if members.pbc.any() and not np.isfinite(cutoffs["long"]):
        return  # which is refused in the end
    for name, counts in (("short", made.short), ("long", made.long)):
        i, _, _ = pairs_of(members, cutoffs[name])
        counts[numbers] = np.bincount(own[i], minlength=len(numbers))
    tags = records.tags(numbers)
    made.digests[numbers] = np.ascontiguousarray(tags.digests).view("S16")[:, 0]
    made.groups[numbers] = tags.groups
    made.formulas[numbers] = _formulas(members, own)
    for name in quantities:
        known = ~np.isnan(members.labels[name])
        known = known.reshape(len(known), -1).any(axis=1)
        of = own if name in OF_ATOMS else np.arange(len(numbers))
        made.labelled[name][numbers] = np.bincount(of, known, minlength=len(numbers)) > 0


def _refuse_odd(
    members: Gathered, own: np.ndarray, cutoff: float, quantities: tuple[str, ...], data: Data
) -> None:
    """Raise `_OddError` with the reason why one of the structures cannot be trained on."""
    for name in quantities:
        if np.isinf(members.labels[name]).any():
            raise _OddError(f"an infinite value in the label of {name}")
    if "forces" in quantities:
        largest = np.nanmax(np.abs(members.labels["forces"]), initial=0.0)
        if largest > data.largest_force_ev_per_angstrom:
            raise _OddError(f"a force of {largest:.3g} eV/Å")
    i, j, shift = pairs_of(members, min(cutoff, 2.0))
    vectors = members.positions[j] - members.positions[i]
    vectors = vectors + np.einsum("ka,kab->kb", shift, members.cells[own[i]])
    closest = np.sqrt(np.min(np.sum(vectors**2, axis=1), initial=np.inf))
    if closest < data.shortest_distance_angstrom:
        raise _OddError(f"two atoms are {closest:.3g} Å apart")


def _formulas(members: Gathered, own: np.ndarray) -> list[str]:
    """Return formula and charge of each structure, as text."""
    counts = np.zeros((len(members.counts), int(members.numbers.max()) + 1), np.int64)
    np.add.at(counts, (own, members.numbers), 1)
    counts[:, 0] = np.round(members.total_charges)
    kinds, where = np.unique(counts, axis=0, return_inverse=True)
    words = [
        " ".join(f"{z}:{n}" for z, n in enumerate(kind.tolist()) if n or z == 0) for kind in kinds
    ]
    return [words[kind] for kind in where.reshape(-1).tolist()]


def _name(records: Records, number: int) -> str:
    try:
        return records[number].name
    except SundogError:
        return f"structure {number}"


def _limit(left_out: Mapping[int, str], most: int) -> None:
    if len(left_out) > most:
        raise InputError(
            f"data: more than {most} structures cannot be trained on",
            got=next(iter(left_out.values())),
            remedy="Mend the data, or raise most_bad_frames to leave out more",
        )


def divide(found: Survey, count: int | None, by: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the structures for training and for validation.

    Structures that are equal, or of one formula or group, are on the same side.

    Args:
        found: survey of the set.
        count: structures for validation, None for a tenth and at most 10,000.
        by: `structure`, `formula` or `group`.
        seed: seed of the choice.

    Raises:
        InputError: nothing would be left on one side.
    """
    usable = found.usable
    wanted = min(max(len(usable) // 10, 1), 10_000) if count is None else count
    keys = {"structure": found.digests, "formula": found.formulas, "group": found.groups}[by]
    names, where = np.unique(keys[usable], return_inverse=True)
    order = np.random.default_rng([seed, 1]).permutation(len(names))
    sizes = np.bincount(where, minlength=len(names))[order]
    # As many of them as come nearest to what is wanted, and one at least.
    taken = max(int(np.searchsorted(np.cumsum(sizes), wanted)) + 1, 1)
    chosen = np.isin(where, order[:taken])
    train, valid = usable[~chosen], usable[chosen]
    if not len(train) or not len(valid):
        raise InputError(
            f"validation_structures: the split by {by} leaves nothing for "
            f"{'training' if not len(train) else 'validation'}",
            got=f"{len(usable)} usable structures in {len(names)} kinds, {wanted} for validation",
            remedy="Give more structures, ask for fewer, or name a set of its own for validation",
        )
    return train, valid


def refuse_leaks(found: Survey, train: np.ndarray, valid: np.ndarray) -> None:
    """Refuse structures that are for training and for validation at once.

    Args:
        found: survey of all structures.
        train: numbers of those for training.
        valid: numbers of those for validation.

    Raises:
        InputError: naming the first of them.
    """
    shared = np.flatnonzero(np.isin(found.digests[valid], found.digests[train]))
    if len(shared):
        first = valid[shared[0]]
        twin = train[np.argmax(found.digests[train] == found.digests[first])]
        raise InputError(
            f"validation_data: {len(shared)} of {len(valid)} structures are trained on as well",
            got=f"structure {first - len(train)} of it and structure {twin} of the training data"
            if first >= len(train)
            else f"structures {first} and {twin}",
            remedy="Remove them from one of the two: their errors say nothing about new structures",
        )


def refuse_unlabelled(found: Survey, train: np.ndarray, weights: Mapping[str, float]) -> None:
    """Refuse a label with a weight that no structure for training has.

    Args:
        found: survey of all structures.
        train: numbers of those for training.
        weights: weights by label.

    Raises:
        InputError: naming the label.
    """
    for name in weights:
        if not found.labelled[name][train].any():
            have = [key for key, one in found.labelled.items() if one[train].any()]
            raise InputError(
                f"{name}_weight: no structure for training has the label {name}",
                got=f"labels {', '.join(have) or 'none of those in the loss'}",
                remedy=f"Set {name}_weight=0, or name the key of the label with {name}_key",
            )
