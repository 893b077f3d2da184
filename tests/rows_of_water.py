"""Molecules of water in a row, for tests of files."""

import ase
import ase.build


def waters(cell=None, count: int = 4) -> ase.Atoms:
    """Return molecules about 3 Å apart, in a cell or without."""
    water = ase.build.molecule("H2O")
    atoms = ase.Atoms()
    for i in range(count):
        water.positions += [3.0, 0.1 * i, 0.2]
        atoms += water
    if cell is not None:
        atoms.cell, atoms.pbc = cell, True
    return atoms
