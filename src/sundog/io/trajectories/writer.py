"""What the trajectory formats share: frames encoded one by one, appended whole."""

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from ase import Atoms
from jaxtyping import Float

from sundog.errors import InputError, RunDirectoryError
from sundog.io.append import AppendFile

Extras = Mapping[str, np.ndarray | float]
"""More results of a frame by ASE's names: `forces`, `momenta`, `charges`, `energy`, `stress`."""


class TrajectoryWriter(ABC):
    """Write frames of one structure to a file.

    A format is a subclass that says how a frame becomes bytes; everything about
    the file is here.
    """

    suffix: ClassVar[str]
    """Of the format's files."""

    def __init__(self, path: Path, atoms: Atoms, resume_at: int | None = None):
        """Start a file, or continue one at an earlier `position`.

        Args:
            path: of the trajectory.
            atoms: the structure; its elements, charge and multiplicity stay the same.
            resume_at: the `position` of the last frame to keep.

        Raises:
            RunDirectoryError: the file cannot be written or continued.
        """
        self._atoms = atoms.copy()
        self._file = AppendFile(path, resume_at)

    @property
    def position(self) -> int:
        """Length of the file in bytes; a resumed run continues there."""
        return self._file.position

    def write(
        self,
        positions: Float[np.ndarray, "atoms 3"],
        cell: Float[np.ndarray, "3 3"],
        time_ps: float,
        step: int,
        extras: Extras | None = None,
    ) -> None:
        """Append a frame; it is in the file when this returns.

        Args:
            positions: Å.
            cell: Å, rows are lattice vectors; zero without one.
            time_ps: time of the frame in ps.
            step: number of the time step.
            extras: further results, for the formats that can carry them.

        Raises:
            InputError: not as many positions as atoms.
            RunDirectoryError: the disk is full; the file ends with the frame before.
        """
        if len(positions) != len(self._atoms):
            raise InputError(
                "positions: the frame is not of this trajectory",
                got=f"{len(positions)} atoms",
                expected=f"{len(self._atoms)}",
            )
        self._file.append(self._encode(positions, cell, time_ps, step, extras or {}))

    @abstractmethod
    def _encode(
        self,
        positions: Float[np.ndarray, "atoms 3"],
        cell: Float[np.ndarray, "3 3"],
        time_ps: float,
        step: int,
        extras: Extras,
    ) -> bytes:
        """Return the frame as it stands in the file."""

    def flush(self) -> None:
        """Wait until the frames are on the disk."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> "TrajectoryWriter":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


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
