"""Bernstein polynomials of an exponentially mapped distance.

    y = exp(−γ r),  b_k(y) = C(n,k) y^k (1−y)^(n−k),  k = 0…n,  n = count − 1

Source: SpookyNet, Unke et al., Nat. Commun. 12, 7273 (2021), eq. 15.
"""

from math import comb, log

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


def bernstein_basis(
    r: Float[Array, " pairs"], count: int, gamma: float
) -> Float[Array, "pairs {count}"]:
    """Return the `count` Bernstein polynomials at exp(−γ r).

    The polynomials are evaluated through their logarithms,
    log b_k = log C(n,k) − kγr + (n−k) log(1−y), which is stable for any degree
    and has a derivative without 0·∞ for r > 0.

    Args:
        r: distances in Å, positive.
        count: number of polynomials, n + 1.
        gamma: decay γ in 1/Å.
    """
    degree = count - 1
    k = np.arange(count)
    log_binomial = np.array([log(comb(degree, int(i))) for i in k])
    log_y = -gamma * r[:, None]
    log_one_minus_y = jnp.log(-jnp.expm1(log_y))
    dtype = r.dtype
    return jnp.exp(
        jnp.asarray(log_binomial, dtype)[None]
        + jnp.asarray(k, dtype)[None] * log_y
        + jnp.asarray(degree - k, dtype)[None] * log_one_minus_y
    )
