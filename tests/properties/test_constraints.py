"""Contracts of rigid bonds: lengths, momenta, energy, time reversal, ensembles and pressure."""

from dataclasses import replace
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ase.build import molecule

from fixtures import ethanol, hydrogens_of, moved
from potentials import Harmonic, Soft
from statistical.measuring import record
from sundog.engine.constraints import Constraints, find_constraints
from sundog.engine.ensembles import constrained, npt, nve, nvt
from sundog.engine.propagators.bussi import Bussi
from sundog.engine.propagators.martyna_tobias_klein import MartynaTobiasKlein
from sundog.engine.propagators.nose_hoover import NoseHooverChain
from sundog.engine.propagators.ornstein_uhlenbeck import Langevin
from sundog.engine.propagators.stochastic_cell_rescaling import CellRescaling
from sundog.engine.run import run
from sundog.engine.state import (
    MDState,
    initial_state,
    with_constraints,
    with_momenta,
    with_thermal_momenta,
)
from sundog.errors import InputError, SimulationError, StructureError
from sundog.prepare.water import water_box
from sundog.system import System, concatenate, make_system, pad
from sundog.units import BAR, BOLTZMANN

FREE = Harmonic(0.0)


def water(molecules=16) -> System:
    """Molecules of which some lie across the boundary of the cell."""
    atoms = water_box(molecules, density_g_per_cm3=0.45)
    # Off their lattice, or images are equally near and the force field has jumps.
    places = np.random.default_rng(5).normal(scale=0.1, size=(molecules, 3))
    atoms.positions += np.repeat(places, 3, axis=0)
    atoms.wrap()
    return make_system(atoms.positions, atoms.numbers, cell=atoms.cell.array, pbc=True)


