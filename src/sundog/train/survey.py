"""`Survey`: what a set of labelled structures holds, found in one pass over it.

Structures that cannot be trained on are named and left out: those that are refused, have atoms too
close together, forces beyond any use, or labels that are infinite.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from sundog.elements import refuse_unsupported
from sundog.errors import InputError, SundogError
from sundog.train.batch import pairs_of
from sundog.train.records import Record, Records
from sundog.train.settings import Data

Report = Callable[[str], None]


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
    atoms, short, long = (np.zeros(count, np.int64) for _ in range(3))
    periodic = np.zeros(count, bool)
    labelled = {name: np.zeros(count, bool) for name in quantities}
    digests, formulas, groups = [b""] * count, [""] * count, [""] * count
    left_out: dict[int, str] = {}
    for number in range(count):
        try:
            one = records[number]
            refuse_unsupported(one.numbers.tolist(), "the model")
            reason = _refused(one, cutoffs["short"], quantities, data)
        except SundogError as error:
            one, reason = None, str(error)
        if one is not None and one.pbc.any() and not np.isfinite(cutoffs["long"]):
            raise InputError(
                "electrostatics: `exact` sums all pairs of a molecule, and one is periodic",
                got=one.name,
                remedy='Use electrostatics="truncated" or "wolf"',
            )
        if one is None or reason is not None:
            left_out[number] = f"{one.name if one else f'structure {number}'}: {reason}"
            report(f"Left out: {left_out[number]}")
            _limit(left_out, data.most_bad_frames)
            continue
        atoms[number], periodic[number] = len(one.numbers), one.pbc.any()
        short[number] = len(pairs_of([one], cutoffs["short"])[0])
        long[number] = len(pairs_of([one], cutoffs["long"])[0])
        digests[number], groups[number] = one.digest, one.group
        formulas[number] = " ".join(f"{element}:{n}" for element, n in one.formula)
        for name in quantities:
            found = one.labels.get(name)
            labelled[name][number] = found is not None and not np.isnan(found).all()
    return Survey(
        atoms,
        short,
        long,
        periodic,
        np.array(digests),
        np.array(formulas),
        np.array(groups),
        labelled,
        left_out,
    )


def _limit(left_out: Mapping[int, str], most: int) -> None:
    if len(left_out) > most:
        raise InputError(
            f"data: more than {most} structures cannot be trained on",
            got=next(iter(left_out.values())),
            remedy="Mend the data, or raise most_bad_frames to leave out more",
        )


def _refused(one: Record, cutoff: float, quantities: tuple[str, ...], data: Data) -> str | None:
    """Return the reason why a structure cannot be trained on, or None."""
    for name in quantities:
        label = one.labels.get(name)
        if label is not None and np.isinf(label).any():
            return f"an infinite value in the label of {name}"
    forces = one.labels.get("forces")
    if forces is not None:
        largest = np.nanmax(np.abs(forces), initial=0.0)
        if largest > data.largest_force_ev_per_angstrom:
            return f"a force of {largest:.3g} eV/Å"
    i, j, shift = pairs_of([one], min(cutoff, 2.0))
    if len(i):
        vectors = one.positions[j] - one.positions[i] + shift @ one.cell
        closest = float(np.sqrt(np.min(np.sum(vectors**2, axis=1))))
        if closest < data.shortest_distance_angstrom:
            return f"two atoms are {closest:.3g} Å apart"
    return None


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
