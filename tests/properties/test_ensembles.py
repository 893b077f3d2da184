"""Contracts of thermostats and barostats: conservation, reversibility, what may move."""

from dataclasses import replace
from functools import cache
from typing import get_args

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad_vec
from scipy.linalg import expm, polar

from potentials import Harmonic, IdealGas, ListlessLennardJones, argon
from statistical.measuring import record
from sundog.engine.cell_modes import Coupling
from sundog.engine.ensembles import npt, nve, nvt
from sundog.engine.observers.energies import Energies
from sundog.engine.propagators.bussi import Bussi
from sundog.engine.propagators.centre_of_mass import RemoveDrift
from sundog.engine.propagators.martyna_tobias_klein import MartynaTobiasKlein
from sundog.engine.propagators.nose_hoover import NoseHooverChain
from sundog.engine.propagators.ornstein_uhlenbeck import Langevin
from sundog.engine.propagators.stochastic_cell_rescaling import (
    CellRescaling,
    StochasticCellRescaling,
)
from sundog.engine.propagators.temperature_ramp import TemperatureRamp
from sundog.engine.state import initial_state, with_thermal_momenta
from sundog.numerics.matrix_functions import exponential, phi_1
from sundog.system import concatenate, pad

COUPLINGS = get_args(Coupling)
FORCE_FIELD = ListlessLennardJones()
TEMPERATURE = 40.0
BUSSI = Bussi(100.0)
SHEAR = np.array([[0.02, 0.03, -0.02], [0.03, -0.03, 0.04], [-0.02, 0.04, 0.01]])


@cache
def crystal(coupling="isotropic", temperature=TEMPERATURE):
    """A strained crystal with thermal momenta, triclinic where the coupling allows for it."""
    strain = SHEAR if coupling in ("isotropic", "flexible") else np.diag(np.diag(SHEAR))
    state = initial_state(argon(strain=strain), FORCE_FIELD, seed=1)
    return with_thermal_momenta(state, temperature)


def mtk(coupling, timestep_fs):
    bath = MartynaTobiasKlein(300.0, 300.0, coupling)
    return npt(FORCE_FIELD, timestep_fs, TEMPERATURE, NoseHooverChain(100.0), bath)


def rescaling(coupling, timestep_fs, thermostat=BUSSI, **kwargs):
    bath = CellRescaling(300.0, 300.0, coupling, compressibility_per_bar=1e-4, **kwargs)
    return npt(FORCE_FIELD, timestep_fs, TEMPERATURE, thermostat, bath)


def nose_hoover(_, timestep_fs):
    return nvt(FORCE_FIELD, timestep_fs, TEMPERATURE, NoseHooverChain(100.0))


def slow(coupling):
    """Every coupling compiles its own program: the most general for every day, others as slow."""
    return [] if coupling == "flexible" else [pytest.mark.slow]


DETERMINISTIC = [
    pytest.param(nose_hoover, "isotropic", id="nose-hoover"),
    *(
        pytest.param(mtk, coupling, id=f"mtk-{coupling}", marks=slow(coupling))
        for coupling in COUPLINGS
    ),
]


def symmetric_matrices(scale):
    matrices = np.random.default_rng(0).normal(size=(5, 3, 3))
    matrices = 0.5 * (matrices + matrices.swapaxes(1, 2))
    return scale * matrices / np.linalg.norm(matrices, axis=(1, 2), keepdims=True)


@pytest.mark.parametrize("scale", [1e-6, 1e-2, 0.3])
def test_matrix_functions(scale):
    matrices = symmetric_matrices(scale)
    of_x = np.asarray(exponential(jnp.asarray(matrices)))
    np.testing.assert_allclose(of_x, [expm(x) for x in matrices], rtol=0, atol=4e-16)
    product = of_x @ np.asarray(exponential(jnp.asarray(-matrices)))
    np.testing.assert_allclose(product, np.broadcast_to(np.eye(3), product.shape), atol=4e-16)
    means = [quad_vec(lambda s, x=x: expm(s * x), 0, 1)[0] for x in matrices]
    np.testing.assert_allclose(phi_1(jnp.asarray(matrices)), means, rtol=0, atol=4e-15)


