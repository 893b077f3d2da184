"""Atomic writing of files: a reader never sees a partly written file, even after a power cut."""

import errno
import hashlib
import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sundog.errors import RunDirectoryError, SundogError


def write_failure(path: Path, error: OSError, state: str) -> RunDirectoryError:
    """Return the error to raise for a failed write.

    Args:
        path: path of the file.
        error: exception of the operating system.
        state: sentence on what is on the disk now.
    """
    return RunDirectoryError(
        f"{path}: could not be written",
        got=error.strerror or error,
        remedy=f"{state}. Free disk space or check the permissions, then run again",
    )


Failure = Callable[[Path, OSError, str], SundogError]
"""Function that makes the error to raise, with the arguments of `write_failure`."""


@contextmanager
def replacing(path: Path, failure: Failure = write_failure) -> Iterator[Path]:
    """Yield the path of a temporary file that replaces `path` when the block ends without error.

    The temporary file has the suffix and folder of `path`, is flushed to the disk
    before it is renamed, and is removed when the block raises.

    Args:
        path: path of the file.
        failure: function that makes the error to raise, for callers with an error of their own.

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


def leftovers(folder: Path, names: Iterable[str]) -> list[Path]:
    """Return the temporary files of `replacing` that processes left when they were killed.

    Only the one who holds the lock on the files may take them for that.

    Args:
        folder: folder of the files.
        names: names of the files, or patterns of them, that are to be replaced there.
    """
    return [
        path
        for name in names
        for path in folder.glob(f".{'[0-9a-f]' * 32}.{name}")
        if path.is_file() and not path.is_symlink()
    ]


def write_atomically(path: Path, content: str | bytes, failure: Failure = write_failure) -> None:
    """Write a file completely or not at all.

    Args:
        path: path of the file.
        content: bytes, or text to be encoded as UTF-8.
        failure: function that makes the error to raise, for callers with an error of their own.

    Raises:
        RunDirectoryError: the disk is full or the folder cannot be written.
    """
    with replacing(path, failure) as scratch:
        scratch.write_bytes(content.encode() if isinstance(content, str) else content)


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def synchronize(descriptor: int) -> None:
    """Wait until the data written to an open file are on the disk.

    Args:
        descriptor: file descriptor.

    Raises:
        OSError: the disk is full or broken; some systems report this only here.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Devices and pipes cannot be synchronised and need not be.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def sync_folder(folder: Path) -> None:
    """Wait until the entries of a folder are on the disk, as a new or renamed file needs.

    Some network file systems cannot do so, which is ignored: the file is in place all the same.
    """
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
