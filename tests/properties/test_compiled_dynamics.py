"""Dynamics on the compiled kernels is the reference's dynamics."""

import numpy as np

from fixtures import (
    SIMPLE,
    call,
    needs_cpu_kernels,
    pairs_for,
    random_force_field,
    small_crystal,
)
from sundog.engine.ensembles import nve
from sundog.engine.run import run
from sundog.engine.state import initial_state, with_thermal_momenta
from sundog.forcefield.formulations.cpu import on_cpu
from sundog.forcefield.so3lr import astype
from sundog.units import FEMTOSECOND

pytestmark = needs_cpu_kernels


def velocity_verlet(state, force_field, steps):
    """Conserved energies after each step, and the last positions, by the reference alone."""
    system, momenta, masses = state.system, state.momenta, np.asarray(state.masses)[:, None]
    prediction, energies = call(force_field, system, pairs_for(force_field, system)), []
    for _ in range(steps):
        momenta = momenta + 0.5 * FEMTOSECOND * prediction.forces
        system = system.at(system.positions + FEMTOSECOND * momenta / masses)
        prediction = call(force_field, system, pairs_for(force_field, system))
        momenta = momenta + 0.5 * FEMTOSECOND * prediction.forces
        kinetic = 0.5 * np.sum(np.asarray(momenta) ** 2 / masses)
        energies.append(float(prediction.energy[0]) + kinetic)
    return np.array(energies), np.asarray(system.positions)


def test_energy_is_conserved_as_by_the_reference():
    reference = random_force_field(SIMPLE, "truncated", cutoff=4.5)
    energies, ends = {}, {}
    for name, precision in (("cpu", "float64"), ("cpu in float32", "float32")):
        force_field = on_cpu(astype(reference, precision), threads=2)
        start = initial_state(small_crystal(scale=1.2), force_field, seed=1, skin=0.2)
        start = with_thermal_momenta(start, 600.0)
        chunks = list(run(start, nve(force_field, 1.0), steps=120, sample_every=1, frame_every=120))
        rows = [chunk.samples["conserved_energy_ev"][:, 0] for chunk in chunks]
        energies[name] = np.concatenate(rows)
        ends[name] = np.asarray(chunks[-1].state.system.positions)
        # Far enough for lists to have been built again on the way.
        assert np.abs(ends[name] - start.system.positions).max() > 0.2
    energies["reference"], ends["reference"] = velocity_verlet(start, reference, 120)
    spread = {name: np.ptp(one) for name, one in energies.items()}
    assert spread["cpu"] <= 1.001 * spread["reference"]
    assert spread["cpu in float32"] <= 1.01 * spread["reference"] + 1e-5
    np.testing.assert_allclose(ends["cpu"], ends["reference"], atol=1e-8)
    np.testing.assert_allclose(ends["cpu in float32"], ends["reference"], atol=1e-4)
