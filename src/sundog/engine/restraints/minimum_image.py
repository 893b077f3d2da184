"""The shortest image of a vector, in any cell.

    r ← argmin_m |r + m · cell|,   m_k = 0 where not periodic

The nearest integers of the fractional coordinates give a first image, the 27 around it
hold the shortest in every cell whose vectors are not extremely skewed (Tuckerman,
Statistical Mechanics, 2010, appendix B).
"""

import itertools

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from sundog.neighbors.lattice import inverse


def minimum_image(
    vectors: Float[Array, "vectors 3"],
    cell: Float[Array, "vectors 3 3"],
    pbc: Bool[Array, "vectors 3"],
) -> Float[Array, "vectors 3"]:
    """Return the shortest image of each vector; differentiable, with m held constant.

    Args:
        vectors: vectors in Å.
        cell: cell of each vector in Å; rows along directions that are not periodic are ignored.
        pbc: true for rows of the cell that are periodic.
    """
    lattice = jnp.where(pbc[:, :, None], cell, 0.0)
    # C⁺ = Cᵀ (C Cᵀ)⁻¹ in the space that the periodic rows of C span.
    square = jnp.einsum("nab,ncb->nac", lattice, lattice)
    square = square + jnp.eye(3, dtype=cell.dtype)[None] * (~pbc[:, :, None]).astype(cell.dtype)
    fractional = jnp.einsum("na,nba,nbc->nc", vectors, lattice, inverse(square))
    near = -jnp.round(fractional)
    around = jnp.asarray(list(itertools.product((0, 1, -1), repeat=3)), cell.dtype)
    candidates = near[:, None] + around[None]  # those along free directions add nothing
    images = vectors[:, None] + jnp.einsum("nka,nab->nkb", candidates, lattice)
    shortest = jnp.argmin(jnp.sum(images**2, axis=2), axis=1)
    chosen = jnp.take_along_axis(candidates, shortest[:, None, None], axis=1)[:, 0]
    return vectors + jnp.einsum("na,nab->nb", jax.lax.stop_gradient(chosen), lattice)
