"""Bond graphs of many structures in flat arrays.

Bonds are those of the rule in `topology/bonds.py`, as everywhere in sundog. Molecules are searched
together, set side by side in one tree; structures with a cell one at a time, with all their images.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from jaxtyping import Float, Int
from scipy.spatial import KDTree

from sundog.elements import HEAVIEST_ELEMENT
from sundog.errors import StructureError
from sundog.topology.bonds import are_bonds, find_bonds, longest_bond

GAP = 1.0
"""Distance in Å between structures that are set side by side, beyond the longest bond."""


@dataclass(frozen=True)
class BondGraph:
    """Bonds of many structures, each listed at both of its atoms.

    Attributes:
        numbers: atomic number of each atom.
        structure: index of the structure of each atom, ascending.
        start: index of the first bond of each atom, and the end of the last.
        neighbor: index of the atom that is bonded.
        shift: shift in cells from that atom to its bonded image; zero in molecules.
    """

    numbers: Int[np.ndarray, " atoms"]
    structure: Int[np.ndarray, " atoms"]
    start: Int[np.ndarray, " atoms+1"]
    neighbor: Int[np.ndarray, " ends"]
    shift: Int[np.ndarray, "ends 3"]


def bond_graph(structures: Sequence[Atoms]) -> BondGraph:
    """Return the bonds of structures.

    Raises:
        StructureError: an atom of no element, or coordinates that are not finite.
    """
    sizes = np.array([len(atoms) for atoms in structures])
    offsets = np.cumsum([0, *sizes])
    numbers = np.concatenate([atoms.numbers for atoms in structures]).astype(np.int64)
    positions = np.concatenate([atoms.positions for atoms in structures])
    structure = np.repeat(np.arange(len(sizes)), sizes)
    _check(numbers, positions, structure)
    periodic = np.array([atoms.pbc.any() for atoms in structures])
    free = np.flatnonzero(~periodic[structure])
    first, second = _bonds_of_molecules(numbers[free], positions[free], structure[free])
    parts = [(free[first], free[second], np.zeros((len(first), 3), np.int64))]
    for n in np.flatnonzero(periodic).tolist():
        one = structures[n]
        mine = numbers[offsets[n] : offsets[n + 1]]
        bonds = find_bonds(mine, one.positions, one.cell.array, one.pbc)
        parts.append((bonds.first + offsets[n], bonds.second + offsets[n], bonds.image))
    i, j, image = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    # Each end of a bond; the image is seen from the other side at the other end.
    ends = np.concatenate([i, j])
    order = np.argsort(ends, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=len(numbers)))])
    neighbor, shift = np.concatenate([j, i])[order], np.concatenate([image, -image])[order]
    return BondGraph(numbers, structure, start, neighbor, shift)


def _bonds_of_molecules(
    numbers: Int[np.ndarray, " atoms"],
    positions: Float[np.ndarray, "atoms 3"],
    structure: Int[np.ndarray, " atoms"],
) -> tuple[Int[np.ndarray, " bonds"], Int[np.ndarray, " bonds"]]:
    """Return both atoms of every bond within a molecule."""
    if not len(numbers):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    reach = longest_bond(numbers)
    heads = np.flatnonzero(np.diff(structure, prepend=-1))
    low, high = (f.reduceat(positions[:, 0], heads) for f in (np.minimum, np.maximum))
    width = high - low + reach + GAP
    place = np.cumsum(width) - width - low
    counts = np.diff(heads, append=len(numbers))
    aside = positions.copy()
    aside[:, 0] += np.repeat(place, counts)
    # What is set aside is rounded a little differently; distances are those of the structure.
    near = KDTree(aside).query_pairs(1.001 * reach, output_type="ndarray")
    i, j = near.T
    bond = are_bonds(numbers, i, j, np.linalg.norm(positions[i] - positions[j], axis=1))
    return i[bond], j[bond]


def _check(numbers: np.ndarray, positions: np.ndarray, structure: np.ndarray) -> None:
    bad = (numbers < 1) | (numbers > HEAVIEST_ELEMENT) | ~np.isfinite(positions).all(axis=1)
    if bad.any():
        where = int(np.flatnonzero(bad)[0])
        raise StructureError(
            "coverage: an atom of no element, or without finite coordinates",
            got=f"structure {structure[where]}: number {numbers[where]}, at "
            f"{positions[where].tolist()}",
            remedy="Correct or remove the structure",
        )
