"""Single factors of a step, each against its own closed form."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from potentials import Harmonic, argon
from sundog.engine.propagators.drift import Drift
from sundog.engine.propagators.force import Force
from sundog.engine.propagators.kick import Kick
from sundog.engine.propagators.ornstein_uhlenbeck import OrnsteinUhlenbeck
from sundog.engine.propagators.temperature_ramp import TemperatureRamp
from sundog.engine.state import initial_state, with_thermal_momenta
from sundog.units import BOLTZMANN

STIFFNESS, TEMPERATURE = 0.3, 50.0
FROZEN = np.arange(4) == 1


@pytest.fixture(scope="module")
def state():
    """Four atoms on springs, of which one is frozen."""
    still = initial_state(argon(1), Harmonic(STIFFNESS), seed=2, frozen=FROZEN)
    return with_thermal_momenta(still, TEMPERATURE)


def test_a_kick_adds_the_forces_to_momenta_of_atoms_that_may_move(state):
    after = Kick(0.7)(state)
    forces = np.where(FROZEN[:, None], 0, -STIFFNESS * np.asarray(state.system.positions))
    np.testing.assert_allclose(after.momenta, state.momenta + 0.7 * forces, rtol=1e-13)
    np.testing.assert_array_equal(after.system.positions, state.system.positions)


def test_a_drift_moves_atoms_by_their_velocities(state):
    after = Drift(0.7)(state)
    moved = np.asarray(after.system.positions - state.system.positions)
    velocities = np.asarray(state.momenta) / np.asarray(state.masses)[:, None]
    np.testing.assert_allclose(moved, 0.7 * velocities, rtol=1e-12, atol=1e-14)
    assert np.abs(moved[~FROZEN]).min() > 0
    np.testing.assert_array_equal(moved[FROZEN], 0)
    np.testing.assert_array_equal(after.momenta, state.momenta)


def test_forces_are_those_of_the_present_positions(state):
    after = Force(Harmonic(STIFFNESS))(Drift(0.7)(state))
    np.testing.assert_allclose(after.forces, -STIFFNESS * after.system.positions, rtol=1e-13)
    squares = np.sum(np.asarray(after.system.positions) ** 2)
    np.testing.assert_allclose(after.potential_energy, 0.5 * STIFFNESS * squares, rtol=1e-13)


def test_friction_without_noise_is_a_decay_booked_as_heat(state):
    cold = replace(state, temperature=jnp.zeros(1))
    after = OrnsteinUhlenbeck(0.7, 2.0)(cold)
    np.testing.assert_allclose(after.momenta, np.exp(-1.4) * state.momenta, rtol=1e-13)
    lost = after.kinetic_energy - state.kinetic_energy
    assert float(lost[0]) < 0
    np.testing.assert_allclose(after.heat - state.heat, lost, rtol=1e-13)


def test_strong_friction_draws_the_momenta_anew_and_another_key_each_time(state):
    # What is left of the old momenta is exp(−1000).
    strong = OrnsteinUhlenbeck(1.0, 1000.0)
    first = strong(state)
    again = strong(replace(first, momenta=state.momenta))
    other = strong(replace(state, momenta=5 * state.momenta))
    np.testing.assert_array_equal(first.momenta, other.momenta)
    assert np.abs(first.momenta - again.momenta)[~FROZEN].min() > 0
    np.testing.assert_array_equal(first.momenta[FROZEN], 0)
    scale = np.sqrt(np.asarray(state.masses) * BOLTZMANN * TEMPERATURE)[~FROZEN, None]
    drawn = np.asarray(first.momenta)[~FROZEN] / scale
    assert 0.3 < drawn.std() < 2


@pytest.mark.parametrize(("step", "expected"), [(0, 21.0), (19, 40.0), (39, 60.0), (500, 60.0)])
def test_a_ramp_sets_the_temperature_of_the_step_that_it_begins(state, step, expected):
    after = TemperatureRamp(20.0, 60.0, 40)(replace(state, step=jnp.asarray(step)))
    np.testing.assert_allclose(after.temperature, [expected], rtol=1e-13)
