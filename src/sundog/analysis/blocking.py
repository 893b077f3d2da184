"""Standard error of the mean of a correlated series, by blocking.

Neighbouring values are averaged in pairs, repeatedly. The blocks of B = 2ᵏ values
lose their correlation, and s²(B) = σ²(B)/(n(B) − 1), the naive squared error of the mean
of n(B) blocks of variance σ²(B), rises to its true value and stays there
(Flyvbjerg, Petersen, J. Chem. Phys. 91, 461 (1989), doi:10.1063/1.457480). Larger blocks
have less bias and more noise; the smallest with

    B³ > 2 n [s²(B) / s²(1)]²

balance the two (Wolff, Comput. Phys. Commun. 156, 143 (2004),
doi:10.1016/S0010-4655(03)00467-3).

Valid for a stationary series many correlation times long: remove equilibration.
"""

import math

import numpy as np
from jaxtyping import Float, Int

from sundog.errors import InputError


def block_average(
    series: Float[np.ndarray, " samples"] | Int[np.ndarray, " samples"],
) -> tuple[float, float]:
    """Return the mean of a series and its standard error.

    The error is NaN for a single value and zero for a constant series. A series shorter
    than some hundred correlation times gives an error that is itself uncertain, and tends
    to be too small; where no block size balances bias and noise, it is the largest estimate.

    Raises:
        InputError: The series is empty, has more than one axis, or values that are not finite.
    """
    blocks = np.asarray(series, dtype=np.float64)
    samples = len(blocks) if blocks.ndim == 1 else 0
    if samples == 0 or not np.isfinite(blocks).all():
        raise InputError("series: one axis of finite values is needed", got=f"shape {blocks.shape}")
    mean = float(blocks.mean())
    if samples == 1:
        return mean, math.nan
    if np.ptp(blocks) == 0:
        return mean, 0.0
    squared_errors = []
    while len(blocks) > 1:
        squared_errors.append(blocks.var() / (len(blocks) - 1))
        even = len(blocks) // 2 * 2
        blocks = 0.5 * (blocks[:even:2] + blocks[1:even:2])
    errors = np.sqrt(squared_errors)
    sizes = 2.0 ** np.arange(len(errors))
    balanced = sizes**3 > 2 * samples * (errors / errors[0]) ** 4
    return mean, float(errors[balanced.argmax()] if balanced.any() else errors.max())
