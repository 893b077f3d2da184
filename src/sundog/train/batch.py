"""`Batch`: structures, pairs and labels of one step as arrays of fixed lengths, in two layouts.

Flat: atoms, pairs and structures of all members follow each other; what is left of the room is
padding, of which the last structure and the last atom always are. Ring: molecules are padded to
one width, and pairs need no lists (`neighbors.ring`). Batches of one shape share one compiled
program.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from sundog.data.records import Record
from sundog.neighbors.pairs import PairList
from sundog.neighbors.reference import reference_pairs
from sundog.neighbors.ring import RingPairs, ring_arrays
from sundog.system import System, make_system

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


class Ring(NamedTuple):
    """Shape of a batch in ring layout.

    Attributes:
        width: atoms of each molecule, with padding.
        molecules: number of molecules, with padding.
    """

    width: int
    molecules: int


class Batch(eqx.Module):
    """Structures of one step with their labels.

    Attributes:
        system: structures.
        pairs: pairs of each range.
        labels: labels in eV, Å and e, by quantity; zero where there is none.
        known: masks of the entries of the labels that are there.
        composition: number of the composition of each structure, the same for equal ones.
    """

    system: System
    pairs: Mapping[str, PairList]
    labels: Mapping[str, Float[Array, "..."]]
    known: Mapping[str, Bool[Array, "..."]]
    composition: Int[Array, " systems"]


def make_batch(
    records: Sequence[Record],
    shape: Room | Ring,
    cutoffs: Mapping[str, float],
    quantities: Sequence[str],
) -> Batch:
    """Return structures as a batch (host only).

    Args:
        records: structures; they fit the shape.
        shape: room of a flat batch, or shape of a ring, which holds molecules alone.
        cutoffs: cutoff of each range in Å, infinite for all pairs of molecules.
        quantities: labels that the batch carries.
    """
    ring = isinstance(shape, Ring)
    atoms = shape.width * shape.molecules if ring else shape.atoms
    structures = shape.molecules if ring else shape.structures
    rows = rows_of(records, shape)
    centres = [0.5 * (r.positions.min(axis=0) + r.positions.max(axis=0)) for r in records]
    places = [r.positions - centre for r, centre in zip(records, centres, strict=True)]
    index = np.full(atoms, structures - 1, np.int32)
    if ring:
        index = np.tile(np.arange(structures, dtype=np.int32), shape.width)
    for number, own in enumerate(rows):
        index[own] = number
    numbers = _placed([r.numbers for r in records], rows, atoms).astype(np.int32)
    system = {
        "positions": _placed(places, rows, atoms),
        "numbers": numbers,
        "cell": _filled([r.cell[None] for r in records], structures),
        "pbc": _filled([r.pbc[None] for r in records], structures).astype(bool),
        "total_charge": _filled([[r.total_charge] for r in records], structures),
        "multiplicity": _filled([[r.multiplicity] for r in records], structures, 1.0),
        "system_index": index,
        "origin": _filled([centre[None] for centre in centres], structures),
    }
    if ring:
        lists = ring_arrays(numbers.reshape(shape.width, shape.molecules))
    else:
        lists = {
            name: _padded(pairs_of(records, cutoff), getattr(shape, name), atoms)
            for name, cutoff in cutoffs.items()
        }
    labels, known = _labels(records, quantities, rows, atoms, structures)
    compositions = _compositions(records, structures)
    system, lists, labels, known, compositions = jax.device_put(
        (system, lists, labels, known, compositions)
    )
    if ring:
        pairs = dict.fromkeys(cutoffs, RingPairs(**lists, width=shape.width))
    else:
        pairs = {name: PairList(**one) for name, one in lists.items()}
    return Batch(System(**system), pairs, labels, known, compositions)


def rows_of(records: Sequence[Record], shape: Room | Ring) -> list[np.ndarray]:
    """Return the rows that the atoms of each structure have in a batch.

    Args:
        records: structures.
        shape: shape of the batch.
    """
    counts = [len(one.numbers) for one in records]
    if isinstance(shape, Ring):
        return [np.arange(n) * shape.molecules + m for m, n in enumerate(counts)]
    ends = np.cumsum(counts)
    return [np.arange(end - n, end) for n, end in zip(counts, ends, strict=True)]


def _labels(
    records: Sequence[Record],
    quantities: Sequence[str],
    rows: Sequence[np.ndarray],
    atoms: int,
    structures: int,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return labels by quantity, zero where unknown, and which entries are known.

    A value that is NaN is missing; so is the stress of what is not periodic.
    """
    labels, known = {}, {}
    for name in quantities:
        of_atoms = name in PER_ATOM
        shape = PER_ATOM[name] if of_atoms else PER_STRUCTURE[name]
        parts = [
            np.asarray(one.labels[name]).reshape(-1, *shape)
            if name in one.labels and (name != "stress" or one.pbc.all())
            else np.full((len(one.numbers) if of_atoms else 1, *shape), np.nan)
            for one in records
        ]
        filled = (
            _placed(parts, rows, atoms, np.nan) if of_atoms else _filled(parts, structures, np.nan)
        )
        known[name] = ~np.isnan(filled)
        labels[name] = np.where(known[name], filled, 0.0)
    return labels, known


def _compositions(records: Sequence[Record], structures: int) -> np.ndarray:
    """Return the number of each structure's composition; padding has one of its own if any."""
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


def _placed(
    parts: Sequence, rows: Sequence[np.ndarray], length: int, value: float = 0.0
) -> np.ndarray:
    """Return arrays of structures at the rows of their atoms, and a value elsewhere."""
    joined = np.concatenate([np.asarray(part, np.float64) for part in parts])
    placed = np.full((length, *joined.shape[1:]), value)
    placed[np.concatenate(rows)] = joined
    return placed


def _filled(parts: Sequence, length: int, value: float = 0.0) -> np.ndarray:
    """Return arrays one after another, and a value up to a length."""
    joined = np.concatenate([np.asarray(part, np.float64) for part in parts])
    widths = [(0, length - len(joined))] + [(0, 0)] * (joined.ndim - 1)
    return np.pad(joined, widths, constant_values=value)
