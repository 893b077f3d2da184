"""Energy conservation: how the fluctuation falls with the timestep, and what drifts.

Velocity Verlet: the energy fluctuates by an amount ∝ dt², and does not drift.
"""

import numpy as np

from potentials import LennardJones
from statistical.measuring import Row, argon_crystal, record
from sundog.forcefield.base import AbstractForceField
from sundog.simulate.ensembles import nve
from sundog.simulate.state import MDState, initial_state, with_thermal_momenta
from sundog.units import BOLTZMANN


def lennard_jones() -> list[Row]:
    """Return rows for a crystal of argon at 60 K."""
    force_field = LennardJones()
    state = initial_state(argon_crystal(3), force_field, seed=1)
    state = with_thermal_momenta(state, 60.0)
    return _rows("LJ crystal, NVE", state, force_field, (8.0, 4.0, 2.0), 10_000.0, 0.01)


def water(precision: str) -> list[Row]:
    """Return rows for 64 molecules under the published weights."""
    from sundog.forcefield.kernels import with_kernels
    from sundog.io.structures import system_from_atoms
    from sundog.prepare.water import water_box
    from sundog.simulate.ensembles import nvt_langevin
    from sundog.simulate.minimize import minimize
    from sundog.weights.load import load

    force_field, _ = with_kernels(load(electrostatics="truncated", precision=precision), "auto")
    state = initial_state(system_from_atoms(water_box(64, seed=0)), force_field, seed=1)
    *_, fire = minimize(state, force_field, force_threshold=0.1, steps=30)
    state = with_thermal_momenta(fire.md, 300.0)
    state, _ = record(state, nvt_langevin(force_field, 0.5, 300.0, 20.0), 600, stride=10)
    name = f"SO3LR, 64 water, {precision}, NVE"
    return _rows(name, state, force_field, (1.0, 0.5, 0.25), 300.0, 1.0)


def _rows(
    name: str,
    state: MDState,
    force_field: AbstractForceField,
    timesteps: tuple[float, ...],
    femtoseconds: float,
    largest: float,
) -> list[Row]:
    """Return rows for energies per k_B and degree of freedom; `largest` drift in K/ps."""
    spreads, rows = [], []
    freedom = float(state.degrees[0]) - 3
    for timestep in timesteps:
        _, samples = record(state, nve(force_field, timestep), int(femtoseconds / timestep))
        energy = samples["conserved_energy_ev"][:, 0] / (freedom * BOLTZMANN)
        spreads.append(energy.std())
        slope, error = _slope(energy, femtoseconds / 1000)
        rows.append(Row(f"{name}, {timestep:g} fs: drift in K/ps", 0.0, slope, error, largest))
    order = np.log(spreads[0] / spreads[1]) / np.log(timesteps[0] / timesteps[1])
    label = f"{name}: order of the fluctuation in dt, {timesteps[0]:g} and {timesteps[1]:g} fs"
    return [*rows, Row(label, 2.0, float(order), 0.1)]


def _slope(energy: np.ndarray, picoseconds: float, blocks: int = 10) -> tuple[float, float]:
    """Return slope and standard error of a line through the means of blocks."""
    means = np.asarray([one.mean() for one in np.array_split(energy, blocks)])
    times = picoseconds * (np.arange(blocks) + 0.5) / blocks
    (slope, _), covariance = np.polyfit(times, means, 1, cov=True)
    return float(slope), float(np.sqrt(covariance[0, 0]))
