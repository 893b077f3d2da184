"""Refusals that need no more than a look at folders, made before anything heavy is imported."""

from difflib import get_close_matches
from pathlib import Path

from sundog.errors import FileFormatError, RunDirectoryError


def refuse_missing(structure: Path) -> None:
    """Raise `FileFormatError` when there is no structure to read, with a file that may be meant."""
    if structure.exists():
        return
    folder = structure.parent
    beside = [one.name for one in folder.iterdir()] if folder.is_dir() else []
    close = get_close_matches(structure.name, beside)
    raise FileFormatError(
        f"{structure}: there is no such file",
        remedy=f"Perhaps {' or '.join(close)} is meant" if close else "Check the path",
    )


def refuse_held(folder: Path, overwrite: bool) -> None:
    """Raise `RunDirectoryError` when the folder of a new run holds something already."""
    if folder.is_file():
        raise RunDirectoryError(
            f"output: {folder} is a file", expected="a folder that is new or empty"
        )
    held = sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []
    if held and not overwrite:
        raise RunDirectoryError(
            f"{folder}: the folder holds {'a run' if 'provenance.json' in held else 'files'} "
            "already",
            got=", ".join(held[:4]) + (", …" if len(held) > 4 else ""),
            expected="a new or empty folder",
            remedy="Choose another folder (`output`), or replace it with overwrite=True",
        )
