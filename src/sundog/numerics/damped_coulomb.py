"""The damped Coulomb potential, in closed form and as a polynomial.

    V(r) = erf(r/σ)/r = Σ_k c_k t^k,  t = 2 r²/R² − 1,  for r ≤ R;  V(r) = 1/r beyond

    symbol    variable    meaning
    σ         sigma       damping length, Å
    R         reach       end of the polynomial's range, Å: the cutoff, or 6σ if that is shorter
    c_k       values      coefficients of V, in 1/Å

V is an entire function of r², so that few terms represent it to rounding: 15 in float32 up to
R = 12 Å with σ = 4 Å. The coefficients alternate in sign and stay below V(0), so that a sum
over powers of t loses no digits in either precision.
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
"""Distance in units of σ from which on V is taken as 1/r: 1 − erf(6) = 2e-17 is below rounding."""

DEGREE = 64
"""Degree of the Chebyshev interpolation before its negligible terms are cut off.

Degree 35 suffices for float64 over the whole range of 6σ; the rest is a margin.
"""

TOLERANCE: dict[Precision, float] = {"float32": 1e-9, "float64": 1e-14}
"""Size of the largest coefficient that is cut off, relative to the largest of all.

In float32 that is below the unit roundoff, 6e-8; in float64 it is about the rounding error of
the coefficients themselves.
"""


class DampedPolynomial(eqx.Module):
    """Polynomial for V(r), for kernels that have no erf; made by `polynomial`.

    Its derivative is a second polynomial, because differentiating the sum would keep all
    intermediate steps in memory.

    Attributes:
        values: coefficients of V by powers of t, in 1/Å.
        slopes: coefficients of dV/d(r²) by powers of t, in 1/Å³.
        reach: end R of the polynomial's range, in Å.
    """

    values: tuple[float, ...] = eqx.field(static=True)
    slopes: tuple[float, ...] = eqx.field(static=True)
    reach: float = eqx.field(static=True)

    def __call__(self, r: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Return V(r) in 1/Å; differentiable once.

        Args:
            r: distances in Å. Beyond `reach` the result is 1/r, also where the cutoff set it.
        """

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
        # Beyond the reach the caller takes 1/r; the sum is clamped there so that it stays finite.
        x = jnp.minimum(r, self.reach) / self.reach
        t = 2.0 * x * x - 1.0
        total = jnp.full_like(t, coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            total = total * t + coefficient
        return total


def polynomial(sigma: float, cutoff: float, precision: Precision) -> DampedPolynomial:
    """Return V as a polynomial (host only).

    Args:
        sigma: damping length σ in Å.
        cutoff: largest distance in Å at which V is needed; may be infinite.
        precision: precision to which the polynomial represents V.
    """
    reach = min(cutoff, RANGE_IN_SIGMA * sigma)
    series = chebyshev_series(sigma, reach, precision)
    values, slopes = (tuple(by_powers(one).tolist()) for one in series)
    return DampedPolynomial(values, slopes, reach)


def by_powers(series: np.ndarray) -> np.ndarray:
    """Return the coefficients by powers of t of a Chebyshev series, as many as the series has."""
    powers = chebyshev.cheb2poly(series)
    return np.pad(powers, (0, len(series) - len(powers)))


def chebyshev_series(
    sigma: float, reach: float, precision: Precision
) -> tuple[np.ndarray, np.ndarray]:
    """Return the Chebyshev coefficients of V and of dV/d(r²), as many of each.

    Args:
        sigma: damping length σ in Å.
        reach: end R of the range in Å, at most 6σ.
        precision: precision to which the series represent V.
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
    """Return V(r) in 1/Å for one distance `r` in Å; `sigma` is σ in Å."""
    return float(erf(r / sigma) / r)


def potential_slope(r: float, sigma: float) -> float:
    """Return dV/dr in 1/Å² for one distance `r` in Å; `sigma` is σ in Å."""
    gaussian = 2 / sqrt(pi) / sigma * np.exp(-((r / sigma) ** 2))
    return float(gaussian / r - erf(r / sigma) / r**2)
