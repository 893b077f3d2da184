"""Functions exp and φ₁ of small square matrices by their Taylor series.

    exp(X) = Σ_k X^k / k!,   φ₁(X) = (exp(X) − 1) X⁻¹ = Σ_k X^k / (k + 1)!

The strains of one time step have ‖X‖ < 0.3; the first `TERMS` terms are then exact to
rounding in float64. exp(X) exp(−X) = 1 holds to rounding as well, which the
reversibility of an integrator needs.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

Matrices = Float[Array, "n k k"]
"""Stack of n square matrices."""

TERMS = 12
"""Highest power of X in the series: 0.3¹³/13! = 3e-17 is below rounding in float64."""


def exponential(x: Matrices) -> Matrices:
    """Return exp(X) of each matrix."""
    return _series(x, 0)


def phi_1(x: Matrices) -> Matrices:
    """Return φ₁(X) of each matrix: the mean of exp(sX) over s from 0 to 1."""
    return _series(x, 1)


def _series(x: Matrices, offset: int) -> Matrices:
    identity = jnp.eye(x.shape[-1], dtype=x.dtype)[None]
    total = jnp.broadcast_to(identity, x.shape)
    for k in range(TERMS, 0, -1):
        total = identity + x @ total / (k + offset)
    return total
