"""Construction of a pair list in plain NumPy, on the host: the reference for the fast one.

    pairs (i, j, m):  |R_j + m · cell − R_i| < cutoff,   (j, m) ≠ (i, 0)

All images m of a structure that can be within the cutoff are generated, those outside
the bounding box of the atoms plus the cutoff are dropped, and every atom is compared
with all that remain. Atoms are wrapped first, so that |m_k| ≤ ⌊cutoff/h_k⌋ + 1 suffices
with the heights h_k of the cell.

The cost is O(N²) with a small prefactor: fit for molecules, batches and tests.
"""

import itertools
import math
from collections.abc import Iterator

import jax.numpy as jnp
import numpy as np

from sundog.errors import CellError, InputError
from sundog.neighbors.lattice import complete_lattice
from sundog.neighbors.pairs import PairList
from sundog.numerics.heights import heights
from sundog.system import System

CHUNK = 2**21
"""Number of distances that are computed at a time, which bounds the memory."""

MOST_NEIGHBORS = 1e6
"""Number of neighbours of an atom beyond which pairs are not listed: a ball of 130 Å in water."""


def reference_pairs(system: System, cutoff: float, capacity: int | None = None) -> PairList:
    """Return all ordered pairs closer than `cutoff`, sorted by receiver, then sender.

    Padding atoms take part in no pair.

    Args:
        system: one or many structures, as concrete arrays.
        cutoff: cutoff in Å; infinite for all pairs of each molecule.
        capacity: length to which the list is padded, with masked entries of the last atom.

    Raises:
        InputError: the cutoff is not positive, or there are more pairs than `capacity`.
        CellError: the cutoff is infinite and a structure periodic.
    """
    check_cutoff(system, cutoff)
    empty = np.zeros(0, dtype=np.int64)
    parts = [(empty, empty, np.zeros((0, 3), dtype=np.int64))]
    for atoms, positions, cell, pbc in _structures(system):
        all_atoms = np.arange(len(atoms))
        i, j, shift = _pairs_of_structure(positions, cell, pbc, cutoff, all_atoms)
        parts.append((atoms[i], atoms[j], shift))
    i, j, shift = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order = np.lexsort((*shift.T[::-1], j, i))
    return _pad(i[order], j[order], shift[order], system.number_of_atoms, capacity)


def longest_row(system: System, cutoff: float, sample: int = 256) -> int:
    """Return the largest number of pairs of an atom, among an even sample of the atoms.

    Args:
        system: structures, as concrete arrays.
        cutoff: cutoff in Å, finite.
        sample: number of atoms that are sampled of each structure; of smaller structures all
            atoms are.
    """
    longest = 0
    for atoms, positions, cell, pbc in _structures(system):
        some = np.unique(np.linspace(0, len(atoms) - 1, sample).astype(np.int64))
        i, _, _ = _pairs_of_structure(positions, cell, pbc, cutoff, some)
        longest = max(longest, np.bincount(i, minlength=1).max())
    return int(longest)


def check_cutoff(system: System, cutoff: float) -> None:
    """Refuse cutoffs for which there is no list.

    Raises:
        InputError: the cutoff is not positive.
        CellError: the cutoff is infinite and a structure periodic, or the cutoff reaches over so
            many images of a cell that no machine would list them.
    """
    if not cutoff > 0:
        raise InputError("cutoff: must be a positive length in Å", got=cutoff)
    if np.isinf(cutoff) and np.any(np.asarray(system.pbc)):
        raise CellError(
            "cutoff: a periodic structure has infinitely many pairs",
            got=f"cutoff {cutoff}, pbc {np.asarray(system.pbc).tolist()}",
            expected="a finite cutoff, or structures without periodic directions",
        )
    if np.isfinite(cutoff):
        _check_neighbors(system, cutoff)


