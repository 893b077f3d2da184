import numpy as np
import pytest

from sundog.evaluate import statistics


def test_statistics_of_known_errors():
    errors = np.array([3.0, -4.0, 0.0])
    assert statistics.mean_absolute(errors) == pytest.approx(7 / 3)
    assert statistics.root_mean_square(errors) == pytest.approx(np.sqrt(25 / 3))
    assert statistics.mean_signed(errors) == pytest.approx(-1 / 3)
    assert statistics.largest(errors) == 4.0
    reference = np.array([1.0, 2.0, 3.0])
    assert statistics.coefficient_of_determination(reference, reference) == 1.0
    assert statistics.coefficient_of_determination(reference, np.full(3, 2.0)) == 0.0
    assert statistics.coefficient_of_determination(np.ones(3), reference) is None


def test_the_interval_covers_the_mean_as_often_as_it_says():
    # Of exponential errors with mean 1; the share of 200 intervals is 0.93 ± 0.02.
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(200):
        low, high = statistics.interval(rng.exponential(size=60), statistics.mean_absolute)
        covered += low < 1 < high
    assert 0.87 < covered / 200 < 0.99


def test_an_interval_needs_two_values_and_is_the_same_again():
    assert statistics.interval(np.ones(1), statistics.mean_absolute) is None
    errors = np.random.default_rng(0).normal(size=30)
    first = statistics.interval(errors, statistics.root_mean_square)
    assert first == statistics.interval(errors, statistics.root_mean_square)
