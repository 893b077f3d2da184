"""Formats whose files are frames one after another, each encoded alone and appended whole."""

import tempfile
from abc import abstractmethod
from pathlib import Path
from typing import Any

from sundog.errors import RunDirectoryError
from sundog.io.append import AppendFile, held_up_to
from sundog.io.trajectories.writer import Frame, TrajectoryWriter


class StreamWriter(TrajectoryWriter):
    """Writer that appends frames to a file, with the length in bytes as `position`.

    A format is a subclass that encodes a frame as bytes.
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
        """Return the bytes of a frame in the file."""

    def flush(self) -> None:
        """Wait until the frames are on the disk; see `TrajectoryWriter.flush`."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def encoded_by(file_class: Any, **frame: Any) -> bytes:
    """Return one frame as one of mdtraj's file classes encodes it.

    mdtraj cannot append to a file, and leaves half a frame when a disk is full, which
    makes the whole file unreadable; here it therefore writes to a scratch file.

    Raises:
        RunDirectoryError: The folder for temporary files is full.
    """
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / "frame"
        try:
            with file_class(str(scratch), "w") as file:
                file.write(**frame)
                if hasattr(file, "flush"):  # XTC reports a full disk only here
                    file.flush()
        except (OSError, TypeError) as error:  # DCD raises TypeError because of its own error table
            raise RunDirectoryError(
                f"{folder}: the folder for temporary files cannot be written",
                got=error,
                remedy="Free space there or set TMPDIR to another folder",
            ) from error
        return scratch.read_bytes()
