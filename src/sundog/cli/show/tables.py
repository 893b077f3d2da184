"""Folders and tables that verbs write."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from sundog.errors import RunDirectoryError
from sundog.files import write_atomically
from sundog.text import cell


def make_folder(folder: Path) -> None:
    """Make a folder for output, or use the one that is there.

    Raises:
        RunDirectoryError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunDirectoryError(
            f"--output: {folder} cannot be made", got=error.strerror or error
        ) from error


def write_table(path: Path, rows: Iterable[Iterable[object]]) -> None:
    """Write rows of comma-separated values, the headings first, none of them a formula.

    Raises:
        RunDirectoryError: the file cannot be written.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([cell(value) for value in row] for row in rows)
    write_atomically(path, text.getvalue())
