"""Energy conservation: how the fluctuation falls with the timestep, and what drifts.

Velocity Verlet: the energy fluctuates by an amount ∝ dt², and does not drift.
"""

from pathlib import Path

import numpy as np
from ase import Atoms

from potentials import LennardJones, argon
from statistical.measuring import Row, record
from sundog.engine.ensembles import nve, nvt
from sundog.engine.minimize import minimize
from sundog.engine.propagators.ornstein_uhlenbeck import Langevin
from sundog.engine.state import MDState, initial_state, with_thermal_momenta
from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.formulations.choice import with_kernels
from sundog.io.reading import read_structures
from sundog.io.structures import system_from_atoms
from sundog.names import ElectrostaticsName, Precision
from sundog.prepare.water import water_box
from sundog.weights.load import load

PEPTIDE = Path(__file__).parents[2] / "benchmarks" / "data" / "acala15.extxyz"


def lennard_jones() -> list[Row]:
    """Return rows for a crystal of argon at 60 K."""
    force_field = LennardJones()
    state = initial_state(argon(3), force_field, seed=1)
    state = with_thermal_momenta(state, 60.0)
    return _rows("LJ crystal, NVE", state, force_field, (8.0, 4.0, 2.0), 20_000.0, 0.1)


def water(precision: Precision) -> list[Row]:
    """Return rows for 64 molecules under the published weights."""
    return _so3lr("64 water", water_box(64, seed=0), "truncated", precision)


def peptide(precision: Precision) -> list[Row]:
    """Return rows for folded Ac-Ala₁₅-NMe, 162 atoms, under the published weights."""
    (atoms,) = read_structures(PEPTIDE)
    return _so3lr("Ac-Ala₁₅-NMe", atoms, "exact", precision)


def _so3lr(
    name: str, atoms: Atoms, electrostatics: ElectrostaticsName, precision: Precision
) -> list[Row]:
    model = load(electrostatics=electrostatics, precision=precision)
    force_field, _ = with_kernels(model, "auto")
    state = initial_state(system_from_atoms(atoms), force_field, seed=1)
    *_, fire = minimize(state, force_field, force_threshold=0.1, steps=30)
    state = with_thermal_momenta(fire.md, 300.0)
    state, _ = record(state, nvt(force_field, 0.5, 300.0, Langevin(20.0)), 600, stride=10)
    timesteps = (1.0, 0.5, 0.25)
    return _rows(f"SO3LR, {name}, {precision}, NVE", state, force_field, timesteps, 2000.0, 10.0)


def _rows(
    name: str,
    state: MDState,
    force_field: AbstractForceField,
    timesteps: tuple[float, ...],
    femtoseconds: float,
    largest: float,
) -> list[Row]:
    """Return rows for energies in meV per atom; `largest` drift in meV per atom and ns."""
    spreads, rows = [], []
    atoms = state.system.number_of_atoms
    for timestep in timesteps:
        _, samples = record(state, nve(force_field, timestep), int(femtoseconds / timestep))
        energy = samples["conserved_energy_ev"][:, 0] * 1000 / atoms
        spreads.append(energy.std())
        slope, error = _slope(energy, femtoseconds * 1e-6)
        label = f"{name}, {timestep:g} fs: drift in meV/atom/ns"
        rows.append(Row(label, 0.0, slope, error, largest))
    order = np.log(spreads[0] / spreads[1]) / np.log(timesteps[0] / timesteps[1])
    label = f"{name}: order of the fluctuation in dt, {timesteps[0]:g} and {timesteps[1]:g} fs"
    return [*rows, Row(label, 2.0, float(order), 0.1)]


def _slope(energy: np.ndarray, nanoseconds: float, blocks: int = 10) -> tuple[float, float]:
    """Return slope and standard error of a line through the means of blocks."""
    means = np.asarray([one.mean() for one in np.array_split(energy, blocks)])
    times = nanoseconds * (np.arange(blocks) + 0.5) / blocks
    (slope, _), covariance = np.polyfit(times, means, 1, cov=True)
    return float(slope), float(np.sqrt(covariance[0, 0]))
