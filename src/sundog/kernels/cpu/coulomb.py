"""The damped Coulomb potential as a polynomial, for the long-range kernel.

    V(r) = erf(r/σ)/r = Σ_k c_k t^k,  t = 2 r²/R² − 1,  r ≤ R;  1/r beyond

V is an entire function of r², so that a polynomial reaches rounding with few terms;
R is the cutoff, or 6σ, from where erf is one. In float32 the coefficients are those of
powers, as written; in float64, where powers lose digits, of Chebyshev polynomials.
"""

from math import isfinite, pi, sqrt

import numpy as np
from numpy.polynomial import Chebyshev, chebyshev
from scipy.special import erf

from sundog.errors import InputError
from sundog.typing import Precision

MOST_COEFFICIENTS = 64
RANGE_IN_SIGMA = 6.0

TOLERANCE: dict[Precision, float] = {"float32": 1e-9, "float64": 1e-14}
"""Largest coefficient left out, relative to the largest of all."""


def long_range_constants(
    *,
    sigma: float | None,
    cutoff: float,
    switch_on: float | None,
    damping: float,
    switch_width: float,
    precision: Precision,
) -> np.ndarray:
    """Return what the long-range kernel must know, in its order (float64).

    Args:
        sigma: σ in Å; None where charges do not interact by pairs.
        cutoff: Å, may be infinite.
        switch_on: where the shift of the force is switched on, Å; None for an unshifted potential.
        damping: γ_d of the dispersion.
        switch_width: Å before the cutoff over which the dispersion is switched off.
        precision: of the arithmetic, to which the polynomials are made.
    """
    shift = at_cutoff = 0.0
    if sigma is None:
        # A polynomial of one coefficient, which is zero, takes the kernel next to no time.
        reach, potential, slope = cutoff, np.zeros(1), np.zeros(1)
    else:
        reach = min(cutoff, RANGE_IN_SIGMA * sigma)
        potential, slope = _polynomials(sigma, reach, precision)
    if sigma is not None and isfinite(cutoff):
        shift = erf(cutoff / sigma) / cutoff
        gaussian = 2 / sqrt(pi) / sigma * np.exp(-((cutoff / sigma) ** 2))
        at_cutoff = gaussian / cutoff - shift / cutoff
    head = [
        cutoff,
        reach,
        shift,
        at_cutoff,
        0.0 if switch_on is None else switch_on,
        damping,
        cutoff - switch_width if isfinite(cutoff) else cutoff,
        float(switch_on is not None),
    ]
    return np.concatenate([head, potential, slope])


def _polynomials(sigma: float, reach: float, precision: Precision) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients of V and dV/d(r²), equally many."""

    def potential(t: np.ndarray) -> np.ndarray:
        r = np.sqrt(np.maximum((t + 1) / 2, 1e-30)) * reach
        return erf(r / sigma) / r

    series = Chebyshev.interpolate(potential, MOST_COEFFICIENTS).coef
    tails = np.abs(series) + np.abs(np.roll(series, -1)) + np.abs(np.roll(series, -2))
    count = int(np.argmax(tails < TOLERANCE[precision] * np.abs(series).max()))
    if not 0 < count <= MOST_COEFFICIENTS:
        raise InputError(
            "cutoff: too far for the compiled kernels' polynomial of the Coulomb potential",
            got=f"{reach} Å with σ = {sigma} Å",
            remedy="Use --kernels plain",
        )
    values = series[:count]
    slopes = chebyshev.chebder(values) * (2 / reach**2)
    if precision == "float32":
        values, slopes = chebyshev.cheb2poly(values), chebyshev.cheb2poly(slopes)
    return values, np.pad(slopes, (0, count - len(slopes)))
