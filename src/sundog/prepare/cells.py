"""Periodic cells to put a solute into, by the distance between neighbouring images.

    cube          1 d³         edges along the axes
    octahedron    0.770 d³     truncated octahedron, as its triclinic cell
    dodecahedron  0.707 d³     rhombic dodecahedron, as its triclinic cell

Lattice vectors in lower triangular form: Bekker, Dijkstra, Renardus, Berendsen, Mol. Simul. 14, 137
(1995), doi:10.1080/08927029508022012.
"""

import numpy as np
from jaxtyping import Float

from sundog.prepare.request import CellShape

_VECTORS = {
    "cube": np.eye(3),
    "octahedron": np.array(
        [
            [1.0, 0.0, 0.0],
            [1 / 3, 2 * np.sqrt(2) / 3, 0.0],
            [-1 / 3, np.sqrt(2) / 3, np.sqrt(6) / 3],
        ]
    ),
    "dodecahedron": np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.5, 0.5, np.sqrt(0.5)]]),
}
"""Lattice vectors as rows for a distance of 1 between images."""


def cell_of(shape: CellShape, distance: float) -> Float[np.ndarray, "3 3"]:
    """Return lattice vectors as rows in Å, of a cell whose images are a distance in Å apart."""
    return distance * _VECTORS[shape]


def distance_for(shape: CellShape, volume: float) -> float:
    """Return the distance in Å of the images of a cell of a volume in Å³."""
    return float((volume / np.linalg.det(_VECTORS[shape])) ** (1 / 3))


def distance_around(
    shape: CellShape, positions: Float[np.ndarray, "atoms 3"], padding: float
) -> float:
    """Return the distance in Å of images at which a solute has water of some width around it.

    Args:
        shape: Shape of the cell; in a cube the solute may not turn, in the others it may.
        positions: Positions of the solute, Å.
        padding: Width of the water in Å between the solute and the faces.
    """
    if shape == "cube":
        return float(np.ptp(positions, axis=0).max()) + 2 * padding
    middle = (positions.max(axis=0) + positions.min(axis=0)) / 2
    return 2 * float(np.linalg.norm(positions - middle, axis=1).max()) + 2 * padding
