"""Contracts of multiple time steps, on a force field whose two ranges have exact answers."""

from dataclasses import replace
from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest

from fixtures import call, needs_cpu_kernels
from potentials import ListlessLennardJones, Split, argon
from statistical.measuring import record
from sundog.engine.ensembles import constrained, npt, nve, nvt, with_impulses
from sundog.engine.minimize import minimize
from sundog.engine.propagators.bussi import Bussi
from sundog.engine.propagators.martyna_tobias_klein import MartynaTobiasKlein
from sundog.engine.propagators.nose_hoover import NoseHooverChain
from sundog.engine.propagators.ornstein_uhlenbeck import Langevin
from sundog.engine.propagators.stochastic_cell_rescaling import CellRescaling
from sundog.engine.reservoirs.impulses import Impulses, weight_of
from sundog.engine.run import advance, run
from sundog.engine.samples import observers_of
from sundog.engine.state import bare_state, initial_state, with_thermal_momenta
from sundog.errors import InputError
from sundog.forcefield.formulations.cpu import on_cpu
from sundog.io.structures import system_from_atoms
from sundog.prepare.water import water_box
from sundog.runs.checkpoint import arrays_of, restored
from sundog.runs.checkpoint_files import read_checkpoint, save_checkpoint
from sundog.runs.settings import SimulationSettings
from sundog.units import BAR, FEMTOSECOND
from sundog.weights.load import load

# The far range has a fourth of the forces.
NEAR, FAR = ListlessLennardJones(epsilon=0.0078), ListlessLennardJones(epsilon=0.0026)
FORCE_FIELD = Split(NEAR, FAR)
EVERY, TEMPERATURE = 4, 40.0
SHEAR = np.array([[0.02, 0.03, -0.02], [0.03, -0.03, 0.04], [-0.02, 0.04, 0.01]])
BATH = {"pressure_bar": 300.0, "barostat_time_fs": 300.0, "coupling": "flexible"}


@cache
def crystal():
    state = initial_state(argon(strain=SHEAR), FORCE_FIELD, seed=1)
    return with_thermal_momenta(state, TEMPERATURE)


def constant_energy(timestep, every=EVERY):
    return with_impulses(nve(FORCE_FIELD, timestep), every)


def langevin(timestep, every=EVERY):
    return with_impulses(nvt(FORCE_FIELD, timestep, TEMPERATURE, Langevin(5.0)), every)


def mtk(timestep, every=EVERY):
    barostat = MartynaTobiasKlein(**BATH)
    recipe = npt(FORCE_FIELD, timestep, TEMPERATURE, NoseHooverChain(100.0), barostat)
    return with_impulses(recipe, every)


def rescaling(timestep, every=EVERY):
    barostat = CellRescaling(**BATH, compressibility_per_bar=1e-4)
    recipe = npt(FORCE_FIELD, timestep, TEMPERATURE, Bussi(), barostat)
    return with_impulses(recipe, every)


def test_a_cycle_is_kicks_by_both_ranges_around_steps_of_the_short_one():
    state, dt = crystal(), 2.0 * FEMTOSECOND
    after, _ = record(state, constant_energy(2.0), 2 * EVERY, stride=EVERY)
    pairs = FORCE_FIELD.allocate_neighbors(state.system, 1.0).pairs
    system, momenta, masses = state.system, state.momenta, state.masses[:, None]

    def kicked(momenta, potential, time):
        return momenta + time * call(potential, system, pairs).forces

    for _ in range(2):
        momenta = kicked(momenta, FAR, EVERY * dt / 2)
        for _ in range(EVERY):
            momenta = kicked(momenta, NEAR, dt / 2)
            system = system.at(system.positions + dt * momenta / masses)
            momenta = kicked(momenta, NEAR, dt / 2)
        momenta = kicked(momenta, FAR, EVERY * dt / 2)
    np.testing.assert_allclose(after.system.positions, system.positions, atol=1e-11)
    np.testing.assert_allclose(after.momenta, momenta, atol=1e-11)


@pytest.mark.parametrize("recipe", [constant_energy, pytest.param(mtk, marks=pytest.mark.slow)])
def test_energy_is_conserved_to_second_order_and_time_is_reversible(recipe):
    state, spread = crystal(), []
    for timestep in (2.5, 1.25):
        ensemble = recipe(timestep)
        after, samples = record(state, ensemble, int(1000 / timestep), stride=EVERY)
        spread.append(samples["conserved_energy_ev"][:, 0].std())
    kinetic = samples["kinetic_energy_ev"][:, 0]
    assert spread[1] < 0.01 * kinetic.std()
    assert np.log2(spread[0] / spread[1]) == pytest.approx(2, abs=0.4)
    back, _ = record(ensemble.reversed(after), ensemble, 800, stride=EVERY)
    np.testing.assert_allclose(back.system.positions, state.system.positions, atol=1e-7)
    np.testing.assert_allclose(back.system.cell, state.system.cell, atol=1e-7)


@pytest.mark.parametrize("recipe", [langevin, rescaling])
def test_heat_is_booked_as_without_impulses(recipe):
    _, samples = record(crystal(), recipe(2.5), 100 * EVERY, stride=EVERY)
    conserved = samples["conserved_energy_ev"][:, 0]
    physical = (samples["potential_energy_ev"] + samples["kinetic_energy_ev"])[:, 0]
    assert abs(conserved[-25:].mean() - conserved[:25].mean()) < 0.05 * np.ptp(physical)
    assert conserved.std() < 0.05 * physical.std()


