"""The orientation in which a file that keeps only cell lengths and angles expects its atoms.

XTC (by convention), DCD and PDB describe a cell with a along x and b in the xy
plane. A structure whose cell points elsewhere is turned as a whole; distances,
angles and handedness are unchanged.
"""

import numpy as np
from ase.cell import Cell
from jaxtyping import Float


def standard_orientation(
    positions: Float[np.ndarray, "atoms 3"], cell: Float[np.ndarray, "3 3"]
) -> tuple[Float[np.ndarray, "atoms 3"], Float[np.ndarray, "3 3"] | None]:
    """Turn a structure so that its cell is lower triangular with a positive diagonal.

    Returns:
        Positions in Å, unchanged when the cell is so already, and the cell in Å, or
        None for a cell without volume: such files cannot say "periodic along z alone".
    """
    lattice = Cell(cell)
    if lattice.rank < 3:
        return positions, None
    if not np.triu(cell, 1).any() and (np.diag(cell) > 0).all():
        return positions, cell
    turned, rotation = lattice.standard_form()
    # The negative of a left-handed cell is right-handed and spans the same lattice.
    return positions @ rotation.T, lattice.handedness * turned.array
