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

from sundog.data.records import OF_ATOMS, Gathered
from sundog.neighbors.pairs import PairList
from sundog.neighbors.reference import reference_pairs
from sundog.neighbors.ring import RingPairs, ring_arrays
from sundog.system import System, make_system


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
    members: Gathered,
    shape: Room | Ring,
    cutoffs: Mapping[str, float],
    quantities: Sequence[str],
) -> Batch:
    """Return structures as a batch (host only).

    Args:
        members: structures; they fit the shape.
        shape: room of a flat batch, or shape of a ring, which holds molecules alone.
        cutoffs: cutoff of each range in Å, infinite for all pairs of molecules.
        quantities: labels that the batch carries.
    """
    ring = isinstance(shape, Ring)
    atoms = shape.width * shape.molecules if ring else shape.atoms
    structures = shape.molecules if ring else shape.structures
    rows = rows_of(members.counts, shape)
    first = np.cumsum(members.counts) - members.counts
    low, high = (each.reduceat(members.positions, first) for each in (np.minimum, np.maximum))
    centres = 0.5 * (low + high)
    own = np.repeat(np.arange(len(first)), members.counts)
    index = np.full(atoms, structures - 1, np.int32)
    if ring:
        index = np.tile(np.arange(structures, dtype=np.int32), shape.width)
    index[rows] = own
    numbers = _placed(members.numbers, rows, atoms).astype(np.int32)
    system = {
        "positions": _placed(members.positions - centres[own], rows, atoms),
        "numbers": numbers,
        "cell": _filled(members.cells, structures),
        "pbc": _filled(members.pbc, structures).astype(bool),
        "total_charge": _filled(members.total_charges, structures),
        "multiplicity": _filled(members.multiplicities, structures, 1.0),
        "system_index": index,
        "origin": _filled(centres, structures),
    }
    if ring:
        lists = ring_arrays(numbers.reshape(shape.width, shape.molecules))
    else:
        lists = {
            name: _padded(pairs_of(members, cutoff), getattr(shape, name), atoms)
            for name, cutoff in cutoffs.items()
        }
    labels, known = _labels(members, quantities, rows, atoms, structures)
    compositions = _compositions(members, structures)
    system, lists, labels, known, compositions = jax.device_put(
        (system, lists, labels, known, compositions)
    )
    if ring:
        pairs = dict.fromkeys(cutoffs, RingPairs(**lists, width=shape.width))
    else:
        pairs = {name: PairList(**one) for name, one in lists.items()}
    return Batch(System(**system), pairs, labels, known, compositions)


def rows_of(counts: np.ndarray, shape: Room | Ring) -> np.ndarray:
    """Return the rows that the atoms of structures have in a batch, one structure after another.

    Args:
        counts: number of atoms of each structure.
        shape: shape of the batch.
    """
    rows = np.arange(counts.sum())
    if not isinstance(shape, Ring):
        return rows
    within = rows - np.repeat(np.cumsum(counts) - counts, counts)
    return within * shape.molecules + np.repeat(np.arange(len(counts)), counts)


def _labels(
    members: Gathered, quantities: Sequence[str], rows: np.ndarray, atoms: int, structures: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return labels by quantity, zero where unknown, and which entries are known.

    A value that is NaN is missing; so is the stress of what is not periodic.
    """
    labels, known = {}, {}
    for name in quantities:
        values = np.asarray(members.labels[name], np.float64)
        if name == "stress":
            values = np.where(np.asarray(members.pbc.all(axis=1)).reshape(-1, 1, 1), values, np.nan)
        filled = (
            _placed(values, rows, atoms, np.nan)
            if name in OF_ATOMS
            else _filled(values, structures, np.nan)
        )
        known[name] = ~np.isnan(filled)
        labels[name] = np.where(known[name], filled, 0.0)
    return labels, known


def _compositions(members: Gathered, structures: int) -> np.ndarray:
    """Return the number of each structure's composition; padding has one of its own if any."""
    own = np.repeat(np.arange(len(members.counts)), members.counts)
    counts = np.zeros((len(members.counts), members.numbers.max() + 2), np.int64)
    np.add.at(counts, (own, members.numbers), 1)
    counts[:, -1] = np.round(members.total_charges)
    _, kind = np.unique(counts, axis=0, return_inverse=True)
    return _filled(kind.reshape(-1), structures, structures - 1).astype(np.int32)


Listed = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Receivers, senders and shifts of pairs."""


def pairs_of(members: Gathered, cutoff: float) -> Listed:
    """Return the ordered pairs of structures that follow each other, sorted by receiver.

    Args:
        members: structures.
        cutoff: cutoff in Å, infinite for all pairs of molecules.

    Raises:
        CellError: the cutoff is infinite and a structure periodic.
    """
    if not members.pbc.any():
        return _pairs_of_molecules(members.counts, members.positions, cutoff)
    parts, start = [], 0
    for count, cell, pbc in zip(members.counts.tolist(), members.cells, members.pbc, strict=True):
        own = slice(start, start + count)
        if pbc.any():
            alone = make_system(members.positions[own], members.numbers[own], cell=cell, pbc=pbc)
            found = reference_pairs(alone, cutoff)
            i, j, shift = (np.asarray(a) for a in (found.i, found.j, found.shift))
        else:
            i, j, shift = _pairs_of_molecules(np.array([count]), members.positions[own], cutoff)
        parts.append((i + start, j + start, shift))
        start += count
    i, j, shift = (np.concatenate(each) for each in zip(*parts, strict=True))
    return i, j, shift


def _pairs_of_molecules(counts: np.ndarray, positions: np.ndarray, cutoff: float) -> Listed:
    first = np.cumsum(counts) - counts
    mates = np.repeat(counts, counts)  # atoms of the molecule of each atom
    i = np.repeat(np.arange(counts.sum()), mates)
    row = np.cumsum(mates) - mates
    j = np.arange(len(i)) - np.repeat(row, mates) + np.repeat(first, counts)[i]
    keep = i != j
    i, j = i[keep], j[keep]
    if np.isfinite(cutoff):
        near = np.sum((positions[j] - positions[i]) ** 2, axis=1) < cutoff**2
        i, j = i[near], j[near]
    return i, j, np.zeros((len(i), 3), np.int32)


def _padded(pairs: Listed, room: int, atoms: int) -> dict[str, np.ndarray]:
    i, j, shift = pairs
    return {
        "i": _filled(i, room, atoms - 1).astype(np.int32),
        "j": _filled(j, room, atoms - 1).astype(np.int32),
        "shift": _filled(shift, room).astype(np.int32),
        "mask": np.arange(room) < len(i),
    }


def _placed(values: np.ndarray, rows: np.ndarray, length: int, value: float = 0.0) -> np.ndarray:
    """Return values of atoms at their rows, and another value elsewhere."""
    placed = np.full((length, *values.shape[1:]), value)
    placed[rows] = values
    return placed


def _filled(values: np.ndarray, length: int, value: float = 0.0) -> np.ndarray:
    """Return values one after another, and another value up to a length."""
    filled = np.full((length, *values.shape[1:]), value)
    filled[: len(values)] = values
    return filled
