"""Dynamics under `ewald`: energies, cells that outgrow their mesh, restarts."""

from dataclasses import replace
from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest

from fixtures import SIMPLE, call, needs_cpu_kernels, random_force_field, small_crystal
from sundog.engine.ensembles import npt, nve
from sundog.engine.propagators.ornstein_uhlenbeck import Langevin
from sundog.engine.propagators.stochastic_cell_rescaling import CellRescaling
from sundog.engine.run import run
from sundog.engine.state import bare_state, initial_state, with_thermal_momenta
from sundog.forcefield.formulations.cpu import on_cpu
from sundog.forcefield.formulations.plain import on_plain
from sundog.longrange.plan import plan_of
from sundog.runs.checkpoint import arrays_of, restored


@cache
def reference():
    return random_force_field(SIMPLE, "ewald", cutoff=4.5)


# The plan is the same value for all, and what is slow to compile is compared with the reference
# under every treatment elsewhere (test_foreign_terms.py).
MAKE = {
    "reference": pytest.param(lambda one: one, marks=pytest.mark.slow),
    "plain": pytest.param(on_plain, marks=pytest.mark.slow),
    "cpu": pytest.param(lambda one: on_cpu(one, threads=2), marks=needs_cpu_kernels),
}


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_forces_are_the_references_up_to_the_mesh(make):
    system = small_crystal()
    exact = call(reference(), system, reference().pairs_once(system))
    for accuracy in (1e-3, 1e-6):
        force_field = make(random_force_field(SIMPLE, "ewald", cutoff=4.5, accuracy=accuracy))
        found = call(force_field, system, force_field.pairs_once(system))
        # A random network answers to the potential more than a trained one.
        np.testing.assert_allclose(found.forces, exact.forces, atol=2e-6 + 5 * accuracy)
        np.testing.assert_allclose(found.energy, exact.energy, atol=1e-6 + 20 * accuracy)
        np.testing.assert_allclose(found.virial, exact.virial, atol=1e-5 + 100 * accuracy)
        assert found.energies.keys() == exact.energies.keys()


@needs_cpu_kernels
def test_energy_is_conserved():
    force_field = on_cpu(reference(), threads=2)
    state = initial_state(small_crystal(scale=1.2), force_field, seed=1, skin=0.3)
    state = with_thermal_momenta(state, 300.0)
    chunks = list(run(state, nve(force_field, 0.5), steps=100, sample_every=1, frame_every=100))
    energies = np.concatenate([c.samples["conserved_energy_ev"][:, 0] for c in chunks])
    assert np.ptp(energies) < 1e-4
    # So is momentum: nothing removes a drift here.
    after = chunks[-1].state.momenta
    np.testing.assert_allclose(after.sum(axis=0), state.momenta.sum(axis=0), atol=1e-9)


def tight(state, force_field):
    """The state with a plan that its cell is about to outgrow."""
    plan = state.neighbors.plan
    lengths = np.linalg.norm(np.asarray(state.system.cell[0]), axis=1)
    spacing = float((lengths / np.asarray(plan.stages[0])).max()) * 1.0005
    closer = replace(plan_of(state.system, spacing, plan.order), stages=plan.stages)
    return replace(state, neighbors=replace(state.neighbors, plan=closer))


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_a_cell_that_outgrows_its_mesh_loses_no_step_wherever_chunks_begin(make):
    force_field = make(reference())
    # Under tension the cell grows by a per cent or two.
    barostat = CellRescaling(-20000.0, 50.0, "isotropic", compressibility_per_bar=1e-5)
    ensemble = npt(force_field, 0.5, 100.0, Langevin(), barostat)
    state = initial_state(small_crystal(), force_field, seed=3, skin=0.3)
    state = tight(with_thermal_momenta(state, 100.0), force_field)
    ends = []
    for frame_every in (40, 10):
        chunks = list(run(state, ensemble, steps=40, sample_every=5, frame_every=frame_every))
        ends.append(chunks[-1].state)
        assert [int(chunk.state.step) for chunk in chunks][-1] == 40
        assert sum(chunk.repeats for chunk in chunks) > 0
        assert int(ends[-1].step) == 40
    whole, pieces = ends
    assert len(whole.neighbors.plan.stages) > 1 or int(whole.neighbors.plan.stage) > 0
    np.testing.assert_array_equal(whole.system.positions, pieces.system.positions)
    np.testing.assert_array_equal(whole.system.cell, pieces.system.cell)
    # And a restart goes on with the plan as it is.
    fresh = bare_state(small_crystal(), force_field, seed=9, skin=0.3)
    spacing = whole.neighbors.plan.spacing
    fresh = replace(
        fresh,
        neighbors=replace(fresh.neighbors, plan=replace(fresh.neighbors.plan, spacing=spacing)),
    )
    again = restored(fresh, arrays_of(pieces))
    (*_, one) = run(again, ensemble, steps=10, sample_every=5, frame_every=10)
    (*_, other) = run(pieces, ensemble, steps=10, sample_every=5, frame_every=10)
    np.testing.assert_array_equal(one.state.system.positions, other.state.system.positions)
    np.testing.assert_array_equal(one.state.forces, other.state.forces)
    assert jnp.isfinite(one.state.forces).all()
