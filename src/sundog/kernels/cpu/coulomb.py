"""Constants of the compiled long-range kernel: Coulomb potential, cutoff, dispersion.

The potential is a polynomial (`numerics.damped_coulomb`): in float32 the kernel reads coefficients
of powers, in float64 those of Chebyshev polynomials.
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
    """Return the constants in the order in which the kernel reads them (float64).

    Args:
        sigma: damping length σ in Å; None where charges do not interact by pairs.
        cutoff: cutoff in Å; may be infinite.
        switch_on: distance in Å from which on the shift of the force is switched on; None for an
            unshifted potential.
        damping: factor γ_d of the damping radius of the dispersion.
        switch_width: distance in Å before the cutoff over which the dispersion is switched off.
        precision: precision of the arithmetic, to which the polynomials represent the potential.
    """
    shift = at_cutoff = 0.0
    if sigma is None:
        # A polynomial with a single coefficient, zero, costs the kernel almost no time.
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
