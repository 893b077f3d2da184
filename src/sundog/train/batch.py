"""`Batch`: structures, pairs and labels of one step as arrays of fixed lengths, in flat layout.

Atoms, pairs and structures of all members follow each other; what is left of the room is padding,
of which the last structure and the last atom always are. Batches of one room share one compiled
program.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from sundog.neighbors.pairs import PairList
from sundog.neighbors.reference import reference_pairs
from sundog.system import System, make_system
from sundog.train.records import Record

PER_ATOM = {"forces": (3,), "charges": (), "hirshfeld_ratios": ()}
"""Labels of atoms, with the shape of one."""

PER_STRUCTURE = {"energy": (), "dipole": (3,), "stress": (3, 3)}
"""Labels of structures, with the shape of one."""


class Room(NamedTuple):
    """Lengths of the arrays of a batch, each with at least one entry of padding.

    Attributes:
        atoms: number of atoms.
        short: number of pairs of short range.
        long: number of pairs of long range.
        structures: number of structures.
    """

    atoms: int
    short: int
    long: int
    structures: int

    def holds(self, need: "Room") -> bool:
        """Return whether a batch that needs so much, without padding, fits."""
        return all(have > wanted for have, wanted in zip(self, need, strict=True))


class Batch(eqx.Module):
    """Structures of one step with their labels.

    Attributes:
        system: structures.
        pairs: pairs of each range.
        labels: labels in eV, Å and e, by quantity; zero where there is none.
        known: which entries of the labels are there.
        composition: number of the composition of each structure, the same for equal ones.
    """

    system: System
    pairs: Mapping[str, PairList]
    labels: Mapping[str, Float[Array, "..."]]
    known: Mapping[str, Bool[Array, "..."]]
    composition: Int[Array, " systems"]


def flat_batch(
    records: Sequence[Record], room: Room, cutoffs: Mapping[str, float], quantities: Sequence[str]
) -> Batch:
    """Return structures as a batch in flat layout (host only).

    Args:
        records: structures; they fit the room.
        room: lengths of the arrays.
        cutoffs: cutoff of each range in Å, infinite for all pairs of molecules.
        quantities: labels that the batch carries.
    """
    counts = np.array([len(one.numbers) for one in records])
    index = np.full(room.atoms, room.structures - 1, np.int32)
    index[: counts.sum()] = np.repeat(np.arange(len(records)), counts)
    centres = [0.5 * (r.positions.min(axis=0) + r.positions.max(axis=0)) for r in records]
    places = [r.positions - centre for r, centre in zip(records, centres, strict=True)]
    system = {
        "positions": _filled(places, room.atoms),
        "numbers": _filled([r.numbers for r in records], room.atoms).astype(np.int32),
        "cell": _filled([r.cell[None] for r in records], room.structures),
        "pbc": _filled([r.pbc[None] for r in records], room.structures).astype(bool),
        "total_charge": _filled([[r.total_charge] for r in records], room.structures),
        "multiplicity": _filled([[r.multiplicity] for r in records], room.structures, 1.0),
        "system_index": index,
        "origin": _filled([centre[None] for centre in centres], room.structures),
    }
    lists = {
        name: _padded(pairs_of(records, cutoff), getattr(room, name), room.atoms)
        for name, cutoff in cutoffs.items()
    }
    labels, known = labels_of(records, quantities, room.atoms, room.structures)
    compositions = compositions_of(records, room.structures)
    system, lists, labels, known, compositions = jax.device_put(
        (system, lists, labels, known, compositions)
    )
    pairs = {name: PairList(**one) for name, one in lists.items()}
    return Batch(System(**system), pairs, labels, known, compositions)


def labels_of(
    records: Sequence[Record], quantities: Sequence[str], atoms: int, structures: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return labels of a batch by quantity, zero where unknown, and which entries are known.

    A value that is NaN is missing.

    Args:
        records: structures.
        quantities: labels that are wanted.
        atoms: number of atoms with padding.
        structures: number of structures with padding.
    """
    labels, known = {}, {}
    for name in quantities:
        of_atoms = name in PER_ATOM
        shape = PER_ATOM[name] if of_atoms else PER_STRUCTURE[name]
        rows = [
            np.asarray(one.labels[name]).reshape(-1, *shape)
            if name in one.labels and (name != "stress" or one.pbc.all())
            else np.full((len(one.numbers) if of_atoms else 1, *shape), np.nan)
            for one in records
        ]
        values = _filled(rows, atoms if of_atoms else structures, np.nan)
        known[name] = ~np.isnan(values)
        labels[name] = np.where(known[name], values, 0.0)
    return labels, known


def compositions_of(records: Sequence[Record], structures: int) -> np.ndarray:
    """Return the number of each structure's composition, with padding up to `structures`."""
    numbered: dict[tuple[tuple[int, int], ...], int] = {}
    found = [numbered.setdefault(one.formula, len(numbered)) for one in records]
    return np.array(found + [structures - 1] * (structures - len(found)), np.int32)


Listed = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Receivers, senders and shifts of pairs."""


def pairs_of(records: Sequence[Record], cutoff: float) -> Listed:
    """Return the ordered pairs of structures that follow each other, sorted by receiver.

    Args:
        records: structures.
        cutoff: cutoff in Å, infinite for all pairs of molecules.

    Raises:
        CellError: the cutoff is infinite and a structure periodic.
    """
    if not any(one.pbc.any() for one in records):
        return _pairs_of_molecules(records, cutoff)
    parts, start = [], 0
    for one in records:
        if one.pbc.any():
            alone = make_system(one.positions, one.numbers, cell=one.cell, pbc=one.pbc)
            found = reference_pairs(alone, cutoff)
            i, j, shift = (np.asarray(a) for a in (found.i, found.j, found.shift))
        else:
            i, j, shift = _pairs_of_molecules([one], cutoff)
        parts.append((i + start, j + start, shift))
        start += len(one.numbers)
    i, j, shift = (np.concatenate(each) for each in zip(*parts, strict=True))
    return i, j, shift


def _pairs_of_molecules(records: Sequence[Record], cutoff: float) -> Listed:
    counts = np.array([len(one.numbers) for one in records])
    first = np.cumsum(counts) - counts
    mates = np.repeat(counts, counts)  # atoms of the molecule of each atom
    i = np.repeat(np.arange(counts.sum()), mates)
    row = np.cumsum(mates) - mates
    j = np.arange(len(i)) - np.repeat(row, mates) + np.repeat(first, counts)[i]
    keep = i != j
    i, j = i[keep], j[keep]
    if np.isfinite(cutoff):
        places = np.concatenate([one.positions for one in records])
        near = np.sum((places[j] - places[i]) ** 2, axis=1) < cutoff**2
        i, j = i[near], j[near]
    return i, j, np.zeros((len(i), 3), np.int32)


def _padded(pairs: Listed, room: int, atoms: int) -> dict[str, np.ndarray]:
    i, j, shift = pairs
    return {
        "i": _filled([i], room, atoms - 1).astype(np.int32),
        "j": _filled([j], room, atoms - 1).astype(np.int32),
        "shift": _filled([shift], room).astype(np.int32),
        "mask": np.arange(room) < len(i),
    }


def _filled(parts: Sequence, length: int, value: float = 0.0) -> np.ndarray:
    """Return arrays one after another, and a value up to a length."""
    joined = np.concatenate([np.asarray(part, np.float64) for part in parts])
    widths = [(0, length - len(joined))] + [(0, 0)] * (joined.ndim - 1)
    return np.pad(joined, widths, constant_values=value)
