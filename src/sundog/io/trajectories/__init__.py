"""Trajectory formats, one file each; `open_trajectory` chooses by the suffix."""

from pathlib import Path

from ase import Atoms

from sundog.errors import InputError
from sundog.io.trajectories.dcd import DCDWriter
from sundog.io.trajectories.extxyz import ExtxyzWriter
from sundog.io.trajectories.writer import TrajectoryWriter
from sundog.io.trajectories.xtc import XTCWriter

WRITERS: dict[str, type[TrajectoryWriter]] = {
    writer.suffix: writer for writer in (XTCWriter, DCDWriter, ExtxyzWriter)
}
"""The formats by suffix."""


def open_trajectory(
    path: str | Path, atoms: Atoms, resume_at: int | None = None
) -> TrajectoryWriter:
    """Open a trajectory for writing, in the format of its suffix.

    XTC and DCD carry no names of atoms: write `topology.pdb` beside them
    (`sundog.io.topology`).

    Args:
        path: of the trajectory.
        atoms: the structure: elements, periodicity, charge and multiplicity.
        resume_at: the writer's `position` at a checkpoint, to continue the file there;
            by default the file is started anew.

    Raises:
        InputError: no format has this suffix.
        RunDirectoryError: the file cannot be written or continued.
    """
    path = Path(path)
    if path.suffix not in WRITERS:
        raise InputError(
            "trajectory: no format has this suffix",
            got=path.name,
            expected=" or ".join(WRITERS),
        )
    return WRITERS[path.suffix](path, atoms, resume_at)
