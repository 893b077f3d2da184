"""The error of the mean of a correlated series, by blocking.

Neighbouring values are averaged in pairs, again and again. The blocks lose their
correlation, and σ²ₖ/nₖ, the naive variance of the mean of nₖ blocks, rises to its
true value and stays (Flyvbjerg, Petersen, J. Chem. Phys. 91, 461 (1989),
doi:10.1063/1.457480). Where it stays is found by a test, not by eye:

    Mₖ = Σ_{j≥k} nⱼ [ (nⱼ−1)σ²ⱼ/nⱼ² + γⱼ ]² / σ⁴ⱼ,

with γⱼ the covariance of neighbouring blocks, follows χ² with as many degrees of
freedom as terms if the blocks from level k on are uncorrelated (Jonsson, Phys.
Rev. E 98, 043304 (2018), doi:10.1103/PhysRevE.98.043304).

Valid for a stationary series many correlation times long: remove equilibration.
"""

import math

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import chi2

from sundog.errors import InputError

CONFIDENCE = 0.99
"""Of the test for remaining correlation."""


def block_average(
    series: Float[np.ndarray, " samples"] | Int[np.ndarray, " samples"],
) -> tuple[float, float]:
    """Return the mean and its standard error.

    The error is NaN for a single value, which says nothing about it, and zero for a
    constant series. A series shorter than some tens of correlation times gives an error
    that is itself uncertain, and rather too small.

    Raises:
        InputError: an empty series, more than one axis, or values that are not finite.
    """
    blocks = np.asarray(series, dtype=np.float64)
    if blocks.ndim != 1 or len(blocks) == 0 or not np.isfinite(blocks).all():
        raise InputError("series: one axis of finite values is needed", got=f"shape {blocks.shape}")
    mean = float(blocks.mean())
    if len(blocks) == 1:
        return mean, math.nan
    if np.ptp(blocks) == 0:
        return mean, 0.0
    counts, variances, statistics = [], [], []
    while len(blocks) > 1 and np.ptp(blocks) > 0:
        n = len(blocks)
        deviations = blocks - blocks.mean()
        variance = float(np.mean(deviations**2))
        covariance = float(np.sum(deviations[1:] * deviations[:-1])) / n
        statistics.append(n * ((n - 1) * variance / n**2 + covariance) ** 2 / variance**2)
        variances.append(variance)
        counts.append(n)
        blocks = 0.5 * (blocks[: n // 2 * 2 : 2] + blocks[1::2])
    remaining = np.cumsum(statistics[::-1])[::-1]
    uncorrelated = remaining < chi2.ppf(CONFIDENCE, np.arange(len(counts), 0, -1))
    level = int(uncorrelated.argmax())
    return mean, math.sqrt(variances[level] / (counts[level] - 1))
