"""Lattices completed along directions that are not periodic, and what is needed of them.

    L    rows: the cell vectors along periodic directions, along the others an orthonormal
         complement, scaled to the extent of the atoms (the user's rows there are ignored)
    h_k  = 1 / |column k of L⁻¹|, the height over face k, Å
    f    = R L⁻¹, fractional coordinates

Host functions take and give numpy arrays, device functions JAX arrays.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sundog.typing import Cells

MARGIN = 1.0
"""Å by which a completed lattice exceeds the extent of the atoms."""


def complete_lattice(
    cell: np.ndarray, pbc: np.ndarray, positions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the completed lattice of one structure and the corner it starts from (host).

    The corner is zero along periodic directions.

    Args:
        cell: Å, [3, 3]; only rows along periodic directions are read.
        pbc: which rows are periodic.
        positions: Å, atoms that the lattice encloses where it is not periodic.
    """
    periodic = cell[pbc]
    complement = np.linalg.svd(periodic)[2][len(periodic) :]
    along = positions @ complement.T if len(positions) else np.zeros((1, len(complement)))
    low = along.min(axis=0) - MARGIN / 2
    high = along.max(axis=0) + MARGIN / 2
    lattice = cell.copy()
    lattice[~pbc] = complement * (high - low)[:, None]
    return lattice, low @ complement


def heights(lattice: np.ndarray) -> np.ndarray:
    """Return h_k of each lattice, Å, [..., 3] (host)."""
    return 1.0 / np.linalg.norm(np.linalg.inv(lattice), axis=-2)


def inverse(lattice: Cells) -> Cells:
    """Return L⁻¹, whose columns are the reciprocal vectors in 1/Å (device)."""
    reciprocal = jnp.cross(jnp.roll(lattice, -1, axis=1), jnp.roll(lattice, -2, axis=1))
    volume = jnp.sum(lattice[:, 0] * reciprocal[:, 0], axis=1)
    return jnp.swapaxes(reciprocal / volume[:, None, None], 1, 2)


def transform(
    vectors: Float[Array, "*#shape 3"], matrices: Float[Array, "*#shape 3 3"]
) -> Float[Array, "*#shape 3"]:
    """Return vectors · matrices (device).

    Written as a sum because the matrix products of some devices round to fewer digits.
    """
    return jnp.sum(vectors[..., :, None] * matrices, axis=-2)
