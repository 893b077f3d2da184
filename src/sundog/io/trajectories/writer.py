"""Contract of the writers of all trajectory formats."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from ase import Atoms
from jaxtyping import Float

from sundog.errors import InputError
from sundog.io.trajectories.extras import Extra, Extras, check_names, select


class Frame(NamedTuple):
    """Frame of a trajectory.

    Attributes:
        positions: Positions in Å.
        cell: Cell in Å, lattice vectors as rows; zero without one.
        time_ps: Time in ps.
        step: Number of the time step.
        extras: Further results, by the names and in the units of `extras.py`.
    """

    positions: Float[np.ndarray, "atoms 3"]
    cell: Float[np.ndarray, "3 3"]
    time_ps: float
    step: int
    extras: dict[str, Extra]


class TrajectoryWriter(ABC):
    """Writer of the frames of one structure to a file.

    A file holds whole frames at every moment. `position`, kept in a checkpoint, is where a
    resumed run continues; what a crashed run wrote after it is cut off. A format is a
    subclass, which decides how its file grows.
    """

    suffix: ClassVar[str]
    """Suffix of the files of the format."""

    carries: ClassVar[frozenset[str]]
    """Names of the results that the format can carry."""

    def __init__(
        self,
        path: Path,
        atoms: Atoms,
        resume_at: int | None = None,
        extras: Collection[str] | None = None,
    ):
        """Start a file, or continue one at an earlier `position`.

        Args:
            path: Path of the trajectory.
            atoms: Structure; its elements, charge and multiplicity stay the same.
            resume_at: Value of `position` after the last frame to keep.
            extras: Names of the results that each frame carries, all among `carries`; by
                default those given to `write` that the format can carry.

        Raises:
            RunDirectoryError: The file cannot be written or continued.
        """
        self._path = path
        self._atoms = atoms.copy()
        self._extras = extras
        self._open(resume_at)

    @property
    @abstractmethod
    def position(self) -> int:
        """Number that a checkpoint keeps to continue the file after its last frame; 0 if empty."""

    @classmethod
    @abstractmethod
    def held_up_to(cls, path: Path, position: int) -> bool:
        """Return whether the file at `path` can be continued at `position`, without changing it."""

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
            positions: Positions in Å.
            cell: Cell in Å, lattice vectors as rows; zero without one.
            time_ps: Time in ps.
            step: Number of the time step.
            extras: Further results by the names and in the units of `EXTRAS`; those that the
                file does not carry are left out.

        Raises:
            InputError: There are not as many positions as atoms, or a result is missing or has
                the wrong shape.
            RunDirectoryError: The disk is full; the file ends with the frame before.
        """
        if len(positions) != len(self._atoms):
            raise InputError(
                "positions: the frame is not of this trajectory",
                got=f"{len(positions)} atoms",
                expected=f"{len(self._atoms)}",
            )
        extras = extras or {}
        check_names(extras.keys())
        names = self.carries & extras.keys() if self._extras is None else self._extras
        chosen = select(extras, names, len(self._atoms))
        self._append(Frame(positions, cell, time_ps, step, chosen))

    @abstractmethod
    def _open(self, resume_at: int | None) -> None:
        """Create or empty the file, or cut it at `resume_at`."""

    @abstractmethod
    def _append(self, frame: Frame) -> None:
        """Write one frame, whole or not at all."""

    @abstractmethod
    def flush(self) -> None:
        """Wait until the frames are on the disk; do so before a checkpoint names `position`."""

    @abstractmethod
    def close(self) -> None:
        """Close the file; closing again does nothing."""

    def __enter__(self) -> "TrajectoryWriter":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
