"""`Topology`: what is bonded to what in a structure, and all that follows from it.

Made once from a structure and carried with it: bonds are searched when it is made, and
molecules, hydrogens, residues and homogeneity are worked out from them when they are first
asked for. Bonds that break or form later do not change it.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from sundog.elements import HEAVIEST_ELEMENT, symbol
from sundog.errors import CellError, StructureError
from sundog.topology.bonds import Bonds, find_bonds
from sundog.topology.homogeneity import Homogeneity, homogeneity
from sundog.topology.hydrogens import BondedHydrogens, find_hydrogens
from sundog.topology.molecules import Molecules, connected, find_molecules
from sundog.topology.residues import Names, Residue, residues_of_molecules, residues_of_names


@dataclass(frozen=True, eq=False)
class Topology:
    """Structure with its bonds; from `make_topology`.

    Attributes:
        numbers: Atomic numbers.
        positions: Positions in Å at which the bonds were found.
        cell: Lattice vectors as rows, Å; zeros where there is none.
        pbc: Periodicity along each lattice vector.
        bonds: Covalent bonds.
        names: Names of atoms and residues in the input, or None.
    """

    numbers: Int[np.ndarray, " atoms"]
    positions: Float[np.ndarray, "atoms 3"]
    cell: Float[np.ndarray, "3 3"]
    pbc: Bool[np.ndarray, " 3"]
    bonds: Bonds
    names: Names | None = None

    def __len__(self) -> int:
        """Return the number of atoms."""
        return len(self.numbers)

    @cached_property
    def connected(self) -> Int[np.ndarray, " atoms"]:
        """Number of the molecule or endless network that each atom is part of, from 0."""
        return connected(self.bonds, len(self))

    @cached_property
    def molecules(self) -> Molecules:
        """Molecules, with the images that make them whole; atoms of a network stand alone."""
        return find_molecules(self.bonds, self.pbc, len(self))

    @cached_property
    def hydrogens(self) -> BondedHydrogens:
        """Hydrogens and the heavy atoms they are bonded to."""
        return find_hydrogens(self.numbers, self.bonds)

    @cached_property
    def pairs(self) -> Int[np.ndarray, "pairs 2"]:
        """Bonded atoms, the lower index first, ascending; two atoms count once for all images."""
        pairs = np.stack([self.bonds.first, self.bonds.second], axis=1)
        return np.unique(pairs[self.bonds.first < self.bonds.second], axis=0)

    @cached_property
    def residues(self) -> tuple[Residue, ...]:
        """Residues: those of the input, or one for each molecule."""
        symbols = [symbol(number) for number in self.numbers.tolist()]
        if self.names is not None:
            return tuple(residues_of_names(self.names, symbols))
        return tuple(residues_of_molecules(self.connected, symbols))

    @cached_property
    def homogeneity(self) -> Homogeneity:
        """Whether the structure is a homogeneous liquid, and why."""
        return homogeneity(self.numbers, self.positions, self.cell, self.pbc, self.connected)

    def whole(self) -> "Topology":
        """Return the same with every molecule in one piece, or this one where they are so.

        A dipole of the cell that is to be continuous needs them so: an atom that stands a lattice
        vector away from its molecule adds its charge times that vector, and charges fluctuate.
        """
        move, bonds = self.molecules.image, self.bonds
        if not move.any():
            return self
        image = bonds.image + move[bonds.first] - move[bonds.second]
        return replace(
            self,
            positions=self.positions + move @ self.cell,
            bonds=bonds._replace(image=image),
        )


def make_topology(
    numbers: Int[np.ndarray, " atoms"],
    positions: Float[np.ndarray, "atoms 3"],
    cell: Float[np.ndarray, "3 3"] | None = None,
    pbc: Bool[np.ndarray, " 3"] | None = None,
    names: Names | None = None,
) -> Topology:
    """Find the bonds of a structure and return its topology.

    Args:
        numbers: Atomic numbers.
        positions: Positions in Å; atoms may be wrapped into the cell one by one.
        cell: Lattice vectors as rows, Å; by default none.
        pbc: Periodicity along each lattice vector; by default none.
        names: Names of atoms and residues, where the input has them.

    Raises:
        StructureError: An atom of no element, or coordinates that are not finite.
        CellError: A periodic direction without a lattice vector, or vectors that are linearly
            dependent.
        InputError: Names that are more or fewer than the atoms.
    """
    numbers = np.asarray(numbers, np.int64)
    positions = np.array(positions, np.float64)
    cell = np.zeros((3, 3)) if cell is None else np.array(cell, np.float64)
    pbc = np.zeros(3, bool) if pbc is None else np.array(pbc, bool)
    bad = (numbers < 1) | (numbers > HEAVIEST_ELEMENT) | ~np.isfinite(positions).all(axis=1)
    if bad.any():
        where = int(np.flatnonzero(bad)[0])
        raise StructureError(
            "topology: an atom of no element, or without finite coordinates",
            got=f"atom {where} (counted from 0): number {numbers[where]}, at "
            f"{positions[where].tolist()}",
            remedy="Correct or remove the atom",
        )
    if (pbc & ~cell.any(axis=1)).any():
        raise CellError(
            "cell: a periodic direction has no lattice vector",
            got=f"pbc {pbc.tolist()}, cell {cell.tolist()}",
            remedy="Give the lattice vector, or switch periodicity off along it",
        )
    if names is not None:
        names.check(len(numbers))
    return Topology(numbers, positions, cell, pbc, find_bonds(numbers, positions, cell, pbc), names)