def _check_neighbors(system: System, cutoff: float) -> None:
    """Refuse a cutoff within which an atom has more neighbours than could be listed."""
    pbc, cells = np.asarray(system.pbc), np.asarray(system.cell, np.float64)
    present = np.asarray(system.system_index)[np.asarray(system.is_atom)]
    counts = np.bincount(present, minlength=len(pbc))
    for count, cell, periodic in zip(counts, cells, pbc, strict=True):
        vectors = cell[periodic]
        size = float(np.sqrt(max(np.linalg.det(vectors @ vectors.T), 0.0))) if len(vectors) else 0.0
        if count == 0 or size == 0:
            continue
        ball = (2.0, math.pi, 4.0 / 3.0 * math.pi)[len(vectors) - 1] * cutoff ** len(vectors)
        if count * ball / size > MOST_NEIGHBORS:
            raise CellError(
                "cutoff_angstrom: it reaches over too many images of the cell",
                got=f"{cutoff:g} Å, within which an atom has about {count * ball / size:.1g} "
                "neighbours",
                expected=f"at most {MOST_NEIGHBORS:,.0f}",
                remedy='Use a shorter cutoff, as 12 Å, or electrostatics="ewald" for all images',
            )


def _structures(
    system: System,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Yield atoms, positions, cell and periodicity of each structure that has atoms."""
    is_atom = np.asarray(system.is_atom)
    index = np.asarray(system.system_index)
    positions = np.asarray(system.positions, dtype=np.float64)
    cell = np.asarray(system.cell, dtype=np.float64)
    pbc = np.asarray(system.pbc)
    for k in np.unique(index[is_atom]):
        atoms = np.flatnonzero(is_atom & (index == k))
        yield atoms, positions[atoms], cell[k], pbc[k]


def _pairs_of_structure(
    positions: np.ndarray, cell: np.ndarray, pbc: np.ndarray, cutoff: float, receivers: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    lattice, _ = complete_lattice(cell, pbc, positions)
    wrap = np.floor(positions @ np.linalg.inv(lattice)).astype(np.int64) * pbc
    wrapped = positions - wrap @ lattice
    ghosts, sender, image = _images(wrapped, lattice, pbc, cutoff)
    found_i, found_ghost = [], []
    rows = max(1, CHUNK // len(ghosts))
    for chunk in np.split(receivers, range(rows, len(receivers), rows)):
        x, y, z = (ghosts[None, :, k] - wrapped[chunk, None, k] for k in range(3))
        row, ghost = np.nonzero(x * x + y * y + z * z < cutoff**2)
        found_i.append(chunk[row])
        found_ghost.append(ghost)
    i, ghost = np.concatenate(found_i), np.concatenate(found_ghost)
    j, m = sender[ghost], image[ghost]
    other = (i != j) | m.any(axis=1)
    i, j, m = i[other], j[other], m[other]
    return i, j, m - wrap[j] + wrap[i]


def _images(
    wrapped: np.ndarray, lattice: np.ndarray, pbc: np.ndarray, cutoff: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return position, atom and shift of all images within the cutoff of the atoms' box."""
    reach = np.zeros(3, dtype=np.int64)
    reach[pbc] = np.floor(cutoff / heights(lattice)[pbc]).astype(np.int64) + 1
    low, high = wrapped.min(axis=0) - cutoff, wrapped.max(axis=0) + cutoff
    ghosts = []
    for shift in itertools.product(*(range(-r, r + 1) for r in reach)):
        moved = wrapped + np.array(shift) @ lattice
        near = np.flatnonzero(np.all((moved > low) & (moved < high), axis=1))
        ghosts.append((moved[near], near, np.tile(shift, (len(near), 1))))
    positions, sender, image = (np.concatenate(arrays) for arrays in zip(*ghosts, strict=True))
    return positions, sender, image


def _pad(
    i: np.ndarray, j: np.ndarray, shift: np.ndarray, atoms: int, capacity: int | None
) -> PairList:
    pairs = len(i)
    if capacity is None:
        capacity = pairs
    if pairs > capacity:
        raise InputError(
            "capacity: the list has more pairs",
            got=f"{capacity} for {pairs} pairs",
            remedy="Give a larger capacity, or None",
        )
    padding = capacity - pairs
    # Converted by NumPy: JAX would compile a program for every length.
    i, j, shift = (one.astype(np.int32) for one in (i, j, shift))
    return PairList(
        i=jnp.asarray(np.pad(i, (0, padding), constant_values=atoms - 1)),
        j=jnp.asarray(np.pad(j, (0, padding), constant_values=atoms - 1)),
        shift=jnp.asarray(np.pad(shift, ((0, padding), (0, 0)))),
        mask=jnp.asarray(np.arange(capacity) < pairs),
    )
