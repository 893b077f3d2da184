"""Diffusion of Brownian walkers, whose coefficient is known."""

import numpy as np
import pytest

from sundog.analysis.diffusion import (
    diffusion_coefficient,
    mean_squared_displacement,
    unwrapped_at_mean_cell,
)
from sundog.errors import InputError

D, FRAME_PS = 0.3, 0.1


@pytest.fixture
def walk() -> np.ndarray:
    steps = np.random.default_rng(3).normal(size=(3000, 60, 3)) * np.sqrt(2 * D * FRAME_PS)
    return np.cumsum(steps, axis=0)


def test_coefficient_and_its_error(walk):
    mean, error = diffusion_coefficient(walk, FRAME_PS)
    assert mean == pytest.approx(D, abs=4 * error)
    assert 0 < error < 0.1 * D


def test_displacement_is_linear_in_time(walk):
    lags = np.array([5, 10, 50])
    # Two hundredths of it go with the common centre: 59 of 60 walkers are independent.
    expected = 6 * D * FRAME_PS * lags * 59 / 60
    assert mean_squared_displacement(walk, lags) == pytest.approx(expected, rel=0.05)


def test_common_motion_does_not_count(walk):
    drifting = walk + 0.5 * np.arange(len(walk))[:, None, None]
    assert diffusion_coefficient(drifting, FRAME_PS) == pytest.approx(
        diffusion_coefficient(walk, FRAME_PS), rel=1e-9
    )


def test_a_cell_that_breathes_moves_nothing():
    rng = np.random.default_rng(5)
    fractional = rng.uniform(-3, 3, (1, 20, 3))
    cells = np.eye(3) * (10 + rng.normal(size=(40, 1, 1)))
    cells[:, 1, 0] = 2.0
    paths = unwrapped_at_mean_cell(fractional @ cells, cells)
    assert np.ptp(paths, axis=0).max() < 1e-10


@pytest.mark.parametrize("wrong", [{"to_ps": 100.0}, {"parts": 1}, {"from_ps": 9.99, "to_ps": 10}])
def test_a_trajectory_that_is_too_short_is_refused(walk, wrong):
    with pytest.raises(InputError, match="too short"):
        diffusion_coefficient(walk, FRAME_PS, **wrong)
