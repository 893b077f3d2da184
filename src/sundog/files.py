"""Files written whole or not at all: a reader never meets half of one, even after a power cut."""

import errno
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sundog.errors import RunDirectoryError, SundogError


def write_failure(path: Path, error: OSError, state: str) -> RunDirectoryError:
    """Return the error to raise for a failed write; `state` says what is on the disk now."""
    return RunDirectoryError(
        f"{path}: could not be written",
        got=error.strerror or error,
        remedy=f"{state}. Free disk space or check the permissions, then run again",
    )


Failure = Callable[[Path, OSError, str], SundogError]
"""Makes the error to raise from a path, what the system said and what is on the disk now."""


@contextmanager
def replacing(path: Path, failure: Failure = write_failure) -> Iterator[Path]:
    """Yield a scratch path to write to; it takes the place of `path` when the block ends well.

    The scratch path has the same suffix and folder as `path`, is flushed to the
    disk before it is renamed, and is removed when the block raises.

    Args:
        path: of the file.
        failure: makes the error to raise, for who has an error of their own.

    Raises:
        RunDirectoryError: the disk is full or the folder cannot be written; `path` is as it was.
    """
    scratch = path.with_name(f".{uuid.uuid4().hex}.{path.name}")
    try:
        yield scratch
        with scratch.open("rb") as file:
            os.fsync(file.fileno())
        scratch.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise failure(path, error, "The file is as it was before") from error
    finally:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)


def write_atomically(path: Path, content: str | bytes, failure: Failure = write_failure) -> None:
    """Write a file, whole or not at all; text is UTF-8.

    Raises:
        RunDirectoryError: the disk is full or the folder cannot be written.
    """
    with replacing(path, failure) as scratch:
        scratch.write_bytes(content.encode() if isinstance(content, str) else content)


def synchronize(descriptor: int) -> None:
    """Wait until what was written to an open file is on the disk.

    Raises:
        OSError: the disk is full or broken, which may be told only now.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Devices and pipes cannot be synchronised and need not be.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk: a new or renamed file needs it.

    Some network file systems cannot do so; the file is in place all the same.
    """
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
