"""Cells: completed where vectors are missing, and turned as files expect them.

XTC (by convention), DCD and PDB, which keep lengths and angles only, describe a cell with a
along x and b in the xy plane. A structure whose cell points elsewhere is turned as a whole;
distances, angles and handedness are unchanged.
"""

import numpy as np
from jaxtyping import Float

from sundog.errors import CellError

FLATTEST = 1e-9
"""Volume of a cell, relative to the product of its edges, below which it counts as flat."""


def completed(cell: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "3 3"]:
    """Return a cell with orthonormal vectors, at right angles to the others, for rows of zeros.

    Raises:
        CellError: The lattice vectors are linearly dependent.
    """
    given = cell.any(axis=1)
    lattice = cell.astype(np.float64)
    lattice[~given] = np.linalg.svd(cell[given])[2][given.sum() :]
    edges = np.linalg.norm(lattice, axis=1).prod()
    if not abs(np.linalg.det(lattice)) > FLATTEST * edges:
        raise CellError(
            "cell: the lattice vectors are linearly dependent",
            got=cell.tolist(),
            expected="vectors that do not lie in a plane",
        )
    return lattice


def standard_orientation(
    positions: Float[np.ndarray, "atoms 3"], cell: Float[np.ndarray, "3 3"]
) -> tuple[Float[np.ndarray, "atoms 3"], Float[np.ndarray, "3 3"] | None]:
    """Turn a structure so that its cell is lower triangular with a positive diagonal.

    Returns:
        Positions in Å, unchanged when the cell is so already, and the cell in Å, or
        None for a cell without volume: such files cannot say "periodic along z alone".
    """
    if not cell.any(axis=1).all():
        return positions, None
    if not np.triu(cell, 1).any() and (np.diag(cell) > 0).all():
        return positions, cell
    rotation, lower = np.linalg.qr(cell.T)
    # The negative of a left-handed cell is right-handed and spans the same lattice.
    hand = np.sign(np.linalg.det(cell)) or 1.0
    signs = np.where(np.diag(lower) < 0, -hand, hand)
    return positions @ (rotation * signs), hand * (signs[:, None] * lower).T
