"""The samples of a run that its means are taken over, and whether a series has settled there.

The first half of a run is left out as equilibration. In the rest the change of a straight line
through the series, c, is compared with what fluctuations alone would give it,

    error(c) = s √(12 g / n)

s: standard deviation of the n values about the line, g: their statistical inefficiency,
1 + 2 Σ ρ(t) over the autocorrelations ρ up to the first that is negative (Chodera et al., J. Chem.
Theory Comput. 3, 26 (2007), doi:10.1021/ct0502864).
"""

import math

import numpy as np
from jaxtyping import Float

SHARE_OF_EQUILIBRATION = 0.5
"""Share of the run at its beginning that is left out of the means as equilibration."""

FEWEST_SAMPLES = 20
"""Number of samples below which a mean has no error that could be told from them."""

CERTAIN = 4.0
"""Number of its errors from which on a change over the samples is no fluctuation."""


def first_sample(count: int) -> int:
    """Return the first of `count` samples that means are taken over."""
    return int(count * SHARE_OF_EQUILIBRATION)


def is_enough(count: int) -> bool:
    """Return whether a run of `count` samples is long enough for means with errors."""
    return count - first_sample(count) >= FEWEST_SAMPLES


def change(series: Float[np.ndarray, " samples"]) -> float | None:
    """Return how much a series has changed from beginning to end, if that is no fluctuation.

    Only a change that is larger than the fluctuations about it counts, and None is returned else.

    Args:
        series: samples that a mean is taken over.
    """
    count = len(series)
    if count < FEWEST_SAMPLES or np.ptp(series) == 0:
        return None
    place = np.arange(count) - (count - 1) / 2
    slope = float(place @ series / (place @ place))
    rest = series - series.mean() - slope * place
    deviation = float(rest.std())
    whole = slope * count
    error = deviation * math.sqrt(12 * statistical_inefficiency(rest) / count)
    return whole if abs(whole) > max(CERTAIN * error, deviation) else None


def statistical_inefficiency(series: Float[np.ndarray, " samples"]) -> float:
    """Return the number of successive values that say as much as one independent value."""
    if np.ptp(series) == 0:
        return 1.0
    centred = series - series.mean()
    count, variance = len(centred), float(centred @ centred)
    padded = np.fft.rfft(centred, 2 * count)
    correlation = np.fft.irfft(padded * padded.conj())[:count] / variance
    negative = correlation <= 0
    end = int(negative.argmax()) if negative.any() else count
    return max(1.0, 1.0 + 2.0 * float(correlation[1:end].sum()))
