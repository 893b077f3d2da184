"""Simulations from Python: the same as `sundog md` at a prompt, in one call.

    run = sundog.simulate(atoms, steps=10_000, ensemble="npt", folder="run")
    run.energies["temperature_kelvin"], run.frames, run.final
    run = sundog.resume("run", steps=20_000)

Settings have the names of the flags, with underscores. Ctrl-C ends a run in a folder with a
checkpoint and everything written, as at a prompt; `resume` goes on from there.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from ase import Atoms

from sundog.engine.observers.base import AbstractObserver
from sundog.errors import InputError
from sundog.forcefield.base import AbstractForceField
from sundog.numerics.precision import with_x64
from sundog.runs.directory import RunDirectory
from sundog.runs.job import Job
from sundog.runs.launch import Launch, reopen
from sundog.runs.progress import Progress
from sundog.runs.result import Run, Scratch
from sundog.runs.setup import set_up, write_origin
from sundog.runs.traces import ended_at
from sundog.runs.unused import refuse_unread

Report = Callable[[str], None]


@with_x64
def simulate(
    atoms: Atoms,
    *,
    folder: str | Path | None = None,
    overwrite: bool = False,
    force_field: AbstractForceField | None = None,
    report: Report | None = None,
    observers: Sequence[AbstractObserver] = (),
    **settings: Any,
) -> Run:
    """Run molecular dynamics of a structure and return its results.

    Args:
        atoms: the structure; charge and multiplicity from `info["charge"]` and `info["spin"]`,
            unless they are given as `charge` and `multiplicity`.
        folder: folder of the run; without one a temporary folder, which is removed together with
            the value that is returned.
        overwrite: replace an earlier run in the folder.
        force_field: force field in place of the one that `model`, `electrostatics`, … describe,
            for example with terms of your own from `sundog.load(extra_terms=…)`.
        report: called with every line of messages; by default they go to stderr, with one line
            of progress that is rewritten.
        observers: observers whose columns are added to the standard ones of `energies`.
        **settings: settings by the names of the flags of `sundog md`, for example
            `ensemble="npt"`, `timestep_fs=0.5`, `electrostatics="ewald"`.

    Raises:
        InputError: a setting is unknown or has an impossible value; nothing is written then.
        StructureError: the model cannot describe the structure.
        RunDirectoryError: the folder holds something already, or cannot be written.
        BlowUpError: the dynamics diverged; the steps before are written, with a flight record.
    """
    job = Job.of(settings)
    refuse_unread(job.unread() | {"frame": "a structure file"}, settings)
    progress = Progress(report, observers)
    setup = set_up(atoms, job, force_field, command_line=[_caller("simulate")])
    scratch = Scratch() if folder is None else None
    place = folder if scratch is None else scratch.path
    assert place is not None
    with RunDirectory.create(place, overwrite) as directory:
        write_origin(directory, setup, None)
        progress.say(f"{setup.describe()}")
        for line in (*setup.said, *directory.warnings):
            progress.say(line)
        launch = Launch(setup, directory, setup.prepared(progress.say))
        return _moved(launch, progress, scratch, observers)


@with_x64
def resume(
    folder: str | Path | Run,
    *,
    allow_change: Sequence[str] = (),
    force_field: AbstractForceField | None = None,
    report: Report | None = None,
    observers: Sequence[AbstractObserver] = (),
    **changes: Any,
) -> Run:
    """Continue a run from its last checkpoint, bit for bit, and return its results.

    Args:
        folder: folder of the run, or the run itself.
        allow_change: names of settings that may differ from before.
        force_field: force field that the run was begun with, if `simulate` was given one.
        report: called with every line of messages, like that of `simulate`.
        observers: observers that the run was begun with.
        **changes: settings with new values, for example more `steps`.

    Raises:
        InputError: a setting would change that may not.
        RunDirectoryError: there is no run, or no checkpoint that it can continue from, or
            it is in use.
        BlowUpError: the dynamics diverged; the steps before are written, with a flight record.
    """
    scratch = folder.scratch if isinstance(folder, Run) else None
    with RunDirectory.claim(folder.folder if isinstance(folder, Run) else folder) as directory:
        job = Job.of(directory.read_config() | changes)
        refuse_unread(job.unread(), changes)
        progress = Progress(report, observers)
        line = [_caller("resume")]
        reopened = reopen(directory, job, allow_change, force_field, command_line=line)
        for said in (*reopened.said, *reopened.setup.said):
            progress.say(said)
        state = reopened.state(progress.say)
        step, settings = int(state.step), job.settings
        if step >= settings.steps and ended_at(directory, step, settings.number_of_replicas):
            raise InputError(
                "steps: there is nothing left to do",
                got=settings.steps,
                expected=f"more than the {step} steps that are done",
            )
        return _moved(reopened.launch(state), progress, scratch, observers)


def _moved(
    launch: Launch,
    progress: Progress,
    scratch: Scratch | None,
    observers: Sequence[AbstractObserver],
) -> Run:
    """Run to the end, with progress on the way."""
    progress.begin(launch.setup.job.settings, int(launch.state.step))
    chunks = launch.chunks(observers=observers)
    with closing(chunks), closing(progress):
        for chunk in chunks:
            progress.update(chunk)
    return Run(launch.directory.path, scratch=scratch)


def _caller(name: str) -> str:
    """Return in words how a function was called, for the provenance."""
    return f"sundog.{name} in {Path(sys.argv[0]).name or 'an interactive session'}"
