"""Paths along which structures are pulled apart, and what derivatives along them are."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from jaxtyping import Bool, Float

Along = Float[np.ndarray, " points"]


@dataclass(frozen=True, kw_only=True)
class Path:
    """A structure of which some atoms move along a straight line.

    Attributes:
        name: in words.
        atoms: the structure at x = `start`.
        moving: atoms that move.
        direction: of length one, in which they do.
        start: Å; what the coordinate x is there, a distance as a rule.
        x: Å; where it is looked at.
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
    """Return the path on which a dimer comes apart.

    Args:
        name: in words.
        atoms: the dimer, molecule A first.
        first: atoms of A.
        ends: an atom of A and one of B (counted in the dimer); x is the distance between them.
        x: Å.
    """
    line = atoms.positions[ends[1]] - atoms.positions[ends[0]]
    start = float(np.linalg.norm(line))
    moving = np.arange(len(atoms)) >= first
    return Path(name=name, atoms=atoms, moving=moving, direction=line / start, start=start, x=x)


def joined(a: Atoms, b: Atoms, distance: float, ends: tuple[int, int]) -> Atoms:
    """Return two molecules as one structure, atom `ends[1]` of B at a distance from A's along x.

    Each is turned so that its own centre is on the far side of its end.
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
