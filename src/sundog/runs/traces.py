"""Traces of a run in its folder: a checkpoint to continue from, or signs that it had begun."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from sundog.errors import RunDirectoryError, SundogError
from sundog.io.append import held_up_to as table_held
from sundog.io.reading import read_structures
from sundog.io.trajectories import WRITERS
from sundog.io.trajectories import held_up_to as trajectory_held
from sundog.runs.checkpoint_files import Checkpoint, newest_checkpoint
from sundog.runs.directory import RunDirectory


def find_checkpoint(directory: RunDirectory, report: Callable[[str], None]) -> Checkpoint | None:
    """Return the newest checkpoint whose files are at least as long as it recorded.

    None is returned for a run that was stopped before its first checkpoint.

    Args:
        directory: directory of the run.
        report: called with a line for every checkpoint that is passed over.

    Raises:
        RunDirectoryError: no checkpoint can be continued from, or the checkpoints are missing
            although the run had begun.
    """

    def refuses(checkpoint: Checkpoint) -> str | None:
        for path, position in _files_of(directory, checkpoint.record["files"]):
            holds = trajectory_held if path.suffix in WRITERS else table_held
            if position > 0 and not holds(path, position):
                return f"{path.name} is shorter than it was then"
        return None

    checkpoint = newest_checkpoint(directory.checkpoints, refuses, report)
    # The first checkpoint is older than the first row: what was computed is not thrown away.
    if checkpoint is None and (left := begun(directory)) is not None:
        raise RunDirectoryError(
            f"{directory.checkpoints}: the checkpoints are gone, and the run had begun",
            got=left.name,
            remedy="Put them back, or start again from final.extxyz in another folder",
        )
    return checkpoint


def begun(directory: RunDirectory) -> Path | None:
    """Return a file that only a run with steps has; None before the first checkpoint."""
    if directory.final.exists():
        return directory.final
    for own in (directory, *map(RunDirectory, sorted(directory.path.glob("replica-[0-9]*")))):
        if own.energies.exists():
            return own.energies
        for suffix in WRITERS:
            path = own.trajectory(suffix)
            if path.is_file() and path.stat().st_size > 0 and _has_moved(directory, own, path):
                return path
    return None


def finished(directory: RunDirectory) -> bool:
    """Return whether the run has made all steps of its settings, whatever checkpoints are left."""
    if not (directory.exists and directory.config.is_file()):
        return False
    steps = directory.read_config().get("steps")
    return steps is not None and ended_at(directory, steps)


def ended_at(directory: RunDirectory, step: int, replicas: int = 1) -> bool:
    """Return whether the last structure of every replica is there, and of this step.

    A run that was killed after its last checkpoint lacks them although no step is left.

    Args:
        directory: directory of the run.
        step: number of the step.
        replicas: number of replicas.
    """
    finals = [directory.replica(k, replicas).final for k in range(replicas)]
    return all(
        final.is_file() and read_structures(final)[-1].info.get("step") == step for final in finals
    )


def _has_moved(directory: RunDirectory, own: RunDirectory, path: Path) -> bool:
    """Return whether a trajectory has more than the frame of the start, or cannot be read."""
    from sundog.io.trajectories.frames import read_frames

    try:
        like = read_structures(directory.input)[-1]
        return len(list(islice(read_frames(path, like), 2))) > 1
    except (SundogError, OSError, ValueError, RuntimeError, LookupError):
        return True


def _files_of(directory: RunDirectory, files: Mapping[str, Any]) -> Iterator[tuple[Path, int]]:
    """Yield the files that a checkpoint names and the lengths that they had."""
    keys = {key: key.split("/") for key in files}
    count = 1 + max((int(number) for number, _ in keys.values()), default=0)
    for key, (number, name) in keys.items():
        yield directory.replica(int(number), count).path / name, files[key]
