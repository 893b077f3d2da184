"""Which heavy atom each hydrogen is bonded to, by geometry.

    bonded(H, X):  X is the nearest heavy atom,  |r_HX| < 1.3 (R_H + R_X)

R: covalent radii (Cordero et al., Dalton Trans. 2008, 2832), so that a bond may be stretched
by 30 % while a hydrogen bond (O···H from 1.5 Å on, against a limit of 1.26 Å) is none.
Hydrogen between two heavy atoms, as in a proton transfer, belongs to the nearer.
"""

from typing import NamedTuple

import numpy as np
from ase.data import covalent_radii
from jaxtyping import Bool, Float, Int

from sundog.elements import symbol
from sundog.errors import StructureError
from sundog.neighbors.neighbor_list import allocate
from sundog.neighbors.pairs import PairList
from sundog.neighbors.reference import reference_pairs
from sundog.system import System

STRETCH = 1.3
"""Length of the longest bond relative to the sum of the covalent radii."""

LARGE = 5000
"""Atoms from which on pairs are found with bins."""

NONMETALS = (1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 34, 35, 53)
"""Elements whose contacts within the radii are bonds; a metal ion only coordinates."""


class BondedHydrogens(NamedTuple):
    """Hydrogens in ascending order and the atoms they are bonded to.

    Attributes:
        hydrogens: the atoms.
        heavy: the heavy atom of each.
        shift: lattice vectors to add to the hydrogen so that it is beside its heavy atom.
        lengths: of the bonds, Å.
    """

    hydrogens: Int[np.ndarray, " hydrogens"]
    heavy: Int[np.ndarray, " hydrogens"]
    shift: Int[np.ndarray, "hydrogens 3"]
    lengths: Float[np.ndarray, " hydrogens"]


class Contacts(NamedTuple):
    """Ordered pairs of nonmetals, and of hydrogens with anything, within a bond's length."""

    i: Int[np.ndarray, " pairs"]
    j: Int[np.ndarray, " pairs"]
    shift: Int[np.ndarray, "pairs 3"]
    distances: Float[np.ndarray, " pairs"]


def contacts(system: System) -> Contacts:
    """Return all ordered pairs that are near enough to be bonded (host only)."""
    numbers = np.asarray(system.numbers)
    radii = np.where(numbers > 0, covalent_radii[numbers], 0.0)
    listed = _pairs(system, 2 * STRETCH * float(radii.max()))
    mask = np.asarray(listed.mask)
    i, j, shift = (np.asarray(column)[mask] for column in (listed.i, listed.j, listed.shift))
    positions, cell = np.asarray(system.positions), np.asarray(system.cell)
    lattice = cell[np.asarray(system.system_index)[i]]
    vectors = positions[j] - positions[i] + np.einsum("pa,pab->pb", shift, lattice)
    distances = np.linalg.norm(vectors, axis=1)
    nonmetal = np.isin(numbers, NONMETALS)
    either_hydrogen = (numbers[i] == 1) | (numbers[j] == 1)
    near = distances < STRETCH * (radii[i] + radii[j])
    near &= (nonmetal[i] & nonmetal[j]) | either_hydrogen
    return Contacts(i[near], j[near], shift[near], distances[near])


def bonded_hydrogens(
    system: System, which: Bool[np.ndarray, " atoms"] | None = None
) -> BondedHydrogens:
    """Return the hydrogens of all structures with the atoms they are bonded to (host only).

    Args:
        system: one or many structures.
        which: atoms to look at; all by default.

    Raises:
        StructureError: a hydrogen without a heavy atom in reach, as in H₂ or H⁺.
    """
    numbers = np.asarray(system.numbers)
    hydrogens = np.flatnonzero((numbers == 1) & (True if which is None else which))
    near = contacts(system)
    bond = (numbers[near.i] == 1) & (numbers[near.j] > 1)
    i, j, shift, distances = (column[bond] for column in near)
    order = np.lexsort((distances, i))
    owners, first = np.unique(i[order], return_index=True)
    alone = np.setdiff1d(hydrogens, owners)
    if len(alone):
        raise StructureError(
            "hydrogens: every hydrogen must be bonded to a heavier atom",
            got=f"{len(alone)} without one, the first is {_place(system, int(alone[0]))}",
            expected=f"a distance below {STRETCH} times the sum of the covalent radii",
            remedy="Leave H2 and single protons out of the selection, or use neither masses nor "
            "constraints that depend on the bonds of hydrogens; minimise a distorted structure",
        )
    nearest = order[first[np.isin(owners, hydrogens)]]
    # The list says where the heavy atom is; the hydrogen is moved the other way.
    return BondedHydrogens(hydrogens, j[nearest], -shift[nearest], distances[nearest])


def _place(system: System, atom: int) -> str:
    """Return an atom's name and number in its structure."""
    index = np.asarray(system.system_index)
    first = int(np.argmax(index == index[atom]))
    where = f"{symbol(int(system.numbers[atom]))} {atom - first} (counted from 0)"
    return where if system.number_of_systems == 1 else f"{where} of structure {index[atom]}"


def _pairs(system: System, cutoff: float) -> PairList:
    if system.number_of_atoms < LARGE:
        return reference_pairs(system, cutoff)
    return allocate(system, cutoff, 0.0).pairs
