"""A whole run of one structure: minimise, heat, propagate, record.

The steps of a run are here and nowhere else; the command line adds words and pictures.
"""

from collections.abc import Callable, Iterator

import jax
from ase import Atoms

from sundog.forcefield.base import AbstractForceField
from sundog.io.extxyz import write_extxyz
from sundog.io.run_directory import RunDirectory
from sundog.simulate.ensembles import Ensemble, nve, nvt_langevin
from sundog.simulate.minimize import minimize
from sundog.simulate.recording import Recorder, to_atoms
from sundog.simulate.run import Chunk, run
from sundog.simulate.settings import SimulationSettings
from sundog.simulate.state import MDState, with_thermal_momenta

Report = Callable[[str], None]


def prepare(
    state: MDState, force_field: AbstractForceField, settings: SimulationSettings, report: Report
) -> MDState:
    """Return the state a run starts from: minimised if asked for, and with thermal momenta.

    Raises:
        SimulationError: the minimisation diverges.
    """
    if settings.minimize:
        state = _minimized(state, force_field, settings, report)
    return with_thermal_momenta(state, settings.temperature_kelvin)


def ensemble_of(force_field: AbstractForceField, settings: SimulationSettings) -> Ensemble:
    """Return the recipe that the settings name."""
    if settings.ensemble == "nve":
        return nve(force_field, settings.timestep_fs)
    return nvt_langevin(
        force_field,
        settings.timestep_fs,
        settings.temperature_kelvin,
        settings.friction_per_ps,
    )


def simulate(
    state: MDState,
    force_field: AbstractForceField,
    atoms: Atoms,
    directory: RunDirectory,
    settings: SimulationSettings,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Chunk]:
    """Run, write table and trajectory, and yield after every chunk.

    The last good structure, with momenta, is written to `final.extxyz` however the run ends.

    Args:
        state: from `prepare`.
        force_field: the force field.
        atoms: the structure, for names and charge.
        directory: where to write.
        settings: the settings.
        stop: asked between chunks whether to end early.

    Raises:
        SimulationError: the run blew up; what was good is written.
        RunDirectoryError: the disk is full.
    """
    ensemble = ensemble_of(force_field, settings)
    with Recorder(directory, atoms, settings) as recorder:
        recorder.write_frame(state)
        try:
            for chunk in run(
                state,
                ensemble,
                steps=settings.steps,
                sample_every=settings.sample_every,
                frame_every=settings.frame_every,
            ):
                state = chunk.state
                recorder.write(chunk)
                yield chunk
                if stop():
                    return
        finally:
            write_extxyz(directory.final, to_atoms(state, atoms))


def _minimized(
    state: MDState, force_field: AbstractForceField, settings: SimulationSettings, report: Report
) -> MDState:
    threshold = settings.minimize_force_ev_per_angstrom
    before = float(state.potential_energy.sum())
    largest = float("nan")
    for fire in minimize(
        state, force_field, force_threshold=threshold, steps=settings.minimize_steps
    ):
        state, largest = fire.md, float(fire.largest_force)
    jax.block_until_ready(state)
    verdict = "converged" if largest <= threshold else "not converged"
    report(
        f"Minimised ({verdict}): energy {float(state.potential_energy.sum()) - before:+.3f} eV, "
        f"largest force {largest:.3f} eV/Å"
    )
    return state