def dimers(count: int, edge: float) -> System:
    """Pairs Cl–H anywhere in a box."""
    rng = np.random.default_rng(3)
    grid = np.stack(np.meshgrid(*[np.arange(np.ceil(count ** (1 / 3)))] * 3, indexing="ij"), -1)
    centres = 4.0 * grid.reshape(-1, 3)[:count]
    directions = rng.normal(size=(count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    positions = np.stack([centres, centres + 1.28 * directions], axis=1).reshape(-1, 3)
    return make_system(positions, [17, 1] * count, cell=edge * np.eye(3), pbc=True)


def constraints_of(system, kind, **more) -> Constraints:
    """Constraints of the hydrogens of all structures of a batch."""
    return find_constraints(system, hydrogens_of(system), kind, **more)


def rigid_state(system, force_field, temperature=300.0, seed=1, kind="rigid-water+h-bonds"):
    state = initial_state(system, force_field, seed=seed)
    state = with_constraints(state, constraints_of(system, kind), force_field)
    return with_thermal_momenta(state, temperature)


@pytest.fixture(scope="module")
def hot_water() -> MDState:
    return rigid_state(water(), Soft())


@jax.jit
def deviations(state: MDState):
    """Largest error of a length, and largest velocity along a bond."""
    rigid = state.constraints
    bonds = rigid.bonds(state.system)
    lengths = jnp.where(rigid.is_bond, jnp.linalg.norm(bonds, axis=2) - rigid.lengths, 0.0)
    velocities = (state.momenta / state.masses[:, None])[rigid.atoms]
    along = jnp.sum(bonds * jnp.einsum("ckm,cma->cka", rigid.ends, velocities), axis=2)
    return jnp.abs(lengths).max(), jnp.abs(along).max()


def assert_on_surface(state):
    length, speed = deviations(state)
    assert length < 1e-10
    assert speed < 1e-10


def test_all_bonds_of_hydrogen_are_found():
    names = ("CH3CH2OH", "H2O", "NH3", "CO2")
    structures = [molecule(name) for name in names]
    batch = pad(concatenate([make_system(one.positions, one.numbers) for one in structures]), 24, 5)
    loose = constraints_of(batch, "h-bonds")
    np.testing.assert_array_equal(loose.count(batch), [6, 2, 3, 0, 0])
    rigid = constraints_of(batch, "rigid-water+h-bonds")
    np.testing.assert_array_equal(rigid.count(batch), [6, 3, 3, 0, 0])
    h_h = np.linalg.norm(structures[1].positions[1] - structures[1].positions[2])
    assert float(jnp.abs(rigid.lengths - h_h).min()) < 1e-12
    state = with_constraints(initial_state(batch, FREE, seed=0), rigid, FREE)
    np.testing.assert_array_equal(state.degrees, [27 - 6, 9 - 3, 12 - 3, 9, 0])


def test_alike_bonds_get_one_length_and_the_structure_is_put_on_it():
    system = moved(water(), np.random.default_rng(0).normal(scale=0.03, size=(48, 3)))
    present = find_constraints(
        system, hydrogens_of(system), "rigid-water+h-bonds", lengths="present"
    )
    mean = constraints_of(system, "rigid-water+h-bonds")
    np.testing.assert_allclose(mean.lengths[:, :2], present.lengths[:, :2].mean())
    np.testing.assert_allclose(mean.lengths[:, 2], present.lengths[:, 2].mean())
    state = initial_state(system, FREE, seed=0)
    same = with_constraints(state, present, FREE)
    np.testing.assert_allclose(same.system.positions, system.positions, atol=1e-12)
    other = with_constraints(state, mean, FREE)
    assert_on_surface(other)
    weighted = state.masses[:, None] * (other.system.positions - system.positions)
    np.testing.assert_allclose(weighted.reshape(16, 3, 3).sum(axis=1), 0, atol=1e-12)


def test_rigid_verlet_keeps_lengths_momentum_and_energy_to_second_order(hot_water):
    fluctuation = []
    for timestep in (2.0, 1.0):
        ensemble = constrained(nve(Soft(), timestep))
        state, samples = record(hot_water, ensemble, int(160 / timestep))
        assert_on_surface(state)
        np.testing.assert_allclose(state.momenta.sum(axis=0), 0, atol=1e-9)
        energy = samples["conserved_energy_ev"][:, 0]
        fluctuation.append(energy.std())
    assert fluctuation[1] < 1e-3 * samples["kinetic_energy_ev"].mean()
    assert np.log2(fluctuation[0] / fluctuation[1]) == pytest.approx(2, abs=0.3)


def test_rigid_verlet_is_reversible(hot_water):
    ensemble = constrained(nve(Soft(), 2.0))
    forth, _ = record(hot_water, ensemble, 40)
    back, _ = record(replace(forth, momenta=-forth.momenta), ensemble, 40)
    np.testing.assert_allclose(back.system.positions, hot_water.system.positions, atol=1e-8)
    np.testing.assert_allclose(-back.momenta, hot_water.momenta, atol=1e-8)


SPRING = Harmonic(0.2)
THERMOSTATS = {
    "langevin": nvt(SPRING, 1.5, 300.0, Langevin(20.0)),
    "bussi": nvt(SPRING, 1.5, 300.0, Bussi(20.0), 0),
    "nose-hoover": nvt(SPRING, 1.5, 300.0, NoseHooverChain(30.0), 0),
}


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=[pytest.mark.slow] * (one == "bussi")) for one in THERMOSTATS]
)
def test_thermostats_reach_the_temperature_of_fewer_degrees(name):
    ensemble = THERMOSTATS[name]
    # Two bonds in each molecule, so that the clusters have a motion of their own.
    state = rigid_state(water(), SPRING, kind="h-bonds")
    state, _ = record(state, constrained(ensemble), 300, 5)
    state, samples = record(state, constrained(ensemble), 6000, 5)
    assert_on_surface(state)
    assert samples["temperature_kelvin"].mean() == pytest.approx(300, rel=0.03)
    conserved = samples["conserved_energy_ev"]
    assert np.ptp(conserved) < 0.1 * np.ptp(samples["kinetic_energy_ev"])


