"""A run in a folder: begun, or reopened at its last checkpoint, and integrated."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sundog.engine.observers.base import AbstractObserver
from sundog.engine.run import Chunk
from sundog.engine.state import MDState
from sundog.forcefield.base import AbstractForceField
from sundog.io.gate import unchecked
from sundog.io.reading import read_one
from sundog.runs.assembly import ensemble_of
from sundog.runs.checkpoint_files import Checkpoint
from sundog.runs.directory import RunDirectory
from sundog.runs.job import Job
from sundog.runs.resumption import note_resumption, refuse_changes, refuse_edited_input
from sundog.runs.session import resumed, simulate
from sundog.runs.setup import Setup, set_up
from sundog.runs.traces import find_checkpoint

Report = Callable[[str], None]


@dataclass(frozen=True)
class Launch:
    """A run that is ready for its first or next step.

    Attributes:
        setup: structure, force field and settings.
        directory: directory that the run writes to.
        state: state that the run begins with or continues from.
        record: record of the checkpoint that it continues from, with the lengths of its files; None
            for a new run.
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
        """Yield after every chunk, once it is written; errors are those of `session.simulate`.

        Args:
            stop: function that is called between chunks and returns whether to end early.
            observers: observers whose columns are added to the energies table.
        """
        setup = self.setup
        settings = setup.job.settings
        yield from simulate(
            self.state,
            setup.force_field,
            ensemble_of(setup.force_field, settings, setup.mechanics),
            setup.bodies,
            setup.topology,
            self.directory,
            settings,
            stop,
            self.record,
            observers,
            {"settings": setup.config, "weights": setup.weights["sha256"]},
        )


@dataclass(frozen=True)
class Reopened:
    """A run that can be continued.

    Attributes:
        directory: directory of the run.
        setup: structure, force field and settings, with the changes.
        checkpoint: checkpoint to continue from; None if the run was stopped before its first one.
        said: lines about changed settings and about checkpoints that were passed over.
    """

    directory: RunDirectory
    setup: Setup
    checkpoint: Checkpoint | None
    said: tuple[str, ...]

    @property
    def origin(self) -> str:
        """Name of the checkpoint that the run continues from, or `the beginning`."""
        return "the beginning" if self.checkpoint is None else self.checkpoint.path.name

    def state(self, report: Report) -> MDState:
        """Return the state that the run continues from.

        Args:
            report: called with lines about the minimisation of a run that begins anew.

        Raises:
            InputError: no cycle of the multiple time steps begins at the checkpoint.
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
        """Return the run ready for its next step, after a note of the resumption in its folder.

        What a killed process left of the files that it was writing is removed.

        Raises:
            RunDirectoryError: a file of the run may not be written; nothing was changed.
        """
        self.directory.check_permissions()
        self.directory.remove_leftovers()
        note_resumption(self.directory, self.setup, int(state.step))
        record = None if self.checkpoint is None else self.checkpoint.record
        return Launch(self.setup, self.directory, state, record)


def reopen(
    directory: RunDirectory,
    job: Job,
    allow_change: Sequence[str] = (),
    force_field: AbstractForceField | None = None,
    *,
    command_line: Sequence[str],
) -> Reopened:
    """Return a run that can be continued; nothing is written.

    Args:
        directory: directory of the run, claimed if it is to be continued.
        job: settings to continue with.
        allow_change: names of settings that may differ from before.
        force_field: force field in place of the one that the job describes.
        command_line: command or call that asked for the resumption, for the provenance.

    Raises:
        RunDirectoryError: no checkpoint can be continued from, or the structure file was changed.
        InputError: a setting would change that may not.
    """
    said: list[str] = []
    directory.read_config()
    refuse_edited_input(directory)
    checkpoint = find_checkpoint(directory, said.append)
    atoms = read_one(directory.input, job.settings.start.frame, _unsaid)
    # What has begun goes on, also if it began before valences were looked at.
    gated = unchecked(atoms, job.electrons)
    setup = set_up(atoms, job, force_field, command_line=command_line, gated=gated)
    record = None if checkpoint is None else checkpoint.record
    said = [*refuse_changes(directory, setup, allow_change, record), *said]
    if checkpoint is None:
        said.append("The run was stopped before its first checkpoint and begins anew")
    return Reopened(directory, setup, checkpoint, (*said, *directory.warnings))


def _unsaid(line: str) -> None:
    """Report nothing: the run has said it when it began."""
