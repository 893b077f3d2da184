"""Paths along which structures are pulled apart, and the forces along them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from jaxtyping import Bool, Float

Along = Float[np.ndarray, " points"]
"""Values at the points of a path."""


@dataclass(frozen=True, kw_only=True)
class Path:
    """Path of a structure of which some atoms move along a straight line.

    Attributes:
        name: Name of the path in words.
        atoms: Structure at x = `start`.
        moving: Mask of the atoms that move.
        direction: Unit vector of their motion.
        start: Coordinate x of `atoms` in Å, a distance as a rule.
        x: Coordinates of the points in Å.
    """

    name: str
    atoms: Atoms
    moving: Bool[np.ndarray, " atoms"]
    direction: Float[np.ndarray, " 3"]
    start: float
    x: Along

    def at(self, x: float) -> Atoms:
        """Return the structure at a coordinate."""
        moved = self.atoms.copy()
        moved.positions[self.moving] += (x - self.start) * self.direction
        return moved

    def structures(self) -> Iterator[Atoms]:
        """Yield the structure at every x."""
        for x in self.x:
            yield self.at(float(x))

    def force(self, forces: Float[np.ndarray, "atoms 3"]) -> float:
        """Return −dE/dx, the force on the moving atoms along the direction."""
        return float(forces[self.moving].sum(axis=0) @ self.direction)


def apart(name: str, atoms: Atoms, first: int, ends: tuple[int, int], x: Along) -> Path:
    """Return the path on which a dimer is pulled apart.

    Args:
        name: Name of the path in words.
        atoms: Structure of the dimer, molecule A first.
        first: Number of atoms of A.
        ends: Atom of A and atom of B, both counted in the dimer; x is the distance between them.
        x: Coordinates of the points in Å.
    """
    line = atoms.positions[ends[1]] - atoms.positions[ends[0]]
    start = float(np.linalg.norm(line))
    moving = np.arange(len(atoms)) >= first
    return Path(name=name, atoms=atoms, moving=moving, direction=line / start, start=start, x=x)


def joined(a: Atoms, b: Atoms, distance: float, ends: tuple[int, int]) -> Atoms:
    """Return two molecules as one structure, with two of their atoms at a distance along x.

    Each molecule is turned so that its centre is on the far side of its end.

    Args:
        a: Molecule A.
        b: Molecule B.
        distance: Distance in Å between the two ends.
        ends: Atom of A and atom of B, each counted in its own molecule.
    """
    parts = []
    for molecule, end, away in ((a, ends[0], -1.0), (b, ends[1], 1.0)):
        part = molecule.copy()
        part.positions -= part.positions[end]
        centre = part.positions.mean(axis=0)
        if np.linalg.norm(centre) > 0:
            part.rotate(centre, (away, 0, 0))
        parts.append(part)
    parts[1].positions[:, 0] += distance
    both = parts[0] + parts[1]
    both.info["charge"] = sum(one.info.get("charge", 0) for one in (a, b))
    return both
