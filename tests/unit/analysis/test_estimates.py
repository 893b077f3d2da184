"""Means with effective samples, equilibration, and the comparison of runs."""

import math

import numpy as np
import pytest

from recordings import correlated
from sundog.analysis.statistics import (
    Estimate,
    agreement,
    equilibrated_from,
    estimate,
    estimates_by_column,
)
from sundog.errors import InputError


def test_errors_of_correlated_series_are_those_between_series():
    found = [estimate(correlated(4000, 20.0, seed)) for seed in range(60)]
    scatter = np.std([one.mean for one in found])
    assert scatter == pytest.approx(math.sqrt(20 / 4000), rel=0.25)
    assert np.mean([one.error for one in found]) == pytest.approx(scatter, rel=0.25)
    assert np.mean([one.effective for one in found]) == pytest.approx(200, rel=0.15)


def test_series_of_few_effective_samples_have_no_error_bar():
    short = estimate(correlated(100, 50.0, 1))
    assert short.effective < 10
    assert not short.is_enough
    assert "too short for an error bar" in short.text(2, "K")
    assert "±" not in short.text(2, "K")
    assert "±" in estimate(correlated(4000, 20.0, 1)).text(2, "K")


def test_a_constant_is_known_and_a_single_value_is_not():
    assert estimate(np.full(50, 3.0)).error == 0
    assert math.isnan(estimate(np.array([3.0])).error)


@pytest.mark.parametrize("series", [[], [np.nan, 1.0], [[1.0, 2.0]]])
def test_what_is_no_series_is_refused(series):
    with pytest.raises(InputError, match="series"):
        estimate(np.array(series))


def test_the_beginning_that_drifts_is_cut():
    series = 0.1 * correlated(2000, 5.0, 2)
    series[:300] += np.linspace(5, 0, 300)
    assert 200 <= equilibrated_from(series) <= 400
    assert equilibrated_from(0.1 * correlated(2000, 5.0, 3)) <= 300


def test_runs_agree_or_differ_by_their_error_bars():
    alike = [Estimate(mean, 0.1, 100.0, 1000) for mean in (1.0, 1.1, 0.95)]
    other = [*alike[:2], Estimate(2.0, 0.1, 100.0, 1000)]
    assert agreement(alike).probability > 0.2
    assert "agree" in agreement(alike).text(2)
    assert agreement(other).probability < 1e-6
    assert "differ" in agreement(other).text(2)
    # Two values one error apart: chi² = 1/2 of one degree of freedom.
    two = agreement([Estimate(0.0, 1.0, 100.0, 100), Estimate(1.0, 1.0, 100.0, 100)])
    assert two.probability == pytest.approx(math.erfc(0.5))


def test_the_probability_of_equal_runs_is_uniform():
    random = np.random.default_rng(5)
    drawn = [
        agreement([Estimate(float(x), 1.0, 100.0, 100) for x in random.normal(size=4)]).probability
        for _ in range(400)
    ]
    assert np.mean(drawn) == pytest.approx(0.5, abs=0.05)
    assert np.mean(np.array(drawn) < 0.05) == pytest.approx(0.05, abs=0.03)


def test_runs_without_error_bars_are_not_tested():
    short = [Estimate(1.0, math.nan, 3.0, 20), Estimate(2.0, 0.1, 50.0, 100)]
    assert math.isnan(agreement(short).probability)
    assert "too short for a test" in agreement(short).text(1)


def test_columns_are_estimated_one_by_one():
    series = correlated(1000, 4.0, 7, (3,))
    mean, error = estimates_by_column(series)
    assert mean[1] == estimate(series[:, 1]).mean
    assert error[2] == estimate(series[:, 2]).error
