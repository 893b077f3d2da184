"""The permittivity of dipoles drawn from a known distribution."""

from math import pi

import numpy as np
import pytest

from sundog.analysis.dielectric import permittivity
from sundog.constants import COULOMB
from sundog.units import BOLTZMANN


@pytest.mark.parametrize("offset", [0.0, 7.0])
def test_of_independent_dipoles(offset):
    temperature, volume, variance = 300.0, 2000.0, 0.8
    # Each component has this variance, whatever the mean dipole.
    rng = np.random.default_rng(1)
    dipoles = offset + np.sqrt(variance) * rng.normal(size=(40_000, 3))
    exact = 1 + 4 * pi * COULOMB * variance / (volume * BOLTZMANN * temperature)
    found = permittivity(dipoles, np.full(len(dipoles), volume), temperature)
    assert found.mean == pytest.approx(exact, abs=4 * found.error)
    assert 0 < found.error < 0.02 * exact
