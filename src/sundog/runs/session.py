"""A whole run: the state from which it begins or continues, and the loop that records it.

The stages of a run are here and nowhere else; the command line adds messages and figures.
"""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from ase import Atoms

from sundog.engine.cell_modes import check_cell
from sundog.engine.ensembles import Ensemble
from sundog.engine.minimize import minimize
from sundog.engine.observers.base import AbstractObserver
from sundog.engine.reservoirs.impulses import with_physical_forces
from sundog.engine.run import BlowUpError, Chunk, run
from sundog.engine.state import (
    MDState,
    bare_state,
    initial_state,
    with_constraints,
    with_momenta,
    with_thermal_momenta,
)
from sundog.errors import InputError
from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.prediction import Prediction
from sundog.io.extxyz import write_extxyz
from sundog.io.trajectories import check_extras
from sundog.runs.assembly import thermostat_of
from sundog.runs.checkpoint import arrays_of, restored
from sundog.runs.checkpoint_files import Checkpoint, save_checkpoint
from sundog.runs.directory import RunDirectory
from sundog.runs.flight_record import write_flight_record
from sundog.runs.mechanics import Mechanics
from sundog.runs.recording import Recorder, to_atoms
from sundog.runs.settings import SimulationSettings
from sundog.system import System, concatenate
from sundog.topology.topology import Topology

Report = Callable[[str], None]

SLOWER_WITH_CONSTRAINTS = 2.0
"""Ratio of the periods of the fastest vibrations with and without rigid bonds of hydrogens."""

LARGEST_TIMESTEP_OF_HYDROGEN_FS = 2.0
"""Timestep in fs that an atom of 1.008 amu can follow at most: velocity Verlet of an X–H stretch is
unstable from 2.9 fs on, and inaccurate well before."""


def check_feasible(
    atoms: Atoms, system: System, settings: SimulationSettings, mechanics: Mechanics
) -> None:
    """Refuse settings with which the structure cannot be simulated (host only).

    Args:
        atoms: the structure, for its momenta.
        system: batch of all replicas.
        settings: settings of the run.
        mechanics: masses, and which atoms are frozen or rigid.

    Raises:
        CellError: the barostat cannot change the cell.
        InputError: the lightest atom cannot follow the timestep, momenta are to be taken from a
            structure that has none, or thermostat and barostat do not go together.
    """
    if settings.start.momenta == "structure" and not atoms.has("momenta"):
        raise InputError(
            'momenta="structure": the structure has no momenta',
            remedy="Give an extended XYZ file with momenta, as the final.extxyz of a run",
        )
    check_extras(Path(f"trajectory.{settings.output.trajectory}"), settings.output.frame_extras)
    if settings.ensemble != "nve":
        thermostat_of(settings)
    if settings.ensemble == "npt":
        check_cell(system, settings.barostat.coupling)
    mobile = np.asarray(system.is_atom)
    if mechanics.frozen is not None:
        mobile = mobile & ~mechanics.frozen
    lightest = float(np.asarray(mechanics.masses)[mobile].min())
    bound = LARGEST_TIMESTEP_OF_HYDROGEN_FS * np.sqrt(lightest / 1.008)
    if mechanics.constraints is not None:
        bound *= SLOWER_WITH_CONSTRAINTS
    if settings.timestep_fs > bound:
        raise InputError(
            f"timestep_fs: the lightest atom, of {lightest:.3g} amu, cannot follow",
            got=settings.timestep_fs,
            expected=f"at most {bound:.2g} fs; 0.5 fs is usual",
        )


def replicated(system: System, settings: SimulationSettings) -> System:
    """Return the batch of all replicas of a structure."""
    count = settings.number_of_replicas
    return concatenate([system] * count) if count > 1 else system


def prepare(
    system: System,
    force_field: AbstractForceField,
    atoms: Atoms,
    settings: SimulationSettings,
    mechanics: Mechanics,
    report: Report,
    stop: Callable[[], bool] = lambda: False,
) -> MDState:
    """Return the state that a run starts from: minimised if asked for, and with momenta.

    Args:
        system: batch of all replicas.
        force_field: force field with the restraints.
        atoms: the structure, for its momenta.
        settings: settings of the run.
        mechanics: masses, and which atoms are frozen, rigid or restrained.
        report: called with a line about the outcome of the minimisation.
        stop: function that is called now and then and returns whether to stop minimising.

    Raises:
        SimulationError: the minimisation diverges.
    """
    state = initial_state(system, force_field, **_given(settings, mechanics))
    if settings.start.minimize:
        state = _minimized(state, force_field, settings, report, stop)
    if mechanics.constraints is not None:
        state = with_constraints(state, mechanics.constraints, force_field)
    if settings.start.momenta == "thermal":
        return with_thermal_momenta(state, np.asarray(settings.temperatures_kelvin))
    momenta = np.tile(atoms.get_momenta(), (settings.number_of_replicas, 1))
    return with_momenta(state, jnp.asarray(momenta))