def constraint_virial(state: MDState) -> float:
    """Σ R·F of the constraint forces, from r·r̈ + ṙ² = 0."""
    rigid, masses = state.constraints, np.asarray(state.masses)
    atoms, ends = np.asarray(rigid.atoms), np.asarray(rigid.ends)
    weights = 1 / masses[atoms]
    bonds = np.asarray(rigid.bonds(state.system))
    velocity = np.einsum(
        "ckm,cma->cka", ends, np.asarray(state.momenta)[atoms] * weights[..., None]
    )
    pull = np.einsum("ckm,cma->cka", ends, np.asarray(state.forces)[atoms] * weights[..., None])
    right = np.sum(bonds * pull, axis=2) + np.sum(velocity**2, axis=2)
    matrix = np.einsum("ckm,cm,clm,cka,cla->ckl", ends, weights, ends, bonds, bonds)
    multipliers = np.linalg.solve(matrix, right[..., None])[..., 0]
    return -np.sum(multipliers * np.sum(bonds**2, axis=2))


def test_pressure_is_that_of_atoms_with_constraint_forces(hot_water):
    # Of wholly rigid molecules at every moment, of others in the mean.
    state = hot_water
    of_atoms = Soft()(state.system, {}).virial.trace(axis1=1, axis2=2)
    atomic = 2 * state.kinetic_energy - of_atoms + constraint_virial(state)
    clusters = state.internal_pressure_volume.trace(axis1=1, axis2=2)
    np.testing.assert_allclose(clusters, atomic, rtol=1e-10)
    assert abs(constraint_virial(state)) > 0.1 * float(clusters[0])


def test_the_virial_is_that_of_moving_whole_clusters(hot_water):
    state, rigid = hot_water, hot_water.constraints
    strain = np.diag([1.0, -0.5, 0.7])  # under which the cell stays right-angled

    @jax.jit
    def energy(step):
        growth = jnp.eye(3) + step * strain
        system = state.system
        grown = system.at(system.positions @ growth, system.cell @ growth)
        grown = grown.at(rigid.moved_whole(system, grown, state.masses))
        return Soft()(grown, {}).energy[0]

    numerical = float(energy(1e-5) - energy(-1e-5)) / 2e-5
    assert float(jnp.sum(state.virial[0] * strain)) == pytest.approx(numerical, rel=1e-6)


GASES = {"dimers": partial(dimers, 64, 16.0), "water": water}


@pytest.mark.parametrize("gas", [pytest.param("dimers", marks=pytest.mark.slow), "water"])
def test_pressure_of_an_ideal_gas_of_rigid_molecules(gas):
    state = rigid_state(GASES[gas](), FREE)
    ensemble = constrained(nvt(FREE, 2.0, 300.0, Langevin(20.0)))
    state, samples = record(state, ensemble, 6000, 20)
    assert_on_surface(state)
    molecules = len(state.constraints.atoms)
    product = samples["pressure_bar"] * samples["volume_angstrom3"] * BAR
    expected = molecules * BOLTZMANN * 300
    tolerance = 5 * np.sqrt(2 / (3 * molecules * 200))
    assert product.mean() == pytest.approx(expected, rel=tolerance)
    assert samples["temperature_kelvin"].mean() == pytest.approx(300, rel=0.02)


@pytest.mark.slow
def test_cell_rescaling_of_an_ideal_gas_of_rigid_molecules():
    count, temperature, pressure = 24, 300.0, 500.0
    expected = (count + 1) * BOLTZMANN * temperature / (pressure * BAR)
    state = rigid_state(dimers(count, expected ** (1 / 3)), FREE)
    barostat = CellRescaling(pressure, 50.0, compressibility_per_bar=1 / pressure)
    ensemble = npt(FREE, 2.0, temperature, Langevin(20.0), barostat)
    state, samples = record(state, constrained(ensemble), 20000, 20)
    assert_on_surface(state)
    volume = samples["volume_angstrom3"]
    assert volume.mean() == pytest.approx(expected, rel=0.05)
    assert volume.std() / volume.mean() == pytest.approx((count + 1) ** -0.5, rel=0.15)
    assert samples["temperature_kelvin"].mean() == pytest.approx(temperature, rel=0.03)


