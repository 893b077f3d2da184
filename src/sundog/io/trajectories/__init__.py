"""Trajectory formats, one file each; `open_trajectory` chooses by the suffix."""

from collections.abc import Collection
from pathlib import Path

from ase import Atoms

from sundog.errors import InputError
from sundog.io.trajectories.dcd import DCDWriter
from sundog.io.trajectories.extras import EXTRAS, check_names
from sundog.io.trajectories.extxyz import ExtxyzWriter
from sundog.io.trajectories.h5md import H5MDWriter
from sundog.io.trajectories.writer import TrajectoryWriter
from sundog.io.trajectories.xtc import XTCWriter

__all__ = ["EXTRAS", "WRITERS", "TrajectoryWriter", "check_extras", "held_up_to", "open_trajectory"]

WRITERS: dict[str, type[TrajectoryWriter]] = {
    writer.suffix: writer for writer in (XTCWriter, DCDWriter, ExtxyzWriter, H5MDWriter)
}
"""Writers of the formats, by suffix."""


def open_trajectory(
    path: str | Path,
    atoms: Atoms,
    resume_at: int | None = None,
    extras: Collection[str] | None = None,
) -> TrajectoryWriter:
    """Open a trajectory for writing, in the format of its suffix.

    XTC and DCD hold no names of atoms: write `topology.pdb` beside them
    (`sundog.io.pdb`).

    Args:
        path: Path of the trajectory.
        atoms: Structure, of which elements, periodicity, charge and multiplicity are used.
        resume_at: Writer's `position` at a checkpoint, to continue the file there; by default
            the file is emptied.
        extras: Names from `EXTRAS` of the results that each frame carries beside positions,
            cell, time and step; by default those given to `write` that the format can carry.

    Raises:
        InputError: No format has this suffix, or it cannot carry one of `extras`.
        RunDirectoryError: The file cannot be written or continued.
    """
    path = Path(path)
    writer = check_extras(path, extras or ())
    return writer(path, atoms, resume_at, extras)


def check_extras(path: Path, extras: Collection[str]) -> type[TrajectoryWriter]:
    """Return the writer of the format of a path, if it can carry the extras.

    Raises:
        InputError: No format has this suffix, or it cannot carry one of `extras`.
    """
    writer = _writer(path)
    check_names(extras)
    refused = [name for name in extras if name not in writer.carries]
    if refused:
        able = [suffix for suffix, one in WRITERS.items() if one.carries.issuperset(refused)]
        raise InputError(
            f"extras: a {path.suffix} trajectory cannot carry {', '.join(refused)}",
            got=path.name,
            expected=f"{' or '.join(able)} for that",
        )
    return writer


def held_up_to(path: str | Path, position: int) -> bool:
    """Return whether a trajectory can be continued at a `position`, without changing it.

    Raises:
        InputError: No format has this suffix.
    """
    path = Path(path)
    return _writer(path).held_up_to(path, position)


def _writer(path: Path) -> type[TrajectoryWriter]:
    if path.suffix not in WRITERS:
        raise InputError(
            "trajectory: no format has this suffix",
            got=path.name,
            expected=" or ".join(WRITERS),
        )
    return WRITERS[path.suffix]
