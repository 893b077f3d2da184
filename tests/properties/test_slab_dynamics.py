"""Dynamics of slabs under `ewald`: energies, boxes that are outgrown, batches with crystals."""

from dataclasses import replace
from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest

from fixtures import SIMPLE, call, needs_cpu_kernels, random_force_field, small_crystal
from longrange_slabs import height_of, vacuum_in
from sundog.engine.ensembles import nve
from sundog.engine.run import run
from sundog.engine.state import bare_state, initial_state, with_thermal_momenta
from sundog.forcefield.formulations.cpu import on_cpu
from sundog.forcefield.formulations.plain import on_plain
from sundog.runs.checkpoint import arrays_of, restored
from sundog.system import System, concatenate


@cache
def reference():
    return random_force_field(SIMPLE, "ewald", cutoff=4.5)


MAKE = {
    "plain": pytest.param(on_plain, marks=pytest.mark.slow),
    "cpu": pytest.param(lambda one: on_cpu(one, threads=2), marks=needs_cpu_kernels),
}


def small_slab(scale: float = 1.0) -> System:
    """Twelve atoms in a layer, periodic along two skewed vectors."""
    return replace(small_crystal(scale=scale), pbc=jnp.asarray([[True, True, False]]))


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_a_slab_beside_a_crystal_is_as_in_the_reference(make):
    batch = concatenate([small_slab(), small_crystal(seed=1)])
    exact = call(reference(), batch, reference().pairs_once(batch))
    alone = call(reference(), small_slab(), reference().pairs_once(small_slab()))
    np.testing.assert_allclose(exact.forces[:12], alone.forces, atol=1e-8)
    np.testing.assert_allclose(exact.virial[0], alone.virial[0], atol=1e-6)
    accuracy = 1e-6
    force_field = make(random_force_field(SIMPLE, "ewald", cutoff=4.5, accuracy=accuracy))
    found = call(force_field, batch, force_field.pairs_once(batch))
    # A random network answers to the potential more than a trained one.
    np.testing.assert_allclose(found.forces, exact.forces, atol=2e-6 + 5 * accuracy)
    np.testing.assert_allclose(found.energy, exact.energy, atol=1e-6 + 20 * accuracy)
    np.testing.assert_allclose(found.virial, exact.virial, atol=1e-5 + 100 * accuracy)


@needs_cpu_kernels
@pytest.mark.slow
def test_energy_and_momentum_are_conserved():
    force_field = on_cpu(reference(), threads=2)
    state = initial_state(small_slab(scale=1.2), force_field, seed=1, skin=0.3)
    state = with_thermal_momenta(state, 300.0)
    ranges = []
    for timestep, steps in ((0.5, 60), (0.25, 120)):
        ensemble = nve(force_field, timestep)
        chunks = list(run(state, ensemble, steps=steps, sample_every=1, frame_every=steps))
        energies = np.concatenate([c.samples["conserved_energy_ev"][:, 0] for c in chunks])
        ranges.append(np.ptp(energies))
        after = chunks[-1].state.momenta
        np.testing.assert_allclose(after.sum(axis=0), state.momenta.sum(axis=0), atol=1e-9)
    # What is left is of the integrator, of second order; forces that were not derivatives of the
    # energy would stay.
    assert ranges[0] < 2e-4
    assert ranges[0] / ranges[1] == pytest.approx(4, rel=0.05)


def tight(state):
    """The state with a box that its atoms, which fly apart, are about to outgrow."""
    plan = state.neighbors.plan
    vacuum = vacuum_in(plan)
    room = jnp.where(vacuum.across, plan.longest + 0.03, vacuum.room[0])
    less = jnp.sum(jnp.where(vacuum.across, vacuum.room[0] - room, 0.0), axis=1)
    lower = replace(vacuum, room=room[None], height=vacuum.height - less[None])
    closer = replace(plan, vacuum=lower)
    z = state.system.positions[:, 2]
    apart = state.momenta.at[:, 2].add(0.03 * state.masses * (z - z.mean()))
    return replace(state, momenta=apart, neighbors=replace(state.neighbors, plan=closer))


@needs_cpu_kernels
@pytest.mark.slow
def test_a_slab_that_outgrows_its_box_loses_no_step_wherever_chunks_begin():
    force_field = on_cpu(reference(), threads=2)
    ensemble = nve(force_field, 0.5)
    state = initial_state(small_slab(scale=1.2), force_field, seed=3, skin=0.3)
    state = tight(with_thermal_momenta(state, 100.0))
    ends, energies = [], []
    for frame_every in (40, 10):
        chunks = list(run(state, ensemble, steps=40, sample_every=5, frame_every=frame_every))
        ends.append(chunks[-1].state)
        rows = [chunk.samples["conserved_energy_ev"][:, 0] for chunk in chunks]
        energies.append(np.concatenate(rows))
        assert sum(chunk.repeats for chunk in chunks) > 0
        assert int(ends[-1].step) == 40
    whole, pieces = ends
    assert height_of(whole.neighbors.plan) > height_of(state.neighbors.plan) + 1.0
    np.testing.assert_array_equal(whole.system.positions, pieces.system.positions)
    np.testing.assert_array_equal(energies[0], energies[1])
    # The energy knows of the box by what is left of its images, and of the mesh, alone.
    assert np.ptp(energies[0]) < 2e-4
    # And a restart goes on with the box as it is.
    fresh = bare_state(small_slab(scale=1.2), force_field, seed=9, skin=0.3)
    again = restored(fresh, arrays_of(pieces))
    assert height_of(again.neighbors.plan) == height_of(pieces.neighbors.plan)
    (*_, one) = run(again, ensemble, steps=10, sample_every=5, frame_every=10)
    (*_, other) = run(pieces, ensemble, steps=10, sample_every=5, frame_every=10)
    np.testing.assert_array_equal(one.state.system.positions, other.state.system.positions)
    np.testing.assert_array_equal(one.state.forces, other.state.forces)