@pytest.mark.parametrize(("recipe", "coupling"), DETERMINISTIC)
def test_conserved_energy_is_one_to_second_order(recipe, coupling):
    spread = []
    for timestep in (10.0, 5.0):
        _, samples = record(crystal(coupling), recipe(coupling, timestep), int(2000 / timestep))
        spread.append(samples["conserved_energy_ev"][:, 0].std())
    physical = (samples["potential_energy_ev"] + samples["kinetic_energy_ev"])[:, 0]
    assert spread[1] < 0.01 * physical.std()
    assert np.log2(spread[0] / spread[1]) == pytest.approx(2, abs=0.4)


@pytest.mark.parametrize(("recipe", "coupling"), DETERMINISTIC)
def test_deterministic_baths_are_reversible(recipe, coupling):
    state = crystal(coupling)
    ensemble = recipe(coupling, 5.0)
    forth, _ = record(state, ensemble, 100)
    back, _ = record(ensemble.reversed(forth), ensemble, 100)
    moved = np.abs(forth.system.positions - state.system.positions).max()
    assert moved > 0.1
    np.testing.assert_allclose(back.system.positions, state.system.positions, atol=1e-9)
    np.testing.assert_allclose(back.system.cell, state.system.cell, atol=1e-9)
    np.testing.assert_allclose(-back.momenta, state.momenta, atol=1e-8)
    for name, value in back.extended.items():
        np.testing.assert_allclose(value, 0, atol=1e-9, err_msg=name)


def stochastic_runs(coupling):
    state = crystal(coupling)
    return record(state, rescaling(coupling, 5.0), 200), state


BAROSTATS = [
    pytest.param(recipe, coupling, id=f"{name}-{coupling}", marks=slow(coupling))
    for name, recipe in (("mtk", mtk), ("rescaling", rescaling))
    for coupling in COUPLINGS
]


@pytest.mark.parametrize(("recipe", "coupling"), BAROSTATS)
def test_barostats_move_only_what_they_may(recipe, coupling):
    start = crystal(coupling)
    state, _ = record(start, recipe(coupling, 5.0), 200)
    before, after = np.asarray(start.system.cell[0]), np.asarray(state.system.cell[0])
    gradient = np.linalg.solve(before, after)
    strain = np.linalg.norm(gradient - np.eye(3))
    assert strain > 5e-3
    # No momentum, and with it no volume, appears from nothing.
    np.testing.assert_allclose(state.momenta.sum(axis=0), 0, atol=1e-9)
    diagonal = np.diag(gradient)
    if coupling == "flexible":
        # Strains without rotation still turn the cell when they do not commute, by the area
        # that their path encloses.
        rotation, _ = polar(gradient)
        assert np.linalg.norm(rotation - np.eye(3)) < strain**2
        assert np.abs(gradient - np.diag(diagonal)).max() > 1e-4
        return
    np.testing.assert_allclose(gradient - np.diag(diagonal), 0, atol=1e-13)
    equal = {"isotropic": (0, 1, 2), "semi-isotropic": (0, 1), "anisotropic": ()}[coupling]
    for i, j in ((0, 1), (1, 2)):
        together = i in equal and j in equal
        assert (abs(diagonal[i] - diagonal[j]) < 1e-13) == together


@pytest.mark.parametrize(
    "coupling", [pytest.param("isotropic", marks=pytest.mark.slow), "flexible"]
)
def test_cell_rescaling_conserves_energy_without_drift(coupling):
    # The bound is a hundredth of what the baths exchange with the system.
    _, samples = record(crystal(coupling), rescaling(coupling, 5.0), 200)
    conserved = samples["conserved_energy_ev"][:, 0]
    physical = (samples["potential_energy_ev"] + samples["kinetic_energy_ev"])[:, 0]
    assert abs(conserved[-50:].mean() - conserved[:50].mean()) < 0.05 * np.ptp(physical)
    assert conserved.std() < 0.05 * physical.std()


