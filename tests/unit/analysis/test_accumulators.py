"""Accumulators do not grow, and say what the whole series says."""

import numpy as np
import pytest

from recordings import correlated
from sundog.analysis.accumulators import MOST_BLOCKS, BlockedMean, Series, Thinned
from sundog.analysis.statistics import estimate


def test_blocked_means_and_errors_are_those_of_the_series():
    series = correlated(20_000, 30.0, 1, (2,))
    blocked = BlockedMean()
    for one in series:
        blocked.add(one)
    assert blocked.mean == pytest.approx(series.mean(axis=0), abs=1e-12)
    assert len(blocked.blocks) < MOST_BLOCKS
    for k in range(2):
        assert blocked.error[k] == pytest.approx(estimate(series[:, k]).error, rel=0.5)
        assert blocked.error[k] == pytest.approx(np.sqrt(30 / 20_000), rel=0.5)
        assert blocked.estimate(k).mean == blocked.mean[k]


def test_few_frames_have_means_without_errors():
    blocked = BlockedMean()
    for value in (1.0, 2.0, 6.0):
        blocked.add(np.array([value]))
    assert blocked.mean == 3
    assert np.isnan(blocked.error).all()


@pytest.mark.parametrize("count", [1, 7, 8, 100, 1000])
def test_thinned_frames_are_at_equal_distances_and_few(count):
    thinned = Thinned(8)
    for k in range(count):
        thinned.add(float(k), np.array([k]))
    assert 1 <= len(thinned) <= 8
    assert thinned.times[0] == 0
    assert (np.diff(thinned.times) == thinned.stride).all()
    assert (thinned.values[:, 0] == thinned.times).all()
    assert thinned.times[-1] > count - 1 - thinned.stride


def test_series_join_what_is_added():
    series = Series()
    series.add(a=np.arange(2), b=np.ones(2))
    series.add(a=np.arange(3), b=np.zeros(3))
    assert series["a"].tolist() == [0, 1, 0, 1, 2]
    assert [*series.table()] == ["a", "b"]
