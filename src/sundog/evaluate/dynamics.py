"""Trajectories by any model, for benchmarks that are simulations.

A sundog force field is moved by the engine. An ASE calculator is moved by ASE: FIRE, then Langevin
dynamics, or at constant pressure the equations of Martyna, Tobias and Klein. Masses,
temperature, pressure and timestep are the same, so both sample the same ensemble.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import ase.units
import numpy as np
from ase import Atoms
from ase.md.langevin import Langevin
from ase.md.md import MolecularDynamics
from ase.md.nose_hoover_chain import IsotropicMTKNPT
from ase.optimize import FIRE
from jaxtyping import Float

from sundog.errors import InputError
from sundog.forcefield.base import AbstractForceField
from sundog.io.gate import unchecked
from sundog.io.structures import system_from_atoms
from sundog.io.topologies import topology_from_atoms
from sundog.numerics.precision import with_x64
from sundog.runs.job import Job
from sundog.runs.mechanics import mechanics_of
from sundog.runs.recording import to_atoms
from sundog.runs.settings import SimulationSettings
from sundog.runs.setup import set_up
from sundog.units import BOLTZMANN


@dataclass(frozen=True, kw_only=True)
class Trajectory:
    """Frames of a simulation; the structure that it starts from is not among them.

    Attributes:
        energy: Potential energy of the last frame in eV.
        time_ps: Time of each frame since the start in ps.
        positions: Positions in each frame in Å, not wrapped into the cell.
        cells: Cell of each frame in Å, lattice vectors as rows.
        seconds: Wall time of the steps between each frame and the one before; that of the first
            frame includes compilation.
    """

    energy: float
    time_ps: Float[np.ndarray, " frames"]
    positions: Float[np.ndarray, "frames atoms 3"]
    cells: Float[np.ndarray, "frames 3 3"]
    seconds: Float[np.ndarray, " frames"]


Report = Callable[[str], None]
"""Function that is called with lines of progress."""

TENTHS = 10
"""Number of times that the progress of a simulation is reported."""


@with_x64
def simulated(
    force_field: AbstractForceField, atoms: Atoms, settings: SimulationSettings, report: Report
) -> Trajectory:
    """Return the trajectory of a structure, simulated by the engine.

    Args:
        force_field: Force field on any kernels.
        atoms: Structure to start from, with `info["charge"]`.
        settings: Settings of the run; every `frame_every` steps a frame is kept.
        report: Function that is called with lines of progress.

    Raises:
        InputError: The force field or the engine refuses the structure.
        SimulationError: The run blows up.
    """
    job = Job(settings)
    gated = unchecked(atoms, job.electrons)
    setup = set_up(atoms, job, force_field, command_line=(), gated=gated)

    def frames() -> Iterator[tuple[Atoms, float]]:
        for chunk in setup.chunks(report):
            if int(chunk.state.step) % settings.output.frame_every == 0:
                energies = chunk.state.energies.values()
                yield to_atoms(chunk.state, atoms), sum(float(one[0]) for one in energies)

    return _collected(frames(), settings, report)


def simulated_by_ase(
    calculator: Any, atoms: Atoms, settings: SimulationSettings, report: Report
) -> Trajectory:
    """Return the trajectory of a structure, simulated by ASE with a calculator.

    Args:
        calculator: ASE calculator.
        atoms: Structure to start from, with `info["charge"]`.
        settings: Settings of the run; every `frame_every` steps a frame is kept.
        report: Function that is called with lines of progress.

    Raises:
        InputError: The ensemble is NVE.
    """
    if settings.ensemble == "nve":
        raise InputError(
            "ensemble: ASE simulates at constant temperature only", got=settings.ensemble
        )
    moving = atoms.copy()
    system = system_from_atoms(atoms)
    mechanics = mechanics_of(system, settings, topology_from_atoms(atoms))
    moving.set_masses(np.asarray(mechanics.masses))  # pyright: ignore[reportArgumentType]
    moving.calc = calculator
    if settings.start.minimize:
        force = settings.start.minimize_force_ev_per_angstrom
        FIRE(moving, logfile=os.devnull).run(fmax=force, steps=settings.start.minimize_steps)
    random = np.random.default_rng(settings.seed)
    moving.set_momenta(_thermal(moving.get_masses(), settings.bath.temperature_kelvin, random))
    dynamics = _dynamics(moving, settings, random)

    def frames() -> Iterator[tuple[Atoms, float]]:
        for _ in range(settings.steps // settings.output.frame_every):
            dynamics.run(settings.output.frame_every)
            yield moving, moving.get_potential_energy()

    return _collected(frames(), settings, report)


def _thermal(
    masses: Float[np.ndarray, " atoms"], temperature: float, random: np.random.Generator
) -> Float[np.ndarray, "atoms 3"]:
    """Return momenta of the Maxwell–Boltzmann distribution with a total momentum of zero."""
    spread = np.sqrt(masses * BOLTZMANN * temperature)
    momenta = spread[:, None] * random.normal(size=(len(masses), 3))
    return momenta - masses[:, None] * momenta.sum(axis=0) / masses.sum()


def _dynamics(
    atoms: Atoms, settings: SimulationSettings, random: np.random.Generator
) -> MolecularDynamics:
    fs = ase.units.fs
    timestep, temperature = settings.timestep_fs * fs, settings.bath.temperature_kelvin
    if settings.ensemble == "npt":
        return IsotropicMTKNPT(
            atoms,
            timestep,
            temperature_K=temperature,
            pressure_au=settings.barostat.pressure_bar * 1e5 * ase.units.Pascal,
            tdamp=settings.bath.thermostat_time_fs * fs,
            pdamp=settings.barostat.barostat_time_fs * fs,
        )
    return Langevin(
        atoms,
        timestep,
        temperature_K=temperature,
        friction=settings.bath.friction_per_ps / (1000 * fs),
        fixcm=False,
        rng=random,
    )


def _collected(
    frames: Iterator[tuple[Atoms, float]], settings: SimulationSettings, report: Report
) -> Trajectory:
    count = settings.steps // settings.output.frame_every
    every = settings.output.frame_every * settings.timestep_fs / 1000
    positions, cells, seconds, energies = [], [], [], []
    begin = time.perf_counter()
    for number, (atoms, energy) in enumerate(frames, start=1):
        energies.append(energy)
        positions.append(atoms.positions.copy())
        cells.append(atoms.cell.array.copy())
        seconds.append(time.perf_counter() - begin)
        if number * TENTHS % count < TENTHS:
            report(f"{number * every:.4g} of {count * every:.4g} ps")
    return Trajectory(
        energy=float(energies[-1]),
        time_ps=every * np.arange(1, len(positions) + 1),
        positions=np.array(positions),
        cells=np.array(cells),
        seconds=np.diff(seconds, prepend=0.0),
    )
