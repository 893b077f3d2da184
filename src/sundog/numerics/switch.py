"""Smooth switching functions from one to zero.

    polynomial cutoff   f(r) = 1 − 6x⁵ + 15x⁴ − 10x³,  x = r/r_c,  0 beyond r_c
    exponential switch  s(x) = g(1−c) / (g(1−c) + g(c)),  c = (x − on)/(off − on),
                        g(u) = exp(−1/u) for u > 0, else 0

f has two continuous derivatives, s has all. Sources: f from SO3krates, Frank et
al., Nat. Commun. 15, 6539 (2024); s from the short-range corrections of SpookyNet,
Unke et al., Nat. Commun. 12, 7273 (2021).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def polynomial_cutoff(r: Float[Array, "..."], cutoff: float) -> Float[Array, "..."]:
    """Return f(r): 1 at r = 0, 0 from `cutoff` on.

    Args:
        r: distances, in the unit of `cutoff`.
        cutoff: distance r_c from which on f and its first two derivatives vanish.
    """
    x = r / cutoff
    polynomial = 1.0 + x**3 * (-10.0 + x * (15.0 - 6.0 * x))
    return jnp.where(x < 1.0, polynomial, 0.0)


def exponential_switch(x: Float[Array, "..."], on: float, off: float) -> Float[Array, "..."]:
    """Return s(x): 1 up to `on`, 0 from `off` on, infinitely often differentiable.

    The quotient is evaluated as a logistic function, s = 1/(1 + exp(1/(1−c) − 1/c)), which
    needs one exponential and has no 0/0.

    Args:
        x: distances.
        on: distance up to which s = 1, in the unit of `x`.
        off: distance from which on s = 0, in the unit of `x`; larger than `on`.
    """
    c = (x - on) / (off - on)
    inside = (c > 0.0) & (c < 1.0)
    safe = jnp.where(inside, c, 0.5)
    value = jax.nn.sigmoid(1.0 / safe - 1.0 / (1.0 - safe))
    return jnp.where(inside, value, jnp.where(c <= 0.0, 1.0, 0.0))
