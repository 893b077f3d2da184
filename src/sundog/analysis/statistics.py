"""Means of correlated series with their effective numbers of samples, and what several runs say.

    g = 1 + 2 Σ ρ(t)      statistical inefficiency (`window`)
    n_eff = n / g,   error = σ √(g / (n − g))

σ: standard deviation of the n values. The error scatters by 20 % at 50 effective samples, that of
block averages by 35 % (docs/decisions/0023-analysis.md). Below `FEWEST_EFFECTIVE` effective
samples it is too small on average and uncertain by half of itself, so that none is given.

A series is taken as equilibrated from the time on that leaves most effective samples
(Chodera, J. Chem. Theory Comput. 12, 1799 (2016), doi:10.1021/acs.jctc.5b00784).

Means m_i ± e_i of several runs agree if χ² = Σ (m_i − m)²/e_i² about their weighted mean m is one
of k − 1 degrees of freedom.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import gammaincc

from sundog.analysis.window import statistical_inefficiency
from sundog.errors import InputError

FEWEST_EFFECTIVE = 10.0
"""Number of effective samples below which a mean has no error bar."""

BEGINNINGS = 40
"""Number of times at which a series is asked whether it is equilibrated from there on."""

UNLIKELY = 0.01
"""Probability below which differences between runs are not taken for fluctuations."""


class Estimate(NamedTuple):
    """Mean of a series, and how well it is known.

    Attributes:
        mean: mean.
        error: standard error of the mean; NaN where there are too few effective samples.
        effective: number of effective samples.
        count: number of samples.
    """

    mean: float
    error: float
    effective: float
    count: int  # pyright: ignore[reportIncompatibleMethodOverride], of tuples

    @property
    def is_enough(self) -> bool:
        """Whether there are enough effective samples for an error bar."""
        return math.isfinite(self.error)

    def text(self, digits: int, unit: str = "") -> str:
        """Return the mean with its error bar, or with the reason why it has none.

        Args:
            digits: number of digits after the decimal point.
            unit: unit as it is written.
        """
        unit = f" {unit}" if unit else ""
        if self.is_enough:
            return (
                f"{self.mean:.{digits}f} ± {self.error:.{digits}f}{unit} "
                f"(n_eff {self.effective:.0f})"
            )
        return (
            f"{self.mean:.{digits}f}{unit}, too short for an error bar (n_eff {self.effective:.1f})"
        )


def estimate(series: Float[np.ndarray, " samples"]) -> Estimate:
    """Return the mean of a series with its error.

    Args:
        series: values at equal distances in time, equilibrated.

    Raises:
        InputError: the series is empty, has more than one axis, or values that are not finite.
    """
    values = np.asarray(series, np.float64)
    if values.ndim != 1 or len(values) == 0 or not np.isfinite(values).all():
        raise InputError("series: one axis of finite values is needed", got=f"shape {values.shape}")
    count, mean = len(values), float(values.mean())
    if np.ptp(values) == 0:
        # A quantity that does not change, as the volume of a fixed cell, is known.
        return Estimate(mean, 0.0 if count >= FEWEST_EFFECTIVE else math.nan, float(count), count)
    inefficiency = statistical_inefficiency(values)
    effective = count / inefficiency
    if effective < FEWEST_EFFECTIVE:
        return Estimate(mean, math.nan, effective, count)
    error = float(values.std()) * math.sqrt(inefficiency / (count - inefficiency))
    return Estimate(mean, error, effective, count)


def estimate_of_parts(parts: Float[np.ndarray, " parts"], effective: float) -> Estimate:
    """Return the mean of results of independent parts of a trajectory, with its error.

    Args:
        parts: result of each part, at least two.
        effective: number of effective samples in all parts together.
    """
    error = float(parts.std(ddof=1)) / math.sqrt(len(parts))
    enough = effective >= FEWEST_EFFECTIVE
    return Estimate(float(parts.mean()), error if enough else math.nan, effective, len(parts))


def equilibrated_from(series: Float[np.ndarray, " samples"]) -> int:
    """Return the sample from which on a series has most effective samples; at most its middle."""
    count = len(series)
    candidates = np.unique(np.linspace(0, count // 2, BEGINNINGS).astype(int))
    effective = [
        (count - first) / statistical_inefficiency(series[first:]) for first in candidates.tolist()
    ]
    return int(candidates[int(np.argmax(effective))]) if count > 1 else 0


class Agreement(NamedTuple):
    """Means of several runs compared.

    Attributes:
        mean: mean over the runs, each counting once.
        spread: standard deviation between the runs.
        error: standard error of the mean, from the spread.
        runs: number of runs.
        probability: probability that fluctuations alone differ so much; NaN where a run has no
            error bar.
    """

    mean: float
    spread: float
    error: float
    runs: int
    probability: float

    def text(self, digits: int, unit: str = "") -> str:
        """Return the comparison in words; see `Estimate.text`."""
        unit = f" {unit}" if unit else ""
        words = (
            f"{self.mean:.{digits}f} ± {self.error:.{digits}f}{unit}, "
            f"spread {self.spread:.{digits}f} between {self.runs} runs"
        )
        if not math.isfinite(self.probability):
            return f"{words}; a run is too short for a test"
        verdict = "differ" if self.probability < UNLIKELY else "agree"
        return f"{words}, which {verdict} (p = {self.probability:.2g})"


def agreement(estimates: Sequence[Estimate]) -> Agreement:
    """Return how the means of at least two runs compare."""
    means = np.array([one.mean for one in estimates])
    errors = np.array([one.error for one in estimates])
    spread = float(means.std(ddof=1))
    probability = math.nan
    if np.isfinite(errors).all() and (errors > 0).all():
        weights = 1 / errors**2
        about = (means * weights).sum() / weights.sum()
        chi2 = float((weights * (means - about) ** 2).sum())
        probability = float(gammaincc((len(means) - 1) / 2, chi2 / 2))
    error = spread / math.sqrt(len(means))
    return Agreement(float(means.mean()), spread, error, len(means), probability)


def estimates_by_column(
    series: Float[np.ndarray, "samples columns"],
) -> tuple[Float[np.ndarray, " columns"], Float[np.ndarray, " columns"]]:
    """Return mean and error of every column; the error is NaN where it has too few samples."""
    found = [estimate(column) for column in series.T]
    return np.array([one.mean for one in found]), np.array([one.error for one in found])
