"""A run in a folder: begun, or reopened where its last checkpoint is, and moved on."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sundog.engine.observers.base import AbstractObserver
from sundog.engine.run import Chunk
from sundog.engine.state import MDState
from sundog.forcefield.base import AbstractForceField
from sundog.io.structures import read_structures
from sundog.runs.assembly import ensemble_of
from sundog.runs.checkpoint_files import Checkpoint
from sundog.runs.directory import RunDirectory
from sundog.runs.job import Job
from sundog.runs.resumption import note_resumption, refuse_changes
from sundog.runs.session import find_checkpoint, resumed, simulate
from sundog.runs.setup import Setup, set_up

Report = Callable[[str], None]


@dataclass(frozen=True)
class Launch:
    """A run that is about to move.

    Attributes:
        setup: what it is made of.
        directory: where it writes.
        state: where it begins or goes on.
        record: lengths of its files at the checkpoint that it goes on from; None for a new run.
    """

    setup: Setup
    directory: RunDirectory
    state: MDState
    record: Mapping[str, Any] | None = None

    def chunks(
        self,
        stop: Callable[[], bool] = lambda: False,
        observers: Sequence[AbstractObserver] = (),
    ) -> Generator[Chunk, None, None]:
        """Yield after every chunk, which is written by then; errors of `session.simulate`."""
        setup = self.setup
        settings = setup.job.settings
        yield from simulate(
            self.state,
            setup.force_field,
            ensemble_of(setup.force_field, settings, setup.mechanics),
            setup.atoms,
            setup.topology,
            self.directory,
            settings,
            stop,
            self.record,
            observers,
        )


@dataclass(frozen=True)
class Reopened:
    """A run that could go on.

    Attributes:
        directory: its folder.
        setup: what it is made of now.
        checkpoint: where it goes on; None for a run that was stopped before its first one.
        said: what has changed, and what was found of the checkpoints, in lines.
    """

    directory: RunDirectory
    setup: Setup
    checkpoint: Checkpoint | None
    said: tuple[str, ...]

    @property
    def origin(self) -> str:
        """Name of the checkpoint that the run goes on from, or `the beginning`."""
        return "the beginning" if self.checkpoint is None else self.checkpoint.path.name

    def state(self, report: Report) -> MDState:
        """Return the state that the run goes on with.

        Args:
            report: called with lines about the minimisation of a run that begins anew.

        Raises:
            InputError: multiple time steps, whose cycles do not begin there.
            RunDirectoryError: the checkpoint is of another structure or other kernels.
        """
        setup = self.setup
        if self.checkpoint is None:
            return setup.prepared(report)
        return resumed(
            setup.system,
            setup.force_field,
            setup.job.settings,
            setup.mechanics,
            self.checkpoint,
        )

    def launch(self, state: MDState) -> Launch:
        """Return the run about to move, noted in its folder."""
        note_resumption(self.directory, self.setup, int(state.step))
        record = None if self.checkpoint is None else self.checkpoint.record
        return Launch(self.setup, self.directory, state, record)


def reopen(
    folder: Path,
    job: Job,
    allow_change: Sequence[str] = (),
    force_field: AbstractForceField | None = None,
    *,
    command_line: Sequence[str],
) -> Reopened:
    """Return a run that could go on; nothing is written.

    Args:
        folder: of the run.
        job: as it would go on now.
        allow_change: names of settings that may be others than before.
        force_field: in place of the one that the job describes.
        command_line: how the resumption was asked for, for the provenance.

    Raises:
        RunDirectoryError: there is no run, or none of its checkpoints can be continued from.
        InputError: a setting would change that may not.
    """
    directory = RunDirectory.open(folder)
    atoms = read_structures(directory.input)[-1]
    setup = set_up(atoms, job, force_field, command_line=command_line)
    said = refuse_changes(directory, setup, allow_change)
    checkpoint = find_checkpoint(directory, setup.job.settings, said.append)
    if checkpoint is None:
        said.append("The run was stopped before its first checkpoint and begins anew")
    return Reopened(directory, setup, checkpoint, tuple(said))
