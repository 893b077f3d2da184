"""Locks on what one process writes at a time: the folder of a run, a file of results.

A lock is an exclusive `flock` on a file of its own. The kernel releases it when the process ends,
however it ends. The file says which process holds it, for messages alone.
"""

import errno
import fcntl
import json
import os
import platform
from contextlib import suppress
from glob import escape
from pathlib import Path
from typing import Self
from weakref import finalize

from sundog.errors import RunDirectoryError
from sundog.files import leftovers, write_failure

NAME = ".lock"
"""Name of the file in a folder that is locked."""

_UNABLE = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL})
"""Answers of file systems that have no locks."""


class Lock:
    """Lock that is held until it is released, or until the process ends.

    Attributes:
        warning: sentence on what is not guarded, where the file system has no locks; else None.
    """

    def __init__(self, path: Path, subject: Path):
        """Take the lock.

        Args:
            path: path of the file that is locked; it is made, and removed by the release.
            subject: path that the lock guards, for messages.

        Raises:
            RunDirectoryError: another process, or this one, holds the lock, or the file cannot be
                made.
        """
        path = path.absolute()
        self.warning: str | None = None
        while True:
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            except OSError as error:
                raise write_failure(path, error, "Nothing was changed") from error
            try:
                self._take(descriptor, path, subject)
            except BaseException:
                os.close(descriptor)
                raise
            # The one who held it before may have removed the file after it was opened here.
            if _is_at(descriptor, path):
                break
            os.close(descriptor)
        holder = {"process": os.getpid(), "host": platform.node()}
        with suppress(OSError):  # for messages alone
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(holder).encode(), 0)
        self._end = finalize(self, _release, descriptor, path, os.getpid())

    def _take(self, descriptor: int, path: Path, subject: Path) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _in_use(subject, descriptor) from error
        except OSError as error:
            if error.errno not in _UNABLE:
                raise write_failure(path, error, "Nothing was changed") from error
            self.warning = (
                f"{subject}: this file system has no locks ({error.strerror}); do not let another "
                "process write there at the same time"
            )

    def release(self) -> None:
        """Give the lock back and remove its file; doing so again does nothing."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.release()


def lock_folder(folder: Path) -> Lock:
    """Return the lock on a folder that exists; errors are those of `Lock`.

    Whoever has locked it by `lock_file` holds it as well.
    """
    lock = Lock(folder / NAME, folder)
    _refuse_others(lock, folder, _beside(_whole(folder)))
    return lock


def lock_file(path: Path) -> Lock:
    """Return the lock on a file, or a folder, that is to be written; errors are those of `Lock`.

    It is beside what it guards, which need not exist. A file in a folder that another process has
    locked is that one's. What processes that were killed have left of the file is removed.
    """
    whole = _whole(path)
    lock = Lock(_beside(whole), path)
    _refuse_others(lock, path, whole / NAME, whole.parent / NAME)
    if lock.warning is None:
        for left in leftovers(whole.parent, [escape(whole.name)]):
            with suppress(OSError):
                left.unlink()
    return lock


def _whole(path: Path) -> Path:
    """Return the one name of a path; a link to a folder is that folder, one to a file is not."""
    return Path(os.path.realpath(path) if path.is_dir() else os.path.abspath(path))


def _beside(whole: Path) -> Path:
    return whole.with_name(f".{whole.name}{NAME}")


def _refuse_others(lock: Lock, subject: Path, *paths: Path) -> None:
    """Release a lock and raise `RunDirectoryError` if another lock on the same is held."""
    for path in paths:
        try:
            descriptor = os.open(path, os.O_RDWR)
        except OSError:
            continue  # nobody has made it
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.release()
            raise _in_use(subject, descriptor) from error
        except OSError:
            continue  # of a file system without locks, of which the lock itself warns
        finally:
            os.close(descriptor)


def _in_use(subject: Path, descriptor: int) -> RunDirectoryError:
    return RunDirectoryError(
        f"{subject}: in use",
        got=_holder(descriptor),
        expected="one process at a time to write there",
        remedy="Wait until that has ended, stop it, or choose another output",
    )


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _holder(descriptor: int) -> str:
    """Return in words who holds the lock, as far as its file says."""
    try:
        told = json.loads(os.pread(descriptor, 1000, 0))
        process, host = int(told["process"]), str(told["host"])
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
    if host == platform.node():
        return "this process" if process == os.getpid() else f"process {process}"
    return f"process {process} on {host}"


def _release(descriptor: int, path: Path, owner: int) -> None:
    # A child that was forked holds the same lock and must leave its file.
    if os.getpid() == owner:
        with suppress(OSError):
            path.unlink()
    os.close(descriptor)
