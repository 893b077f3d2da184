"""Closest contacts between atoms that are not bonded, the first thing to look at in a structure."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from ase import Atoms
from jaxtyping import Float, Int
from scipy.spatial import KDTree

from sundog.errors import StructureError

WORDS = "The closest contact of atoms at least three bonds apart"
"""Beginning of the line that says it."""

WITHIN = 6.0
"""Distance in Å beyond which contacts are not looked for."""


class Contact(NamedTuple):
    """Two atoms and their distance.

    Attributes:
        first: Number of the first atom.
        second: Number of the second atom.
        distance: Distance in Å, over the nearest images in a periodic structure.
    """

    first: int
    second: int
    distance: float

    def describe(self, atoms: Atoms) -> str:
        """Return the contact in words, `1.92 Å, H of WAT 3 and O of WAT 7`."""
        return (
            f"{self.distance:.2f} Å, {atom_label(atoms, self.first)} and "
            f"{atom_label(atoms, self.second)}"
        )


def atom_label(atoms: Atoms, number: int) -> str:
    """Return the name of an atom and its residue, `CA of ALA 5`."""
    names, residues, numbers = (
        atoms.arrays[name][number] for name in ("atomtypes", "residuenames", "residuenumbers")
    )
    return f"{names} of {residues} {numbers}"


def bonds_apart(count: int, bonds: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return the pairs of atoms that are one or two bonds apart, smaller number first."""
    beside: list[set[int]] = [set() for _ in range(count)]
    for i, j in bonds:
        beside[i].add(j)
        beside[j].add(i)
    near: set[tuple[int, int]] = set()
    for i, others in enumerate(beside):
        near |= {(i, j) for j in others if i < j}
        near |= {(j, k) for j in others for k in others if j < k}
    return near


def closest_within(
    positions: Float[np.ndarray, "atoms 3"], bonds: Iterable[tuple[int, int]]
) -> Contact | None:
    """Return the closest contact of atoms at least three bonds apart, None without one."""
    near = bonds_apart(len(positions), bonds)
    pairs = KDTree(positions).query_pairs(WITHIN, output_type="ndarray")
    pairs = np.sort(pairs, axis=1)
    # A pair as one number, so that NumPy can compare.
    size = len(positions)
    excluded = np.array([i * size + j for i, j in sorted(near)], dtype=int)
    return _closest(positions, pairs[~np.isin(pairs[:, 0] * size + pairs[:, 1], excluded)], None)


def closest_between(
    positions: Float[np.ndarray, "atoms 3"],
    molecules: Int[np.ndarray, " atoms"],
    lengths: Float[np.ndarray, "3"] | None = None,
    within: float = WITHIN,
) -> Contact | None:
    """Return the closest contact of atoms of different molecules, None without one.

    Args:
        positions: Coordinates in Å.
        molecules: Number of the molecule of each atom.
        lengths: Lengths in Å of a periodic orthorhombic cell.
        within: Distance in Å beyond which contacts are not looked for.
    """
    if lengths is None:
        tree = KDTree(positions)
    else:
        within = min(within, 0.49 * float(lengths.min()))
        # Rounding may make the remainder of a tiny negative number the length itself.
        wrapped = np.mod(positions, lengths)
        tree = KDTree(np.where(wrapped >= lengths, 0.0, wrapped), boxsize=lengths)
    pairs = np.sort(tree.query_pairs(within, output_type="ndarray"), axis=1)
    return _closest(positions, pairs[molecules[pairs[:, 0]] != molecules[pairs[:, 1]]], lengths)


def refuse_clash(atoms: Atoms, contact: Contact | None, limit: float, remedy: str) -> None:
    """Refuse a structure whose closest contact is below a limit.

    Args:
        atoms: Structure, with names of its atoms.
        contact: Its closest contact.
        limit: Shortest distance in Å that is accepted.
        remedy: Instruction for the user.

    Raises:
        StructureError: naming the two atoms.
    """
    if contact is not None and contact.distance < limit:
        raise StructureError(
            "structure: two atoms that are not bonded are too close",
            got=contact.describe(atoms),
            expected=f"at least {limit} Å",
            remedy=remedy,
        )


def _closest(
    positions: Float[np.ndarray, "atoms 3"],
    pairs: Int[np.ndarray, "pairs 2"],
    lengths: Float[np.ndarray, "3"] | None,
) -> Contact | None:
    if len(pairs) == 0:
        return None
    apart = positions[pairs[:, 1]] - positions[pairs[:, 0]]
    if lengths is not None:
        apart -= lengths * np.round(apart / lengths)
    distances = np.linalg.norm(apart, axis=1)
    # Of equally close pairs the first by number, whatever the order of the tree.
    order = np.lexsort((pairs[:, 1], pairs[:, 0], distances))
    first, second = pairs[order[0]].tolist()
    return Contact(first, second, float(distances[order[0]]))
