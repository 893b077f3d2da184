"""Hydrogens and the heavy atoms they are bonded to, for masses and rigid bonds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

from sundog.elements import symbol
from sundog.errors import StructureError
from sundog.topology.bonds import HYDROGEN_STRETCH, Bonds

if TYPE_CHECKING:
    from sundog.system import System


@dataclass(frozen=True)
class BondedHydrogens:
    """Hydrogens in ascending order and the heavy atoms they are bonded to.

    Attributes:
        hydrogens: Atoms, each of which has a bond to a heavy atom.
        heavy: Heavy atom of each.
        shift: Lattice vectors to add to the hydrogen so that it is beside its heavy atom.
        lengths: Lengths of the bonds, Å.
        in_water: Whether the heavy atom is the oxygen of a water molecule: bonded to two hydrogens
            and to nothing else.
        alone: Hydrogens without a heavy atom, as those of H₂ and H⁺.
    """

    hydrogens: Int[np.ndarray, " hydrogens"]
    heavy: Int[np.ndarray, " hydrogens"]
    shift: Int[np.ndarray, "hydrogens 3"]
    lengths: Float[np.ndarray, " hydrogens"]
    in_water: Bool[np.ndarray, " hydrogens"]
    alone: Int[np.ndarray, " alone"]

    def repeated(self, copies: int, atoms: int) -> "BondedHydrogens":
        """Return the hydrogens of copies of a structure of so many atoms, one after another."""
        return joined([self] * copies, [atoms] * copies)

    def kept(self, which: Bool[np.ndarray, " hydrogens"]) -> "BondedHydrogens":
        """Return some of the bonds."""
        return BondedHydrogens(
            self.hydrogens[which],
            self.heavy[which],
            self.shift[which],
            self.lengths[which],
            self.in_water[which],
            self.alone,
        )

    def of_selection(
        self, system: "System", which: Bool[np.ndarray, " atoms"] | None = None
    ) -> "BondedHydrogens":
        """Return the bonds of selected hydrogens, each of which must have one (host only).

        Args:
            system: Structures that the hydrogens are of, for words about them.
            which: Atoms that are selected, by default all.

        Raises:
            StructureError: A selected hydrogen has no heavy atom in reach, as in H₂ or H⁺.
        """
        alone = self.alone if which is None else self.alone[which[self.alone]]
        if len(alone):
            raise StructureError(
                "hydrogens: every hydrogen must be bonded to a heavier atom",
                got=f"{len(alone)} without one, the first is {_place(system, int(alone[0]))}",
                expected=f"a distance below {HYDROGEN_STRETCH} times the sum of the covalent radii",
                remedy="Leave H2 and single protons out of the selection, or use neither masses "
                "nor constraints that depend on the bonds of hydrogens; minimise a distorted "
                "structure",
            )
        return self if which is None else self.kept(which[self.hydrogens])


def find_hydrogens(numbers: Int[np.ndarray, " atoms"], bonds: Bonds) -> BondedHydrogens:
    """Return the hydrogens of a structure.

    Args:
        numbers: Atomic numbers.
        bonds: Bonds of the structure.
    """
    light = numbers == 1
    of_first, of_second = light[bonds.first], light[bonds.second]
    mixed = np.flatnonzero(of_first != of_second)
    first, second = bonds.first[mixed], bonds.second[mixed]
    hydrogen_first = of_first[mixed]
    hydrogens = np.where(hydrogen_first, first, second)
    heavy = np.where(hydrogen_first, second, first)
    # The image is that of the second atom, which the hydrogen may be.
    shift = np.where(hydrogen_first[:, None], -bonds.image[mixed], bonds.image[mixed])
    ends = np.concatenate([bonds.first, bonds.second])
    degree = np.bincount(ends, minlength=len(numbers))
    carried = np.bincount(heavy, minlength=len(numbers))
    water = (numbers == 8) & (carried == 2) & (degree == 2)
    order = np.argsort(hydrogens)
    return BondedHydrogens(
        hydrogens[order],
        heavy[order],
        shift[order],
        bonds.lengths[mixed][order],
        water[heavy[order]],
        np.setdiff1d(np.flatnonzero(light), hydrogens),
    )


def joined(parts: Sequence[BondedHydrogens], atoms: Sequence[int]) -> BondedHydrogens:
    """Return the hydrogens of several structures whose atoms stand one after another.

    Args:
        parts: Hydrogens of each structure.
        atoms: Number of atoms of each.
    """
    offsets = np.cumsum([0, *atoms])[:-1].tolist()
    placed = list(zip(parts, offsets, strict=True))
    return BondedHydrogens(
        np.concatenate([part.hydrogens + offset for part, offset in placed]),
        np.concatenate([part.heavy + offset for part, offset in placed]),
        np.concatenate([part.shift for part in parts]),
        np.concatenate([part.lengths for part in parts]),
        np.concatenate([part.in_water for part in parts]),
        np.concatenate([part.alone + offset for part, offset in placed]),
    )


def _place(system: "System", atom: int) -> str:
    """Return an atom's name and number in its structure."""
    index = np.asarray(system.system_index)
    first = int(np.argmax(index == index[atom]))
    where = f"{symbol(int(system.numbers[atom]))} {atom - first} (counted from 0)"
    return where if system.number_of_systems == 1 else f"{where} of structure {index[atom]}"
