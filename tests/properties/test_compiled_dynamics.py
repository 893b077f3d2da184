"""Dynamics on the compiled kernels is the reference's dynamics."""

import jax
import numpy as np
import pytest

from fixtures import SIMPLE, needs_cpu_kernels, random_force_field, small_crystal
from sundog.engine.ensembles import nve
from sundog.engine.run import run
from sundog.engine.state import initial_state, with_thermal_momenta
from sundog.forcefield.formulations.cpu import on_cpu
from sundog.forcefield.so3lr import astype

pytestmark = needs_cpu_kernels


@pytest.fixture
def quickly_compiled():
    """Programs that take longer to compile than they run."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


def test_energy_is_conserved_as_by_the_reference(quickly_compiled):
    reference = random_force_field(SIMPLE, "truncated", cutoff=4.5)
    formulations = {
        "reference": reference,
        "cpu": on_cpu(reference, threads=2),
        "cpu in float32": on_cpu(astype(reference, "float32"), threads=2),
    }
    energies, ends = {}, {}
    for name, force_field in formulations.items():
        state = initial_state(small_crystal(scale=1.2), force_field, seed=1, skin=0.2)
        state = with_thermal_momenta(state, 600.0)
        chunks = list(run(state, nve(force_field, 1.0), steps=120, sample_every=1, frame_every=120))
        rows = [chunk.samples["conserved_energy_ev"][:, 0] for chunk in chunks]
        energies[name] = np.concatenate(rows)
        ends[name] = np.asarray(chunks[-1].state.system.positions)
        # Far enough for lists to have been built again on the way.
        assert np.abs(ends[name] - state.system.positions).max() > 0.2
    spread = {name: np.ptp(one) for name, one in energies.items()}
    assert spread["cpu"] <= 1.001 * spread["reference"]
    assert spread["cpu in float32"] <= 1.01 * spread["reference"] + 1e-5
    np.testing.assert_allclose(ends["cpu"], ends["reference"], atol=1e-8)
    np.testing.assert_allclose(ends["cpu in float32"], ends["reference"], atol=1e-4)
