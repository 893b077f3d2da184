"""Errors of means against the known ones of autoregressive series."""

import math

import numpy as np
import pytest
from scipy.signal import lfilter

from sundog.analysis.blocking import block_average
from sundog.errors import InputError


def autoregressive(phi: float, samples: int, seed: int) -> np.ndarray:
    """Return x[t+1] = φ x[t] + noise, of unit variance."""
    noise = np.random.default_rng(seed).normal(size=samples + 2000)
    return np.asarray(lfilter([math.sqrt(1 - phi**2)], [1, -phi], noise))[2000:]


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9, 0.98, -0.5])
@pytest.mark.parametrize("samples", [2**14, 20_001])
def test_correlated_series(phi, samples):
    exact = math.sqrt((1 + phi) / (1 - phi) / samples)
    errors = [block_average(autoregressive(phi, samples, seed))[1] for seed in range(60)]
    assert np.mean(errors) == pytest.approx(exact, rel=0.08)


def test_the_error_bar_covers_the_truth():
    results = [block_average(autoregressive(0.9, 4096, seed)) for seed in range(400)]
    covered = np.mean([abs(mean) < error for mean, error in results])
    assert covered == pytest.approx(0.683, abs=0.06)


def test_mean_is_of_the_whole_series():
    series = np.arange(7.0)
    assert block_average(series)[0] == 3.0


def test_integers_are_numbers():
    assert block_average(np.array([1, 2, 3, 4]))[0] == 2.5


def test_two_values():
    assert block_average(np.array([1.0, 3.0])) == (2.0, 1.0)


def test_a_constant_series_is_exact():
    assert block_average(np.full(100, 0.1)) == (pytest.approx(0.1), 0.0)


def test_one_value_says_nothing_of_its_error():
    mean, error = block_average(np.array([2.0]))
    assert mean == 2.0
    assert math.isnan(error)


def test_blocks_that_all_agree():
    assert block_average(np.tile([1.0, -1.0], 50)) == (0.0, 0.0)


def test_a_series_too_short_for_its_correlation_errs_on_the_large_side():
    ramp = np.arange(8.0)
    assert block_average(ramp)[1] > np.std(ramp) / math.sqrt(7)


@pytest.mark.parametrize("series", [np.array([]), np.zeros((2, 2)), np.array([1.0, np.nan])])
def test_bad_series(series):
    with pytest.raises(InputError, match="one axis of finite values"):
        block_average(series)
