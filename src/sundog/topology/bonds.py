"""Covalent bonds and the periodic images they lead to, found from elements and distances.

    two heavy atoms     bonded where  r < 1.25 (R_i + R_j)
    a hydrogen          has one bond, to its nearest heavy atom with  r < 1.3 (R_H + R_X);
                        without one, to the nearest such hydrogen with  r < 1.3 · 2 R_H,  as in H₂
    a metal             has no bonds: its ions coordinate, at the distances of bonds

r: distance, Å; R: covalent radii (Cordero et al., Dalton Trans. 2008, 2832). Bonds of hydrogen
may be stretched further because a hydrogen has only one: in a proton transfer it belongs to the
nearer atom, and its hydrogen bond (O···H from 1.5 Å on, against 1.26 Å) is none. Of equally near
atoms, to a millionth of an Å, the one of lower index has it. Valences are not counted, so that
hypervalent sulfur and phosphorus have all their bonds. What was decided and why:
docs/decisions/0015-topology.md.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from sundog.elements import covalent_radii
from sundog.topology.cell import completed
from sundog.topology.graphs import near_pairs
from sundog.topology.images import images_within

BOND_STRETCH = 1.25
"""Length of the longest bond of two heavy atoms, relative to the sum of their covalent radii."""

HYDROGEN_STRETCH = 1.3
"""Length of the longest bond of a hydrogen, relative to the sum of the covalent radii."""

NONMETALS = (1, 2, *range(5, 11), *range(14, 19), *range(32, 37), *range(51, 55), 85, 86)
"""Atomic numbers of nonmetals and metalloids (B, Si, Ge, As, Sb, Te), which bond by distance."""

ALIKE = 6
"""Decimals, in Å, to which two distances from a hydrogen are compared."""


class Bonds(NamedTuple):
    """Covalent bonds, each once.

    Attributes:
        first: Atom of lower index.
        second: Atom of higher index, or the same one where it is bonded to its own image.
        image: Cells from `second` to its image that is bonded to `first`.
        lengths: Lengths, Å.
    """

    first: Int[np.ndarray, " bonds"]
    second: Int[np.ndarray, " bonds"]
    image: Int[np.ndarray, "bonds 3"]
    lengths: Float[np.ndarray, " bonds"]


def find_bonds(
    numbers: Int[np.ndarray, " atoms"],
    positions: Float[np.ndarray, "atoms 3"],
    cell: Float[np.ndarray, "3 3"],
    pbc: Bool[np.ndarray, " 3"],
) -> Bonds:
    """Return the covalent bonds of a structure, periodic images respected.

    Args:
        numbers: Atomic numbers, positive.
        positions: Positions, Å, anywhere: atoms may be wrapped into the cell one by one.
        cell: Lattice vectors as rows, Å; a row of zeros is no vector.
        pbc: Periodicity along each lattice vector; along a row of zeros it is none.

    Raises:
        CellError: The periodic lattice vectors are linearly dependent.
    """
    reach = longest_bond(numbers)
    periodic = pbc & cell.any(axis=1)
    lattice = completed(np.where(periodic[:, None], cell, 0.0))
    fractional = positions @ np.linalg.inv(lattice)
    home = np.where(periodic, np.floor(fractional), 0.0).astype(np.int64)
    number, image = images_within(fractional - home, lattice, periodic, reach)
    places = (positions - home @ lattice)[number] + image @ lattice
    near = near_pairs(places, reach)
    near = near[near[:, 0] < len(numbers)]  # of two images the bond is that of their atoms
    (i, j), cells = number[near].T, image[near[:, 1]]
    # An atom meets its own images on both sides, and others once more as theirs.
    once = (i < j) | ((i == j) & (cells @ _IN_ORDER > 0))
    near, i, j, cells = near[once], i[once], j[once], cells[once]
    lengths = np.linalg.norm(np.diff(places[near], axis=1)[:, 0], axis=1)
    bond = are_bonds(numbers, i, j, lengths)
    return Bonds(i[bond], j[bond], (cells + home[i] - home[j])[bond], lengths[bond])


def longest_bond(numbers: Int[np.ndarray, " atoms"]) -> float:
    """Return a distance in Å that no bond of atoms of these elements exceeds."""
    heavy, light = (
        _shares(stretch)[numbers].max(initial=0.0) for stretch in (BOND_STRETCH, HYDROGEN_STRETCH)
    )
    return float(max(2 * heavy, light + _shares(HYDROGEN_STRETCH)[1]))


def longest_bonds(
    numbers: Int[np.ndarray, " atoms"],
    i: Int[np.ndarray, " pairs"],
    j: Int[np.ndarray, " pairs"],
) -> Float[np.ndarray, " pairs"]:
    """Return the length in Å that bonds of pairs of atoms stay below; −∞ with a metal.

    Args:
        numbers: Atomic numbers of all atoms.
        i: One atom of each pair.
        j: Other atom of each pair.
    """
    light = (numbers[i] == 1) | (numbers[j] == 1)
    of_heavy, of_light = (_shares(stretch)[numbers] for stretch in (BOND_STRETCH, HYDROGEN_STRETCH))
    return np.where(light, of_light[i] + of_light[j], of_heavy[i] + of_heavy[j])


def are_bonds(
    numbers: Int[np.ndarray, " atoms"],
    i: Int[np.ndarray, " pairs"],
    j: Int[np.ndarray, " pairs"],
    distances: Float[np.ndarray, " pairs"],
) -> Bool[np.ndarray, " pairs"]:
    """Return which pairs of atoms are bonded: the rule, which stands here and nowhere else.

    Args:
        numbers: Atomic numbers of all atoms.
        i: One atom of each pair. All pairs up to `longest_bond` are needed, each once.
        j: Other atom of each pair. The same two atoms may be there again, of another image.
        distances: Distance of each pair, Å.
    """
    hydrogen = numbers == 1
    hydrogens = hydrogen[i].astype(np.int8) + hydrogen[j]
    bonded = distances < longest_bonds(numbers, i, j)
    mixed = np.flatnonzero(bonded & (hydrogens == 1))
    first_is_light = hydrogen[i[mixed]]
    light = np.where(first_is_light, i[mixed], j[mixed])
    other = np.where(first_is_light, j[mixed], i[mixed])
    bonded[mixed] = _nearest(light, other, distances[mixed], len(numbers))
    has_bond = np.zeros(len(numbers), bool)
    has_bond[light] = True
    alone = np.flatnonzero(bonded & (hydrogens == 2))
    bonded[alone] = _paired(i[alone], j[alone], distances[alone], has_bond)
    return bonded


_IN_ORDER = np.array([1_000_000, 1_000, 1])
"""Weights that tell an image from the opposite one; bonds reach over fewer than 500 cells."""


def _shares(stretch: float) -> Float[np.ndarray, " elements"]:
    """Return what each element adds to the length of its longest bonds, Å; −∞ for metals."""
    shares = np.full(len(covalent_radii()), -np.inf)
    shares[list(NONMETALS)] = stretch * covalent_radii()[list(NONMETALS)]
    return shares


def _nearest(
    light: Int[np.ndarray, " pairs"],
    other: Int[np.ndarray, " pairs"],
    distances: Float[np.ndarray, " pairs"],
    atoms: int,
) -> Bool[np.ndarray, " pairs"]:
    """Return for pairs of a hydrogen and a heavy atom whether that is its nearest."""
    kept = np.ones(len(light), bool)
    doubtful = np.flatnonzero(np.bincount(light, minlength=atoms)[light] > 1)
    order = np.lexsort((other[doubtful], distances[doubtful].round(ALIKE), light[doubtful]))
    ranked = doubtful[order]
    kept[ranked[1:]] = np.diff(light[ranked]) > 0
    return kept


def _paired(
    i: Int[np.ndarray, " pairs"],
    j: Int[np.ndarray, " pairs"],
    distances: Float[np.ndarray, " pairs"],
    has_bond: Bool[np.ndarray, " atoms"],
) -> Bool[np.ndarray, " pairs"]:
    """Return which pairs of hydrogens are bonded: nearest first, each hydrogen once."""
    kept, taken = np.zeros(len(i), bool), has_bond.copy()
    for pair in np.lexsort((j, i, distances.round(ALIKE))).tolist():
        if not (taken[i[pair]] or taken[j[pair]]):
            kept[pair] = taken[i[pair]] = taken[j[pair]] = True
    return kept