def test_cell_rescaling_books_the_energy_of_the_strain_to_third_order():
    start = crystal("flexible", temperature=300.0)
    ensemble = rescaling("flexible", 5.0, surface_tension_mn_per_m=20.0)
    start = ensemble.entered(start)

    @eqx.filter_jit
    def strained(state, ensemble, time):
        (rescale,) = (
            one for one in ensemble.propagators if isinstance(one, StochasticCellRescaling)
        )
        after = replace(rescale, timestep=rescale.timestep * time)(state)
        after = after.evaluated(FORCE_FIELD)
        conserved = [
            Energies.of(state, ensemble)(one)["conserved_energy_ev"][0] for one in (state, after)
        ]
        return conserved[1] - conserved[0], after.potential_energy[0] - state.potential_energy[0]

    # The noise, and with it the strain, goes with the root of the time.
    times = (1 / 64, 1 / 1024)
    errors, changes = zip(*(strained(start, ensemble, time) for time in times), strict=True)
    assert abs(errors[0]) < 1e-4 * abs(changes[0])
    assert np.log(errors[0] / errors[1]) / np.log(4) == pytest.approx(3, abs=0.5)


@pytest.mark.parametrize("thermostat", [Langevin(5.0), Bussi(50.0)])
def test_thermostats_conserve_energy_minus_heat(thermostat):
    drift = []
    for timestep in (10.0, 5.0):
        ensemble = nvt(FORCE_FIELD, timestep, TEMPERATURE, thermostat)
        _, samples = record(crystal(), ensemble, int(2000 / timestep))
        drift.append(samples["conserved_energy_ev"][:, 0].std())
    physical = (samples["potential_energy_ev"] + samples["kinetic_energy_ev"])[:, 0]
    assert drift[1] < 0.02 * physical.std()
    assert drift[1] < 0.5 * drift[0]


def test_a_batch_gives_every_structure_its_own_baths():
    # Bounds: rounding, grown by 100 steps of dynamics.
    systems = [
        argon(2, 5.3, seed=1, strain=np.diag(np.diag(SHEAR))),
        argon(2, 5.5, seed=2),
    ]
    starts = [initial_state(system, FORCE_FIELD, seed=3) for system in systems]
    starts = [with_thermal_momenta(s, t) for s, t in zip(starts, (20.0, 60.0), strict=True)]
    alone = [record(state, mtk("flexible", 5.0), 100)[0] for state in starts]
    together = initial_state(concatenate(systems), FORCE_FIELD, seed=3)
    together = replace(together, momenta=jnp.concatenate([one.momenta for one in starts]))
    state, _ = record(together, mtk("flexible", 5.0), 100)
    for k, one in enumerate(alone):
        atoms = state.system.system_index == k
        np.testing.assert_allclose(state.system.positions[atoms], one.system.positions, atol=1e-10)
        np.testing.assert_allclose(state.system.cell[k], one.system.cell[0], atol=1e-10)
        for name, value in one.extended.items():
            np.testing.assert_allclose(state.extended[name][k], value[0], atol=1e-10)


def padded_crystal():
    state = crystal("flexible")
    padded = initial_state(pad(state.system, 40, 2), FORCE_FIELD, seed=1)
    return replace(padded, momenta=jnp.concatenate([state.momenta, jnp.zeros((8, 3))]))


