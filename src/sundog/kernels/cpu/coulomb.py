"""What the compiled long-range kernel must know of the Coulomb potential and of the cutoff.

The potential is a polynomial (`numerics.damped_coulomb`): in float32 the kernel reads coefficients
of powers, in float64 of Chebyshev polynomials.
"""

from math import isfinite

import numpy as np

from sundog.names import Precision
from sundog.numerics import damped_coulomb


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
        reach = min(cutoff, damped_coulomb.RANGE_IN_SIGMA * sigma)
        potential, slope = damped_coulomb.chebyshev_series(sigma, reach, precision)
        if precision == "float32":
            potential, slope = map(damped_coulomb.by_powers, (potential, slope))
    if sigma is not None and isfinite(cutoff):
        shift = damped_coulomb.potential(cutoff, sigma)
        at_cutoff = damped_coulomb.potential_slope(cutoff, sigma)
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