def test_pressure_is_the_mean_of_the_cycle():
    state, ensemble, one = crystal(), constant_energy(2.5), jnp.int32(1)
    state, short = ensemble.entered(state), []
    for _ in range(2 * EVERY):
        observers = observers_of(state, ensemble)
        state, samples = advance(state, ensemble, observers, one, one, 1)
        short.append(call(NEAR, state.system, state.neighbors.pairs).virial)
    whole = call(FORCE_FIELD, state.system, state.neighbors.pairs)
    long = whole.virial - short[-1]
    mean = sum(short[EVERY:], start=jnp.zeros((1, 3, 3))) / EVERY + long
    np.testing.assert_allclose(Impulses.variables.of(state).mean_virial, mean, atol=1e-11)
    expected = (state.kinetic_tensor - mean).trace(axis1=1, axis2=2) / 3 / state.system.volume / BAR
    np.testing.assert_allclose(samples["pressure_bar"][0], expected, rtol=1e-9)
    np.testing.assert_allclose(state.potential_energy, whole.energy, rtol=1e-12)
    np.testing.assert_allclose(state.virial, short[-1] + EVERY * long, atol=1e-11)


@pytest.mark.parametrize("recipe", [langevin, rescaling])
def test_a_run_goes_on_bit_for_bit(recipe, tmp_path):
    ensemble, plan = recipe(2.5), {"sample_every": EVERY, "frame_every": 100 * EVERY}
    *_, half = run(crystal(), ensemble, steps=20 * EVERY, **plan)
    path = save_checkpoint(tmp_path, 20 * EVERY, arrays_of(half.state), {}, keep=1)
    fresh = bare_state(argon(spacing=5.5, seed=9), FORCE_FIELD, seed=77)
    again = restored(fresh, read_checkpoint(path).arrays)
    *_, one = run(again, ensemble, steps=20 * EVERY, **plan)
    *_, whole = run(crystal(), ensemble, steps=40 * EVERY, **plan)
    expected = arrays_of(whole.state)
    for name, value in arrays_of(one.state).items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)
    for name, values in one.samples.items():
        np.testing.assert_array_equal(values[-1], whole.samples[name][-1], err_msg=name)


def test_a_state_begins_any_recipe_with_the_forces_that_it_needs():
    after, _ = record(crystal(), constant_energy(2.5), 2 * EVERY, stride=EVERY)
    weights = {}
    for every in (1, 2, EVERY):
        state = constant_energy(2.5, every).entered(after)
        weights[every] = weight_of(state)
        expected = call(FORCE_FIELD.weighted(every), state.system, state.neighbors.pairs)
        np.testing.assert_allclose(state.forces, expected.forces, atol=1e-12)
        np.testing.assert_allclose(state.virial, expected.virial, atol=1e-12)
    assert weights == {1: 1, 2: 2, EVERY: EVERY}
    assert constant_energy(2.5, 1).entered(after).extended == {}


def test_every_step_is_the_ordinary_recipe():
    ensemble = nve(FORCE_FIELD, 2.5)
    assert with_impulses(ensemble, 1) is ensemble
    assert all(one.cycle == 1 for one in rescaling(2.5, 1).propagators)


def test_rigid_bonds_keep_the_impulses():
    kinds = [type(one).__name__ for one in constrained(rescaling(2.5)).propagators]
    assert {"ImpulseForce", "WholeClusterRescaling", "ConstrainedKick"} <= set(kinds)
    assert constrained(rescaling(2.5)).cycle == EVERY


def test_what_is_no_whole_cycle_is_refused():
    ensemble = constant_energy(2.5)
    for steps, sample_every in ((EVERY + 1, EVERY), (2 * EVERY, EVERY + 1)):
        with pytest.raises(InputError, match="multiple of long_range_every=4"):
            next(run(crystal(), ensemble, steps=steps, sample_every=sample_every, frame_every=100))
    with pytest.raises(InputError, match="multiple of 4"):
        ensemble.entered(replace(crystal(), step=jnp.asarray(6)))
    with pytest.raises(InputError, match="LennardJones"):
        with_impulses(nve(NEAR, 2.5), EVERY)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"long_range_every": 0}, "^long_range_every: "),
        ({"long_range_every": 10, "timestep_fs": 1.0, "sample_every": 10}, "8 fs"),
        ({"long_range_every": 4, "sample_every": 10}, "^sample_every: "),
        ({"long_range_every": 4, "sample_every": 4, "frame_every": 8, "steps": 10}, "^steps: "),
        (
            {
                "long_range_every": 2,
                "replicas": 2,
                "replica_temperatures_kelvin": (300.0, 310.0),
                "exchange_every": 5,
            },
            "^exchange_every: ",
        ),
    ],
)
def test_settings_that_do_not_fit_cycles_are_refused(told, words):
    with pytest.raises(InputError, match=words):
        SimulationSettings.of(**told)


@needs_cpu_kernels
@pytest.mark.slow
def test_water_under_the_published_network_conserves_energy_to_second_order():
    force_field = on_cpu(load(electrostatics="ewald", cutoff_angstrom=6.0, precision="float64"))
    state = initial_state(system_from_atoms(water_box(8)), force_field, seed=1, skin=0.3)
    *_, fire = minimize(state, force_field, force_threshold=0.1, steps=40)
    state, _ = record(with_thermal_momenta(fire.md, 300.0), nve(force_field, 0.5), 240, stride=8)
    spread = []
    for every in (8, 4):
        ensemble = with_impulses(nve(force_field, 0.25), every)
        _, samples = record(state, ensemble, 1200, stride=8)
        spread.append(samples["conserved_energy_ev"][:, 0].std())
    assert spread[1] < 2e-4 * 24
    assert np.log2(spread[0] / spread[1]) == pytest.approx(2, abs=0.4)
