"""The damped Coulomb potential, as it is written and as a polynomial.

    V(r) = erf(r/σ)/r = Σ_k c_k t^k,  t = 2 r²/R² − 1,  r ≤ R;  1/r beyond

V is an entire function of r², so that a polynomial reaches rounding with few terms: 15 in
float32 up to R = 12 Å with σ = 4 Å. R is the cutoff, or 6σ, from where erf is one. The
coefficients alternate and stay below V(0): powers lose no digits here, in either precision.
"""

from math import pi, sqrt

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.polynomial import Chebyshev, chebyshev
from scipy.special import erf

from sundog.names import Precision

RANGE_IN_SIGMA = 6.0

DEGREE = 64
"""Of the interpolation that is cut short; 35 would do for float64 and all of the range."""

TOLERANCE: dict[Precision, float] = {"float32": 1e-9, "float64": 1e-14}
"""Largest coefficient left out, relative to the largest of all."""


class DampedPolynomial(eqx.Module):
    """V(r) by sums and products alone, for kernels that have no erf; made by `polynomial`.

    Its derivative is a polynomial of its own: differentiating the sum would keep all its steps.

    Attributes:
        values: coefficients of V by powers of t.
        slopes: those of dV/d(r²).
        reach: R in Å.
    """

    values: tuple[float, ...] = eqx.field(static=True)
    slopes: tuple[float, ...] = eqx.field(static=True)
    reach: float = eqx.field(static=True)

    def __call__(self, r: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Return V(r) in 1/Å, 1/r beyond the reach even if that is short; once differentiable."""

        @jax.custom_jvp
        def potential(r: Array) -> Array:
            return jnp.where(r <= self.reach, self._sum(self.values, r), 1.0 / r)

        @potential.defjvp
        def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
            (r,), (dr,) = primals, tangents
            slope = jnp.where(r <= self.reach, 2.0 * r * self._sum(self.slopes, r), -1.0 / r**2)
            return potential(r), slope * dr

        return potential(r)

    def _sum(self, coefficients: tuple[float, ...], r: Array) -> Array:
        # Beyond the reach, where it is not looked at, it must not overflow.
        x = jnp.minimum(r, self.reach) / self.reach
        t = 2.0 * x * x - 1.0
        total = jnp.full_like(t, coefficients[-1])
        for one in reversed(coefficients[:-1]):
            total = total * t + one
        return total


def polynomial(sigma: float, cutoff: float, precision: Precision) -> DampedPolynomial:
    """Return V as a polynomial (host only).

    Args:
        sigma: σ in Å.
        cutoff: Å, may be infinite.
        precision: to which it holds.
    """
    reach = min(cutoff, RANGE_IN_SIGMA * sigma)
    series = chebyshev_series(sigma, reach, precision)
    values, slopes = (tuple(by_powers(one).tolist()) for one in series)
    return DampedPolynomial(values, slopes, reach)


def by_powers(series: np.ndarray) -> np.ndarray:
    """Return as many coefficients by powers of t."""
    powers = chebyshev.cheb2poly(series)
    return np.pad(powers, (0, len(series) - len(powers)))


def chebyshev_series(
    sigma: float, reach: float, precision: Precision
) -> tuple[np.ndarray, np.ndarray]:
    """Return Chebyshev coefficients of V and of dV/d(r²), equally many.

    Args:
        sigma: σ in Å.
        reach: R in Å, at most 6σ.
        precision: to which the series hold.
    """

    def potential(t: np.ndarray) -> np.ndarray:
        r = np.sqrt(np.maximum((t + 1) / 2, 1e-30)) * reach
        return erf(r / sigma) / r

    series = Chebyshev.interpolate(potential, DEGREE).coef
    tails = np.abs(series) + np.abs(np.roll(series, -1)) + np.abs(np.roll(series, -2))
    count = int(np.argmax(tails < TOLERANCE[precision] * np.abs(series).max()))
    assert 0 < count <= DEGREE, (sigma, reach)
    values = series[:count]
    slopes = chebyshev.chebder(values) * (2 / reach**2)
    return values, np.pad(slopes, (0, count - len(slopes)))


def potential(r: float, sigma: float) -> float:
    """Return V(r) in 1/Å of one distance."""
    return float(erf(r / sigma) / r)


def potential_slope(r: float, sigma: float) -> float:
    """Return dV/dr in 1/Å² of one distance."""
    gaussian = 2 / sqrt(pi) / sigma * np.exp(-((r / sigma) ** 2))
    return float(gaussian / r - erf(r / sigma) / r**2)
