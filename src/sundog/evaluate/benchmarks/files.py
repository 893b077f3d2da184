"""Files of the data of benchmarks: finding them, and downloading those on public hosts."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sundog.errors import FileFormatError, MissingDataError
from sundog.evaluate.benchmarks.card import Card

TIMEOUT_SECONDS = 60.0
"""Time in s after which a host that does not answer is given up."""


def find(card: Card, data_dir: Path | None, names: Sequence[str]) -> Path:
    """Return the first of the files that is in the folder.

    Args:
        card: Card of the benchmark.
        data_dir: Folder of the data, if there is one.
        names: Names that the file may have.

    Raises:
        MissingDataError: No folder was given, or none of the files is there.
    """
    for path in () if data_dir is None else (data_dir / name for name in names):
        if path.is_file():
            return path
    raise no_data(card, data_dir, " or ".join(names))


def no_data(card: Card, data_dir: Path | None, expected: str) -> MissingDataError:
    """Return the error that says which data are missing and how to get them.

    Args:
        card: Card of the benchmark.
        data_dir: Folder of the data, if there is one.
        expected: Names of the files, in words.
    """
    return MissingDataError(
        f"{card.name}: the data are missing",
        got="no data_dir" if data_dir is None else f"data_dir {data_dir}",
        expected=f"{expected} there",
        remedy=card.data + (", or download it with download=True" if card.downloads else ""),
    )


def download(card: Card, data_dir: Path, report: Callable[[str], None]) -> None:
    """Download the files of a benchmark that a public host has and the folder lacks.

    A file appears under its name only when it is complete and has the hash of its card.

    Args:
        card: Card of the benchmark.
        data_dir: Folder of the data.
        report: Function that is called with a line before every download.

    Raises:
        MissingDataError: A file cannot be downloaded or written.
        FileFormatError: The host sends another file than was published.
    """
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)
    host: Any = pooch.HTTPDownloader(timeout=TIMEOUT_SECONDS)
    for file in card.downloads:
        if any((data_dir / name).exists() for name in (file.name, *file.unpacked)):
            continue
        report(f"Downloading {file.url} into {data_dir}")
        try:
            pooch.retrieve(file.url, f"sha256:{file.sha256}", file.name, data_dir, downloader=host)
        except ValueError as error:
            raise FileFormatError(
                f"{card.name}: {file.url} is not the file that was published",
                got=str(error),
                remedy="Nothing was kept. A proxy may have answered with a page of its own. "
                f"Otherwise: {card.data}",
            ) from error
        except OSError as error:  # errors of the network are among them
            raise MissingDataError(
                f"{card.name}: {file.name} could not be downloaded",
                got=f"{type(error).__name__}: {error}",
                remedy=f"Check the network and the disk, or get it by hand: {card.data}",
            ) from error
