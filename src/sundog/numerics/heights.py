"""Heights of a cell."""

import numpy as np
from jaxtyping import Float


def heights(lattice: Float[np.ndarray, "*cells 3 3"]) -> Float[np.ndarray, "*cells 3"]:
    """Return the distances between opposite faces of cells, in the unit of the lattice vectors.

    They are the inverse lengths of the reciprocal vectors.

    Args:
        lattice: lattice vectors as rows.
    """
    return 1.0 / np.linalg.norm(np.linalg.inv(lattice), axis=-2)
