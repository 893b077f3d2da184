"""Runs as arguments of verbs that read them: names of observables, outputs beside, opening."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sundog.analysis.names import check_names

if TYPE_CHECKING:
    from sundog.analysis.recording import Recording


def names_of(what: str | None) -> list[str]:
    """Return the names of observables of a text with commas between; none by default.

    Raises:
        InputError: one is no observable.
    """
    names = [] if what is None else [name.strip() for name in what.split(",")]
    check_names(names)
    return names


def beside(run: Path, ending: str) -> Path:
    """Return the path beside a run or trajectory that is named after it, with an ending."""
    whole = run.absolute()
    return whole.with_name(f"{whole.name if run.is_dir() else whole.stem}{ending}")


def opened(
    runs: Iterable[Path], topology: Path | None, unfinished: bool
) -> "tuple[list[Recording], list[Path]]":
    """Return recordings and the path that each came from; print what is to be said of them.

    Args:
        runs: folders of runs, structure files and trajectories.
        topology: structure file that names the atoms of trajectories.
        unfinished: whether a run may still be going on.
    """
    from sundog.runs.recorded import open_recordings

    recordings: list[Recording] = []
    paths: list[Path] = []
    for path in runs:
        found: Sequence[Recording] = open_recordings([path], topology, unfinished=unfinished)
        recordings += found
        paths += [path] * len(found)
    for one in recordings:
        for line in one.said:
            print(f"{one.name}: {line}")
    return recordings, paths