def test_cell_rescaling_conserves_the_energy_it_should(hot_water):
    barostat = CellRescaling(1000.0, 200.0, compressibility_per_bar=1e-5)
    ensemble = constrained(npt(Soft(), 0.5, 300.0, Langevin(5.0), barostat))
    state, samples = record(hot_water, ensemble, 400)
    assert_on_surface(state)
    assert np.ptp(samples["volume_angstrom3"]) > 1
    assert np.ptp(samples["conserved_energy_ev"]) < 0.02 * np.ptp(samples["kinetic_energy_ev"])


@pytest.mark.slow
def test_a_batch_with_padding_moves_as_its_members_do():
    members = [ethanol(), make_system(molecule("H2O").positions, [8, 1, 1])]
    spring = Harmonic(0.2)
    ensemble = constrained(nve(spring, 1.0))
    batch = pad(concatenate(members), 15, 3)
    together = rigid_state(batch, spring)
    after, _ = record(together, ensemble, 20)
    assert_on_surface(after)
    alone = rigid_state(members[1], spring)
    mine = slice(9, 12)
    alone, _ = record(replace(alone, momenta=together.momenta[mine]), ensemble, 20)
    np.testing.assert_allclose(alone.system.positions, after.system.positions[mine], atol=1e-11)
    np.testing.assert_allclose(alone.momenta, after.momenta[mine], atol=1e-11)
    np.testing.assert_array_equal(after.momenta[12:], 0)


def test_frozen_groups_are_left_out_and_others_refused():
    system = water()
    frozen = np.arange(48) < 6
    rigid = constraints_of(system, "h-bonds", frozen=frozen)
    assert len(rigid.atoms) == 14
    state = initial_state(system, FREE, seed=0, frozen=frozen)
    assert float(with_constraints(state, rigid, FREE).degrees[0]) == 3 * 42 - 28
    with pytest.raises(StructureError, match="must be able to move"):
        with_constraints(state, constraints_of(system, "h-bonds"), FREE)
    with pytest.raises(StructureError, match="one is frozen and one is not"):
        constraints_of(system, "h-bonds", frozen=np.arange(48) < 5)


def test_what_cannot_be_kept_is_refused(hot_water):
    with pytest.raises(InputError, match="cannot be kept in this ensemble"):
        constrained(npt(FREE, 1.0, 300.0, NoseHooverChain(100.0), MartynaTobiasKlein()))
    with pytest.raises(InputError, match="recipe would not keep them"):
        next(run(hot_water, nve(Soft(), 1.0), steps=1, sample_every=1, frame_every=10))
    loose = initial_state(water(), FREE, seed=0)
    with pytest.raises(InputError, match="the state has none"):
        next(run(loose, constrained(nve(FREE, 1.0)), steps=1, sample_every=1, frame_every=10))
    with pytest.raises(InputError, match="has some already"):
        with_constraints(hot_water, hot_water.constraints, FREE)
    with pytest.raises(StructureError, match="no hydrogen that can move"):
        constraints_of(make_system(np.zeros((1, 3)), [18]), "h-bonds")
    far = jnp.asarray([1.0, 1.0, 3.0])[None]
    wide = eqx.tree_at(lambda c: c.lengths, hot_water.constraints, replace_fn=lambda d: d * far)
    with pytest.raises(StructureError, match="too far from the lengths"):
        with_constraints(initial_state(water(), FREE, seed=0), wide, FREE)


def test_a_cluster_that_is_lost_ends_the_run(hot_water):
    with pytest.raises(SimulationError, match="blew up"):
        record(hot_water, constrained(nve(Soft(), 200.0)), 100)


def test_momenta_from_elsewhere_are_none_on_frozen_atoms_and_along_rigid_bonds():
    system = water()
    frozen = np.arange(48) < 6
    state = initial_state(system, FREE, seed=0, frozen=frozen)
    state = with_constraints(state, constraints_of(system, "h-bonds", frozen=frozen), FREE)
    drawn = jax.random.normal(jax.random.key(3), state.momenta.shape, jnp.float64)
    state = with_momenta(state, drawn)
    assert_on_surface(state)
    assert not np.any(state.momenta[frozen])
    assert np.abs(state.momenta[~frozen]).min() > 0
