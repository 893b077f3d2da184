"""Formats whose file is one frame after another: encoded one by one, appended whole."""

import tempfile
from abc import abstractmethod
from pathlib import Path
from typing import Any

from sundog.errors import RunDirectoryError
from sundog.io.append import AppendFile, held_up_to
from sundog.io.trajectories.writer import Frame, TrajectoryWriter


class StreamWriter(TrajectoryWriter):
    """Append frames to a file whose `position` is its length in bytes.

    A format is a subclass that says how a frame becomes bytes.
    """

    @property
    def position(self) -> int:
        """Length of the file in bytes."""
        return self._file.position

    @classmethod
    def held_up_to(cls, path: Path, position: int) -> bool:
        """Return whether the file is at least that long; see `TrajectoryWriter.held_up_to`."""
        return held_up_to(path, position)

    def _open(self, resume_at: int | None) -> None:
        self._file = AppendFile(self._path, resume_at)

    def _append(self, frame: Frame) -> None:
        self._file.append(self._encode(frame))

    @abstractmethod
    def _encode(self, frame: Frame) -> bytes:
        """Return the frame as it stands in the file."""

    def flush(self) -> None:
        """Wait until the frames are on the disk; see `TrajectoryWriter.flush`."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def encoded_by(file_class: Any, **frame: Any) -> bytes:
    """Return what one of mdtraj's file classes makes of one frame.

    mdtraj cannot append to a file and leaves half a frame when a disk is full,
    which makes the whole file unreadable; so it writes into a scratch file here.

    Raises:
        RunDirectoryError: the folder for temporary files is full.
    """
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / "frame"
        try:
            with file_class(str(scratch), "w") as file:
                file.write(**frame)
                if hasattr(file, "flush"):  # XTC tells of a full disk only here
                    file.flush()
        except (OSError, TypeError) as error:  # DCD stumbles over its own error table
            raise RunDirectoryError(
                f"{folder}: the folder for temporary files cannot be written",
                got=error,
                remedy="Free space there or set TMPDIR to another folder",
            ) from error
        return scratch.read_bytes()