def resumed(
    system: System,
    force_field: AbstractForceField,
    settings: SimulationSettings,
    mechanics: Mechanics,
    checkpoint: Checkpoint,
) -> MDState:
    """Return the state of a checkpoint, from which the run continues bit for bit.

    Args:
        system: batch of all replicas.
        force_field: force field with the restraints.
        settings: settings of the run.
        mechanics: masses, and which atoms are frozen, rigid or restrained.
        checkpoint: checkpoint to continue from.

    Raises:
        InputError: no cycle of the multiple time steps begins at the checkpoint.
        RunDirectoryError: the checkpoint is of another structure or other kernels.
    """
    state = bare_state(system, force_field, **_given(settings, mechanics))
    if mechanics.constraints is not None:
        degrees = state.degrees - mechanics.constraints.count(system)
        state = replace(state, constraints=mechanics.constraints, degrees=degrees)
    state = restored(state, checkpoint.arrays)
    if int(state.step) % settings.long_range_every:
        raise InputError(
            "long_range_every: no cycle begins at the checkpoint",
            got=f"{settings.long_range_every}, and step {int(state.step)}",
            expected="a divisor of the step",
        )
    return state


def _given(settings: SimulationSettings, mechanics: Mechanics) -> dict[str, Any]:
    return {
        "seed": settings.seed,
        "skin": settings.skin_angstrom,
        "masses": mechanics.masses,
        "frozen": mechanics.frozen,
    }


def simulate(
    state: MDState,
    force_field: AbstractForceField,
    ensemble: Ensemble,
    atoms: Atoms,
    topology: Topology,
    directory: RunDirectory,
    settings: SimulationSettings,
    stop: Callable[[], bool] = lambda: False,
    resume_at: Mapping[str, Any] | None = None,
    observers: Sequence[AbstractObserver] = (),
    carried: Mapping[str, Any] | None = None,
) -> Generator[Chunk, None, None]:
    """Run, write table, trajectory and checkpoints, and yield after every chunk.

    The last valid structures, with momenta, are written to `final.extxyz` however the run ends.

    Args:
        state: state that `prepare` or `resumed` returned.
        force_field: force field, for charges and other data of frames that the state lacks.
        ensemble: ensemble that makes the steps.
        atoms: the structure, for names and charge.
        topology: topology of the structure, for residues and molecules.
        directory: directory that the run writes to.
        settings: settings of the run.
        stop: function that is called between chunks and returns whether to end early.
        resume_at: record of the checkpoint that the run continues from.
        observers: observers whose columns are added to the standard ones of the table.
        carried: entries of the record of every checkpoint: what the steps before depend on.

    Raises:
        BlowUpError: the dynamics diverged; the steps before are written, with a flight record.
        RunDirectoryError: the disk is full.
    """
    files = None if resume_at is None else resume_at["files"]
    carried = {} if carried is None else dict(carried)
    predict = partial(_predict, force_field)
    physical = partial(with_physical_forces, force_field=force_field)
    with Recorder(directory, atoms, topology, settings, files, predict, physical) as recorder:
        if resume_at is None:
            recorder.write_frame(state)

        def save() -> None:
            record = {"files": recorder.positions, "step": int(state.step), **carried}
            save_checkpoint(
                directory.checkpoints,
                int(state.step),
                arrays_of(state),
                record,
                settings.output.keep_checkpoints,
            )

        # From now on the settings of `config.yaml` hold.
        if resume_at is None or any(resume_at.get(k) != value for k, value in carried.items()):
            save()
        saved, step_saved = time.monotonic(), int(state.step)
        try:
            for chunk in run(
                state,
                ensemble,
                steps=max(settings.steps - int(state.step), 0),
                sample_every=settings.output.sample_every,
                frame_every=settings.output.frame_every,
                observers=observers,
            ):
                recorder.write(chunk)
                state = chunk.state
                if time.monotonic() - saved >= 60 * settings.output.checkpoint_minutes:
                    save()
                    saved, step_saved = time.monotonic(), int(state.step)
                yield chunk
                if stop():
                    break
        except BlowUpError as failure:
            write_flight_record(directory, failure, atoms, settings.timestep_fs, physical)
            failure.add_note(f"See {directory.path / 'flight_record.txt'}.")
            raise
        finally:
            try:
                # A chunk that was not written completely must not be in a checkpoint.
                if recorder.whole and int(state.step) > step_saved:
                    save()
            finally:
                frames = [to_atoms(state, atoms, k) for k in range(settings.number_of_replicas)]
                for frame in frames:
                    frame.info["step"] = int(state.step)
                write_extxyz(directory.final, frames if len(frames) > 1 else frames[0])
                recorder.write_end(frames)


@eqx.filter_jit
def _predict(force_field: AbstractForceField, state: MDState) -> Prediction:
    return force_field(state.system, state.neighbors.pairs)


def _minimized(
    state: MDState,
    force_field: AbstractForceField,
    settings: SimulationSettings,
    report: Report,
    stop: Callable[[], bool],
) -> MDState:
    threshold = settings.start.minimize_force_ev_per_angstrom
    before = float(state.potential_energy.sum())
    largest = float("nan")
    for fire in minimize(
        state, force_field, force_threshold=threshold, steps=settings.start.minimize_steps
    ):
        state, largest = fire.md, float(fire.largest_force)
        if stop():
            break
    jax.block_until_ready(state)
    verdict = "converged" if largest <= threshold else "not converged"
    report(
        f"Minimised ({verdict}): energy changed by "
        f"{float(state.potential_energy.sum()) - before:+.3f} eV, "
        f"largest force {largest:.3f} eV/Å"
    )
    return state
