"""Where the data of a benchmark are, and how they come there."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sundog.errors import FileFormatError, MissingDataError
from sundog.evaluate.benchmarks.card import Card

TIMEOUT_SECONDS = 60.0
"""Without an answer of the host."""


def find(card: Card, data_dir: Path | None, names: Sequence[str]) -> Path:
    """Return the first of the files that is in the folder.

    Raises:
        MissingDataError: no folder was given, or none of the files is there.
    """
    for path in () if data_dir is None else (data_dir / name for name in names):
        if path.is_file():
            return path
    raise no_data(card, data_dir, " or ".join(names))


def no_data(card: Card, data_dir: Path | None, expected: str) -> MissingDataError:
    """Return the error that says which data are not there and how to get them."""
    return MissingDataError(
        f"{card.name}: the data are missing",
        got="no --data-dir" if data_dir is None else f"--data-dir {data_dir}",
        expected=f"{expected} there",
        remedy=card.data + (", or let --download fetch it" if card.downloads else ""),
    )


def download(card: Card, data_dir: Path, report: Callable[[str], None]) -> None:
    """Fetch the files of a benchmark that a public host has and the folder has not.

    A file appears under its name only when it is whole and has the hash of its card.

    Raises:
        MissingDataError: a file cannot be fetched or written.
        FileFormatError: the host sends something else.
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
                remedy="Nothing was kept. Look at what stands between you and the host, as a proxy "
                f"that answers with a page of its own. Otherwise: {card.data}",
            ) from error
        except OSError as error:  # also those of the network
            raise MissingDataError(
                f"{card.name}: {file.name} could not be downloaded",
                got=f"{type(error).__name__}: {error}",
                remedy=f"Look at the network and the disk. By hand: {card.data}",
            ) from error
