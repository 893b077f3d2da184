"""Statistics of errors, with confidence intervals by bootstrap.

An interval lies between two percentiles of a metric over resamples of the structures, drawn with
replacement (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13). It states
how much the metric depends on the choice of structures; errors of the reference are not in it.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

Errors = Float[np.ndarray, " values"]
"""Errors, predicted less reference values."""

Statistic = Callable[[Errors], float]
"""Function that makes one number of errors."""

RESAMPLES = 1000
"""Number of resamples, with which the ends of an interval are known to a few percent of it."""

CONFIDENCE = 0.95
"""Probability with which an interval holds the metric, the usual choice."""


def mean_absolute(errors: Errors) -> float:
    """Return the mean absolute error."""
    return float(np.mean(np.abs(errors)))


def root_mean_square(errors: Errors) -> float:
    """Return the root of the mean squared error."""
    return float(np.sqrt(np.mean(errors**2)))


def mean_signed(errors: Errors) -> float:
    """Return the mean error."""
    return float(np.mean(errors))


def largest(errors: Errors) -> float:
    """Return the largest absolute error."""
    return float(np.max(np.abs(errors)))


def coefficient_of_determination(reference: Errors, predicted: Errors) -> float | None:
    """Return R² = 1 − Σ(predicted − reference)²/Σ(reference − mean)², None without spread."""
    spread = float(np.sum((reference - reference.mean()) ** 2))
    if spread == 0:
        return None
    return 1 - float(np.sum((predicted - reference) ** 2)) / spread


def interval(errors: Errors, statistic: Statistic, seed: int = 0) -> tuple[float, float] | None:
    """Return the 95 % bootstrap interval of a statistic; None for fewer than two values.

    Args:
        errors: Errors, one per structure.
        statistic: Metric whose interval is wanted.
        seed: Seed of the resamples; the same seed gives the same interval.
    """
    return _percentiles(len(errors), lambda chosen: statistic(errors[chosen]), seed)


def interval_of_ratio(
    sums: Errors, counts: np.ndarray, seed: int = 0
) -> tuple[float, float] | None:
    """Return the interval of Σ sums / Σ counts, a mean over values that come in groups.

    Args:
        sums: Sum of the values of each group; groups are resampled as wholes.
        counts: Number of values of each group.
        seed: Seed of the resamples.
    """
    return _percentiles(
        len(sums), lambda chosen: float(sums[chosen].sum() / counts[chosen].sum()), seed
    )


def _percentiles(
    count: int, statistic: Callable[[np.ndarray], float], seed: int
) -> tuple[float, float] | None:
    if count < 2:
        return None
    rng = np.random.default_rng(seed)
    values = [statistic(rng.integers(count, size=count)) for _ in range(RESAMPLES)]
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)
