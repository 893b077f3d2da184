"""Lattices that are completed along directions that are not periodic.

    L    lattice vectors as rows: the cell vectors along periodic directions; along the others an
         orthonormal complement, scaled to the extent of the atoms (the user's rows are ignored)
    h_k  = 1 / |column k of L⁻¹|, the height over face k, Å
    f    = R L⁻¹, fractional coordinates

Functions marked "host" take and return NumPy arrays, those marked "device" JAX arrays.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sundog.typing import Cells

MARGIN = 1.0
"""Length in Å by which a completed lattice exceeds the extent of the atoms.

It keeps the lattice from being singular where all atoms lie in a plane or on a line.
"""


def complete_lattice(
    cell: np.ndarray, pbc: np.ndarray, positions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the completed lattice of one structure and its corner, both in Å (host).

    The corner is zero along periodic directions.

    Args:
        cell: lattice vectors in Å, [3, 3], as rows; only periodic ones are read.
        pbc: True for each periodic row, [3].
        positions: positions in Å, [atoms, 3]; the lattice encloses them where it is not periodic.
    """
    periodic = cell[pbc]
    complement = np.linalg.svd(periodic)[2][len(periodic) :]
    along = positions @ complement.T if len(positions) else np.zeros((1, len(complement)))
    low = along.min(axis=0) - MARGIN / 2
    high = along.max(axis=0) + MARGIN / 2
    lattice = cell.copy()
    lattice[~pbc] = complement * (high - low)[:, None]
    return lattice, low @ complement


def inverse(lattice: Cells) -> Cells:
    """Return L⁻¹, whose columns are the reciprocal vectors in 1/Å (device)."""
    reciprocal = jnp.cross(jnp.roll(lattice, -1, axis=1), jnp.roll(lattice, -2, axis=1))
    volume = jnp.sum(lattice[:, 0] * reciprocal[:, 0], axis=1)
    return jnp.swapaxes(reciprocal / volume[:, None, None], 1, 2)


def transform(
    vectors: Float[Array, "*#shape 3"], matrices: Float[Array, "*#shape 3 3"]
) -> Float[Array, "*#shape 3"]:
    """Return the products vectors · matrices (device).

    They are written as sums because matrix products round to fewer digits on some devices.
    """
    return jnp.sum(vectors[..., :, None] * matrices, axis=-2)
