"""Where the data of a benchmark are."""

from collections.abc import Sequence
from pathlib import Path

from sundog.errors import MissingDataError
from sundog.evaluate.benchmarks.card import Card


def find(card: Card, data_dir: Path | None, names: Sequence[str]) -> Path:
    """Return the first of the files that is in the folder.

    Raises:
        MissingDataError: no folder was given, or none of the files is there.
    """
    for path in () if data_dir is None else (data_dir / name for name in names):
        if path.is_file():
            return path
    raise MissingDataError(
        f"{card.name}: the data are missing",
        got="no --data-dir" if data_dir is None else f"--data-dir {data_dir}",
        expected=f"{' or '.join(names)} there",
        remedy=card.data,
    )
