"""Dynamics on the interpreted kernels for GPUs: steps, lists, NPT and repetition."""

from functools import cache

import jax
import numpy as np
import pytest

from fixtures import SIMPLE, random_force_field, small_crystal
from interpreted_kernels import interpreted
from sundog.engine.ensembles import npt
from sundog.engine.propagators.ornstein_uhlenbeck import Langevin
from sundog.engine.propagators.stochastic_cell_rescaling import CellRescaling
from sundog.engine.run import run
from sundog.engine.state import initial_state, with_thermal_momenta
from sundog.forcefield.formulations.plain import on_plain


@cache
def reference():
    return random_force_field(SIMPLE, "ewald", cutoff=4.5)


def ran(force_field):
    state = initial_state(small_crystal(scale=1.2), force_field, seed=1, skin=0.3)
    state = with_thermal_momenta(state, 300.0)
    barostat = CellRescaling(pressure_bar=1.0, barostat_time_fs=100.0)
    ensemble = npt(force_field, 0.5, 300.0, Langevin(), barostat)
    chunks = list(run(state, ensemble, steps=6, sample_every=2, frame_every=6))
    return chunks[-1].state


@pytest.mark.slow
@pytest.mark.parametrize("least_atoms", [1, 100], ids=["in spatial order", "as they come"])
def test_steps_are_those_of_the_plain_kernels_and_repeat_to_the_bit(least_atoms):
    fast = interpreted(reference(), least_atoms)
    expected, found, again = ran(on_plain(reference())), ran(fast), ran(fast)
    np.testing.assert_allclose(found.system.positions, expected.system.positions, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.system.cell, expected.system.cell, rtol=0, atol=1e-9)
    for one, other in zip(
        jax.tree.leaves(found.system), jax.tree.leaves(again.system), strict=True
    ):
        np.testing.assert_array_equal(one, other)
