"""File that grows record by record and holds whole records at every moment.

Tables and trajectories are such files. Each record is passed to the operating system
in one write, so that a killed run leaves whole records; a write that fails is undone. The first
record comes with the file.
`position` is the length in bytes. Kept in a checkpoint, it is where a resumed run
continues; what a crashed run wrote after it is cut off.
"""

import os
from contextlib import suppress
from pathlib import Path

from sundog.errors import RunDirectoryError
from sundog.files import sync_folder, synchronize, write_atomically, write_failure


class AppendFile:
    """File that records are appended to, new or continued from a position.

    Attributes:
        path: Path of the file.
        position: Length of the file in bytes after the last record.
    """

    def __init__(self, path: Path, resume_at: int | None = None):
        """Create or empty the file, or cut it at `resume_at` to continue there.

        Raises:
            RunDirectoryError: The file cannot be opened, or is shorter than `resume_at`.
        """
        self.path = path
        self.position = resume_at or 0
        try:
            self._file = path.open("wb" if resume_at is None else "r+b", buffering=0)
            size = os.fstat(self._file.fileno()).st_size
            if size >= self.position:
                self._file.truncate(self.position)
                self._file.seek(self.position)
        except OSError as error:
            raise write_failure(path, error, "Nothing was written to it") from error
        if resume_at is None:
            sync_folder(path.parent)
        if size < self.position:
            self._file.close()
            raise RunDirectoryError(
                f"{path}: shorter than it was at the checkpoint, it cannot be continued",
                got=f"{size} bytes",
                expected=f"at least {self.position}",
                remedy="Restore the file, or start a new run from the checkpoint's structure",
            )

    def append(self, record: bytes) -> None:
        """Write one record, whole or not at all.

        Raises:
            RunDirectoryError: The disk is full; the file ends with the record before.
        """
        if self.position == 0:
            self._begin(record)
            return
        rest = memoryview(record)
        try:
            while rest:
                rest = rest[os.write(self._file.fileno(), rest) :]
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self.position)
                self._file.seek(self.position)
            state = f"It holds the {self.position} bytes of whole records written before"
            raise write_failure(self.path, error, state) from error
        self.position += len(record)

    def _begin(self, record: bytes) -> None:
        """Write the first record in a file that takes the place of the empty one.

        Half of it, from a process that was killed, would look like a file that was damaged later.
        """
        write_atomically(self.path, record)
        file = self.path.open("r+b", buffering=0)
        self._file.close()
        self._file = file
        self._file.seek(len(record))
        self.position = len(record)

    def overwrite(self, offset: int, data: bytes) -> None:
        """Replace bytes inside the file, such as the count of records in a header.

        Raises:
            RunDirectoryError: The disk is full.
        """
        try:
            os.pwrite(self._file.fileno(), data, offset)
        except OSError as error:
            raise write_failure(self.path, error, "Its header was not updated") from error

    def flush(self) -> None:
        """Wait until the records are on the disk; do so before a checkpoint names `position`.

        Raises:
            RunDirectoryError: The disk is full or broken, which some file systems report only now.
        """
        try:
            synchronize(self._file.fileno())
        except OSError as error:
            state = "Records since the last checkpoint may be missing"
            raise write_failure(self.path, error, state) from error

    def close(self) -> None:
        """Close the file; closing again does nothing."""
        self._file.close()

    def __enter__(self) -> "AppendFile":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def held_up_to(path: Path, position: int) -> bool:
    """Return whether a file can be continued at `position`, without changing it."""
    try:
        return path.stat().st_size >= position
    except OSError:
        return False
