"""The window of the means, and what is no fluctuation there."""

import math

import numpy as np
import pytest
from scipy.signal import lfilter

from sundog.analysis.window import (
    FEWEST_SAMPLES,
    change,
    first_sample,
    is_enough,
    statistical_inefficiency,
)


def correlated(time: float, samples: int, seed: int) -> np.ndarray:
    """Return a stationary series of unit variance with a correlation time in samples."""
    phi = math.exp(-1 / time)
    noise = np.random.default_rng(seed).normal(size=samples + 1000)
    return np.asarray(lfilter([math.sqrt(1 - phi**2)], [1, -phi], noise))[1000:]


def test_the_first_half_is_left_out_and_few_samples_are_no_mean():
    assert first_sample(101) == 50
    assert is_enough(2 * FEWEST_SAMPLES)
    assert not is_enough(2 * FEWEST_SAMPLES - 2)


def test_inefficiency_of_a_known_series():
    time = 10.0
    phi = math.exp(-1 / time)
    found = [statistical_inefficiency(correlated(time, 20_000, seed)) for seed in range(20)]
    assert np.mean(found) == pytest.approx((1 + phi) / (1 - phi), rel=0.1)


@pytest.mark.parametrize("time", [0.5, 5.0, 20.0])
def test_a_stationary_series_is_seldom_doubted(time):
    doubted = [change(correlated(time, 1000, seed)) is not None for seed in range(200)]
    assert np.mean(doubted) < 0.02


def test_a_temperature_that_still_rises_is_not_stationary():
    noise = 5 * np.random.default_rng(0).normal(size=100)
    rising = 250 * (1 - np.exp(-3 * np.linspace(0.5, 1, 100))) + noise
    assert change(rising) == pytest.approx(43, abs=8)


@pytest.mark.parametrize("series", [np.full(50, 0.1), np.arange(10.0)])
def test_what_is_constant_or_too_short_says_nothing(series):
    assert change(series) is None
