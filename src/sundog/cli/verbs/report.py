"""`sundog report`: one page that says what was run, whether it can be trusted, what it shows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sundog.analysis.choices import Choices
from sundog.cli.flags import FLAT
from sundog.cli.options import locked
from sundog.cli.recordings import beside, names_of, opened
from sundog.errors import InputError, RunDirectoryError


def report(
    run: Path,
    /,
    *more: Path,
    what: str | None = None,
    topology: Path | None = None,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    choices: Annotated[Choices, FLAT] = Choices(),  # noqa: B008
    unfinished: bool = False,
    overwrite: bool = False,
) -> None:
    """Make one page of runs: what was run, whether it can be trusted, what it shows.

    The page is one HTML file that needs no network: verdict, trajectory in 3D, health, observables
    that fit the system, settings, how to cite and to reproduce. Several runs are laid over one
    another. Runs are only read.

    Parameters
    ----------
    run
        Folder of a run, or a structure file or trajectory.
    more
        Further runs, to be compared.
    what
        Names of observables with commas between, as rdf,msd; by default those that fit the system.
        `sundog analyze --what list` lists them.
    topology
        Structure file that names the atoms of trajectories that do not.
    output
        HTML file; by default RUN-report.html beside a single run.
    unfinished
        Show what a run that is going on has written so far.
    overwrite
        Replace the file.
    """
    names = names_of(what)
    file = _file(run, more, output)
    if file.is_dir() or not file.parent.is_dir():
        raise RunDirectoryError(f"output: {file} cannot be a file", expected="a path in a folder")
    with locked(file):
        _report((run, *more), file, names, topology, choices, unfinished, overwrite)


def _report(
    runs: Sequence[Path],
    file: Path,
    names: Sequence[str],
    topology: Path | None,
    choices: Choices,
    unfinished: bool,
    overwrite: bool,
) -> None:
    """Write the page that `report` was asked for, under the lock of its file."""
    if file.exists() and not overwrite:
        raise RunDirectoryError(
            f"output: {file} exists already",
            remedy="Choose another file (`output`), or replace it with overwrite=True",
        )
    from sundog.files import write_atomically
    from sundog.report.build import make_report

    recordings, paths = opened(runs, topology, unfinished)
    folders = [path.resolve() if path.is_dir() else None for path in paths]
    page = make_report(recordings, folders, names, choices, print)
    write_atomically(file, page)
    print(f"Report in {file} ({len(page.encode()) / 1e6:.1f} MB): open it in a browser")


def _file(run: Path, more: tuple[Path, ...], output: Path | None) -> Path:
    """Return the file for the page: the one named, or one beside a single run."""
    if output is not None:
        if output.suffix not in (".html", ".htm"):
            raise InputError("output: a page ends with .html", got=output.name)
        return output
    if more:
        raise InputError("output: several runs have no file of their own", expected="-o FILE.html")
    return beside(run, "-report.html")
