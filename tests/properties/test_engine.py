"""Contracts of the engine, on force fields with exact answers."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from potentials import ARGON, Harmonic, LennardJones, ListlessLennardJones, argon
from statistical.measuring import record
from sundog.engine.ensembles import nve, nvt
from sundog.engine.minimize import minimize
from sundog.engine.propagators.ornstein_uhlenbeck import Langevin
from sundog.engine.run import run
from sundog.engine.state import MDState, initial_state, with_thermal_momenta
from sundog.errors import SimulationError
from sundog.neighbors.cell_list import build
from sundog.neighbors.neighbors import Neighbors
from sundog.system import make_system
from sundog.units import BOLTZMANN

WARMED = nvt(LennardJones(), 4.0, 60.0, Langevin(5.0))


def hot_argon(temperature=60.0, **kwargs) -> MDState:
    state = initial_state(argon(3), LennardJones(), seed=1, **kwargs)
    return with_thermal_momenta(state, temperature)


def test_momenta_are_thermal_and_the_centre_is_at_rest():
    state = initial_state(argon(6), ListlessLennardJones(), seed=1)
    state = with_thermal_momenta(state, 300.0)
    np.testing.assert_allclose(state.momenta.sum(axis=0), 0, atol=1e-10)
    scaled = np.asarray(state.momenta / jnp.sqrt(state.masses[:, None] * BOLTZMANN * 300))
    degrees = scaled.size
    assert scaled.var() == pytest.approx(1, abs=4 * np.sqrt(2 / degrees))
    assert np.mean(scaled**4) == pytest.approx(3, abs=4 * np.sqrt(96 / degrees))


def test_velocity_verlet_conserves_energy_to_second_order():
    state = hot_argon()
    fluctuation = []
    for timestep in (8.0, 4.0):
        ensemble = nve(LennardJones(), timestep)
        _, samples = record(state, ensemble, steps=int(1600 / timestep), stride=1)
        energy = samples["conserved_energy_ev"][:, 0]
        fluctuation.append(energy.std())
    assert fluctuation[1] < 1e-4 * abs(energy.mean())
    assert np.log2(fluctuation[0] / fluctuation[1]) == pytest.approx(2, abs=0.3)


def test_velocity_verlet_is_reversible():
    state = hot_argon()
    ensemble = nve(LennardJones(), 4.0)
    forth, _ = record(state, ensemble, steps=100, stride=10)
    back, _ = record(replace(forth, momenta=-forth.momenta), ensemble, steps=100, stride=10)
    np.testing.assert_allclose(back.system.positions, state.system.positions, atol=1e-9)
    np.testing.assert_allclose(-back.momenta, state.momenta, atol=1e-8)


def test_velocity_verlet_conserves_momentum():
    state, _ = record(hot_argon(), nve(LennardJones(), 4.0), steps=100, stride=10)
    np.testing.assert_allclose(state.momenta.sum(axis=0), 0, atol=1e-9)


@pytest.mark.slow
def test_langevin_samples_the_canonical_ensemble_of_a_harmonic_oscillator():
    # BAOAB is exact for the positions of a harmonic oscillator at any stable timestep.
    stiffness, temperature = 2.0, 300.0
    system = make_system(np.zeros((400, 3)) + 0.1 * np.eye(3)[0], np.full(400, ARGON))
    state = initial_state(system, Harmonic(stiffness), seed=3)
    ensemble = nvt(Harmonic(stiffness), 10.0, temperature, Langevin(20.0))
    state, _ = record(state, ensemble, steps=500, stride=10)
    squares, kinetic = [], []
    for chunk in run(state, ensemble, steps=4000, sample_every=20, frame_every=20):
        squares.append(np.mean(chunk.state.system.positions**2))
        kinetic.append(chunk.samples["temperature_kelvin"][0, 0])
    assert np.mean(squares) == pytest.approx(BOLTZMANN * temperature / stiffness, rel=0.02)
    # The kinetic average of BAOAB at a half step off carries an error of order dt².
    assert np.mean(kinetic) == pytest.approx(temperature, rel=0.03)


def test_langevin_conserves_energy_minus_heat():
    state = hot_argon()
    ensemble = WARMED
    _, samples = record(state, ensemble, steps=400, stride=10)
    conserved = samples["conserved_energy_ev"][:, 0]
    total = (samples["potential_energy_ev"] + samples["kinetic_energy_ev"])[:, 0]
    assert np.ptp(conserved) < 0.02 * np.ptp(total)


def without_room(state) -> Neighbors:
    """Lists of the state whose rows hold what is needed now, and no pair more."""
    (listed,) = state.neighbors.lists.values()
    plan = replace(listed.state.plan, row_capacity=int(listed.state.demand.row_capacity))
    pairs, demand = build(state.system, listed.state.grid, plan, listed.cutoff + listed.skin)
    tight = replace(listed, pairs=pairs, state=replace(listed.state, demand=demand, plan=plan))
    return Neighbors({"pairs": tight}, state.neighbors.pruned)


def test_list_overflow_loses_no_step_and_no_pair():
    ensemble = nve(LennardJones(), 4.0)
    roomy = hot_argon()
    expected, _ = record(roomy, ensemble, steps=300, stride=10)
    cramped = replace(roomy, neighbors=without_room(roomy))
    chunks = list(run(cramped, ensemble, steps=300, sample_every=10, frame_every=30))
    assert sum(chunk.repeats for chunk in chunks) > 0
    assert chunks[-1].state.step == 300
    np.testing.assert_allclose(
        chunks[-1].state.system.positions, expected.system.positions, atol=1e-9
    )


def test_the_same_seed_gives_the_same_bits_and_chunks_do_not_matter():
    ensemble = WARMED
    one, _ = record(hot_argon(), ensemble, steps=60, stride=10)
    (chunk,) = run(hot_argon(), ensemble, steps=60, sample_every=60, frame_every=6000)
    np.testing.assert_array_equal(one.system.positions, chunk.state.system.positions)
    np.testing.assert_array_equal(one.momenta, chunk.state.momenta)


def test_pressure_of_the_ideal_gas_is_exact():
    free = ListlessLennardJones(epsilon=0.0)
    state = with_thermal_momenta(initial_state(argon(3), free, seed=2), 300.0)
    _, samples = record(state, nve(free, 1.0), steps=10, stride=10)
    atoms, volume = state.system.number_of_atoms, float(state.system.volume[0])
    temperature = samples["temperature_kelvin"][0, 0]
    # T counts 3N − 3 degrees of freedom, the pressure all momenta: P V = (N − 1) k T.
    expected = (atoms - 1) * BOLTZMANN * temperature / volume / 6.241509125883258e-07
    assert samples["pressure_bar"][0, 0] == pytest.approx(expected, rel=1e-6)


def test_minimisation_reaches_the_threshold_and_never_loses_the_lattice():
    state = initial_state(argon(3), LennardJones(), seed=0)
    before = float(state.potential_energy[0])
    *_, fire = minimize(state, LennardJones(), force_threshold=1e-4, steps=500)
    assert fire.largest_force < 1e-4
    assert float(fire.md.potential_energy[0]) < before


def test_a_blow_up_stops_with_a_clear_error():
    with pytest.raises(SimulationError, match="blew up"):
        record(hot_argon(), nve(LennardJones(), 500.0), steps=2000, stride=10)
