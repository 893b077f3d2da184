"""Small files written whole or not at all: a reader never meets half of one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sundog.errors import RunDirectoryError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a scratch path to write to; it takes the place of `path` when the block ends well.

    The scratch path has the same suffix and folder as `path`, is flushed to the
    disk before it is renamed, and is removed when the block raises.

    Raises:
        RunDirectoryError: the disk is full or the folder cannot be written; `path` is as it was.
    """
    scratch = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield scratch
        with scratch.open("rb") as file:
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        raise write_failure(path, error, "The file is as it was before") from error
    finally:
        scratch.unlink(missing_ok=True)


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file, whole or not at all; text is UTF-8.

    Raises:
        RunDirectoryError: the disk is full or the folder cannot be written.
    """
    with replacing(path) as scratch:
        scratch.write_bytes(content.encode() if isinstance(content, str) else content)


def write_failure(path: Path, error: OSError, state: str) -> RunDirectoryError:
    """Return the error to raise for a failed write; `state` says what is on the disk now."""
    return RunDirectoryError(
        f"{path}: could not be written",
        got=error.strerror or error,
        remedy=f"{state}. Free disk space or check the permissions, then run again",
    )
