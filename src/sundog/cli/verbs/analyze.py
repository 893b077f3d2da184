"""`sundog analyze`: what trajectories say, with error bars."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sundog.analysis.choices import Choices
from sundog.cli.flags import FLAT
from sundog.cli.options import locked
from sundog.cli.recordings import beside, names_of, opened
from sundog.errors import InputError


def analyze(
    run: Path | None = None,
    /,
    *more: Path,
    what: str | None = None,
    topology: Path | None = None,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    choices: Annotated[Choices, FLAT] = Choices(),  # noqa: B008
    unfinished: bool = False,
    overwrite: bool = False,
) -> None:
    """Measure observables along runs: tables, figures, means with error bars.

    Runs are only read. Every mean comes with its number of effective samples (n_eff); below 10 it
    has no error bar. Of several runs mean, spread and a test of their differences are given.

    Parameters
    ----------
    run
        Folder of a run, or a structure file or trajectory.
    more
        Further runs, to be compared.
    what
        Names of observables with commas between, as rdf,msd; by default all that fit. `--what list`
        lists them.
    topology
        Structure file that names the atoms of trajectories that do not.
    output
        Folder for tables and figures; by default RUN-analysis beside a single run.
    unfinished
        Analyse what a run that is going on has written so far.
    overwrite
        Replace an earlier analysis in the output folder.
    """
    if what == "list":
        _list()
        return
    if run is None:
        raise InputError("analyze: the folder of a run, or a trajectory, is needed")
    names = names_of(what)
    from sundog.analysis.files import check_folder, write_analysis

    folder = _folder(run, more, output)
    check_folder(folder, overwrite)
    with locked(folder):
        check_folder(folder, overwrite)
        from sundog.analysis.carry_out import analyze as carry_out
        from sundog.cli.show.analysis import show

        recordings, _ = opened((run, *more), topology, unfinished)
        analysis = carry_out(recordings, names, choices, print)
        origin = {
            "command": ["sundog", *sys.argv[1:]],
            "runs": [str(path) for path in (run, *more)],
        }
        write_analysis(analysis, folder, origin)
        for line in show(analysis):
            print(line)
        print(f"Tables and figures are in {folder}")


def _folder(run: Path, more: tuple[Path, ...], output: Path | None) -> Path:
    """Return the folder for the results: the one named, or one beside a single run."""
    if output is not None:
        return output
    if more:
        raise InputError("output: several runs have no folder of their own", expected="-o FOLDER")
    return beside(run, "-analysis")


def _list() -> None:
    from sundog.analysis.names import OBSERVABLES, observable

    for name in OBSERVABLES:
        kind = observable(name)
        needs = f"; needs {', '.join(sorted(kind.needs))}" if kind.needs else ""
        print(f"{name:18s} {kind.title}{needs}")
