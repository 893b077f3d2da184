"""Molecules in one piece, and their centres in the cell.

The engine leaves positions unwrapped: atoms that diffuse walk out of the cell, as
mean square displacements need it. `wrap` moves each molecule by whole lattice vectors.
"""

import numpy as np
from ase import Atoms
from ase.cell import Cell
from jaxtyping import Float

from sundog.topology.bonds import Molecules, find_molecules


def with_whole_molecules(atoms: Atoms) -> Atoms:
    """Return a structure whose molecules are in one piece.

    A dipole of the cell that is to be continuous needs them so: an atom that stands a lattice
    vector away from its molecule adds its charge times that vector, and charges fluctuate.
    """
    image = find_molecules(atoms).image
    if not image.any():
        return atoms
    whole = atoms.copy()
    whole.positions = atoms.positions + image @ atoms.cell.array
    return whole


def wrap(
    positions: Float[np.ndarray, "atoms 3"],
    cell: Float[np.ndarray, "3 3"],
    molecules: Molecules,
) -> Float[np.ndarray, "atoms 3"]:
    """Return positions with molecules whole and their centres (mean positions) in the cell.

    Along a direction that is not periodic nothing moves. Molecules are those of the
    start: bonds that break or form later do not change what stays together.

    Args:
        positions: Å, unwrapped since `molecules` were found.
        cell: Å, of this frame, rows are lattice vectors.
        molecules: from `find_molecules` of the start.
    """
    if not molecules.pbc.any():
        return positions.copy()
    whole = positions + molecules.image @ cell
    atoms = np.bincount(molecules.number)
    sums = [np.bincount(molecules.number, weights=column) for column in whole.T]
    centres = np.stack(sums, axis=1) / atoms[:, None]
    fractional = centres @ np.linalg.inv(Cell(cell).complete().array)
    cells = np.where(molecules.pbc, np.floor(fractional), 0.0)
    return whole - (cells @ cell)[molecules.number]
