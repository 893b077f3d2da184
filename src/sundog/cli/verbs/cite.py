"""`sundog cite`: works to cite, as BibTeX."""

from pathlib import Path


def cite(*run: Path) -> None:
    """Print the works to cite as BibTeX: the force field, sundog, and the methods of runs.

    Parameters
    ----------
    run
        Folders of runs, whose settings tell the methods; without them the force field and sundog.
    """
    from sundog.report.citations import bibtex, works
    from sundog.runs.directory import RunDirectory

    settings = [RunDirectory.open(path).read_config() for path in run]
    print(bibtex(works(settings)), end="")