@pytest.mark.slow
def test_padding_changes_nothing_about_a_cell_that_moves():
    alone, expected = record(crystal("flexible"), mtk("flexible", 5.0), 100)
    together, found = record(padded_crystal(), mtk("flexible", 5.0), 100)
    np.testing.assert_allclose(together.system.cell[0], alone.system.cell[0], atol=1e-10)
    np.testing.assert_allclose(together.system.positions[:32], alone.system.positions, atol=1e-10)
    for name in ("conserved_energy_ev", "pressure_bar", "temperature_kelvin"):
        np.testing.assert_allclose(found[name][:, 0], expected[name][:, 0], rtol=1e-7, atol=1e-7)


def test_observables_of_padding_are_numbers_while_a_cell_is_rescaled():
    # Random numbers are drawn for all structures at once, so that runs cannot be compared.
    state, samples = record(padded_crystal(), rescaling("flexible", 5.0), 100)
    assert np.ptp(samples["volume_angstrom3"][:, 0]) > 0
    for values in (state.system.positions[32:], state.momenta[32:], state.system.cell[1]):
        np.testing.assert_array_equal(values, 0)
    for name, values in samples.items():
        assert np.isfinite(values.reshape(100, -1)[:, 0]).all(), name
    assert np.isfinite(samples["conserved_energy_ev"]).all()


def test_temperature_counts_the_atoms_that_move():
    # That frozen atoms stay at rest is in the contract of every propagator.
    springs, frozen = Harmonic(1e-3), np.arange(32) < 5
    state = initial_state(argon(), springs, seed=1, frozen=frozen)
    state = with_thermal_momenta(state, TEMPERATURE)
    ensemble = nvt(springs, 5.0, TEMPERATURE, Langevin(5.0))
    ensemble = replace(ensemble, propagators=(*ensemble.propagators, RemoveDrift(10)))
    after, samples = record(state, ensemble, 100)
    np.testing.assert_array_equal(after.momenta[frozen], 0)
    np.testing.assert_array_equal(after.system.positions[frozen], state.system.positions[frozen])
    assert samples["temperature_kelvin"][0, 0] == pytest.approx(
        2 * samples["kinetic_energy_ev"][0, 0] / (3 * 27 * 8.6173303e-5), rel=1e-5
    )


def test_temperature_ramp_is_linear_and_then_constant():
    ensemble = nvt(IdealGas(), 5.0, 10.0, Langevin(20.0))
    ramp = TemperatureRamp(20.0, 60.0, 100)
    ensemble = replace(ensemble, propagators=(ramp, *ensemble.propagators))
    state = with_thermal_momenta(initial_state(argon(), IdealGas(), seed=1), 20.0)
    _, samples = record(state, ensemble, 200)
    expected = np.interp(np.arange(1, 201), [0, 100], [20.0, 60.0])
    np.testing.assert_allclose(samples["bath_temperature_kelvin"][:, 0], expected)
    # The gas follows the bath within its fluctuations, T √(2/96).
    assert samples["temperature_kelvin"][-50:].mean() == pytest.approx(60, rel=0.4)


def test_drift_is_removed_when_due_and_booked_as_heat():
    state = with_thermal_momenta(initial_state(argon(), IdealGas(), seed=1), 20.0)
    state = replace(state, momenta=state.momenta + jnp.asarray([[1.0, 2.0, 3.0]]))
    ensemble = nve(IdealGas(), 5.0)
    ensemble = replace(ensemble, propagators=(*ensemble.propagators, RemoveDrift(50)))
    before, first = record(state, ensemble, 49)
    after, then = record(before, ensemble, 51)
    np.testing.assert_allclose(before.momenta.sum(axis=0), [32, 64, 96], rtol=1e-9)
    np.testing.assert_allclose(after.momenta.sum(axis=0), 0, atol=1e-9)
    lost = 0.5 * 32 * (1 + 4 + 9) / float(state.masses[0])
    assert float(after.heat[0]) == pytest.approx(-lost, rel=1e-6)
    conserved = np.concatenate([one["conserved_energy_ev"] for one in (first, then)])
    assert np.ptp(conserved) < 1e-9 * lost
