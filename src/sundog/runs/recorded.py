"""Runs and trajectories opened for analysis; nothing of them is changed.

What is opened is the folder of a run, a structure file of one or several frames, or a trajectory
in xtc, dcd, h5md or extxyz with the structure file that names its atoms. Replicas of a run are runs
of their own.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from sundog.analysis.recording import Recording, Wrapping
from sundog.errors import FileFormatError, InputError, RunDirectoryError
from sundog.io.reading import read_one, read_structures
from sundog.io.table import read_table
from sundog.io.topologies import topology_from_atoms
from sundog.io.trajectories import WRITERS
from sundog.io.trajectories.chunks import Frames, read_chunks
from sundog.locks import NAME as LOCK
from sundog.runs.directory import RunDirectory
from sundog.runs.result import Run


def open_recordings(
    paths: Sequence[str | Path],
    topology: str | Path | None = None,
    *,
    unfinished: bool = False,
) -> list[Recording]:
    """Open runs and trajectories for analysis.

    Args:
        paths: folders of runs, structure files and trajectories.
        topology: structure file that names the atoms of trajectories.
        unfinished: whether a run may still be going on.

    Raises:
        RunDirectoryError: a folder is no run, or a run is going on and `unfinished` is not set.
        FileFormatError: a file is missing, empty or damaged.
        InputError: a trajectory has no topology.
    """
    found: list[Recording] = []
    for path in map(Path, paths):
        if path.is_dir():
            found += _of_run(path, unfinished)
        else:
            found.append(_of_file(path, topology))
    return found


def _of_run(path: Path, unfinished: bool) -> list[Recording]:
    directory = RunDirectory.open(path)
    said = []
    if _is_locked(path):
        if not unfinished:
            raise RunDirectoryError(
                f"{path}: the run is going on, and what it writes may change while it is read",
                remedy="Wait for its end, or analyse what it has written with unfinished=True",
            )
        said.append("The run is going on: what it had written is analysed")
    run = Run(path)
    settings = run.settings
    step_ps = 1e-3 * float(settings["timestep_fs"])
    if not directory.final.is_file():
        said.append("The run has not ended: it has no final structure")
    resumed = directory.read_provenance().get("resumed", [])
    marks = tuple(step_ps * int(one["step"]) for one in resumed)
    if marks:
        times = ", ".join(f"{mark:.4g}" for mark in marks)
        said.append(f"The run was continued at {times} ps")
    replicas = run.number_of_replicas
    return [
        _of_replica(
            run.replica(k), path.name if replicas == 1 else f"{path.name}-{k:02d}", marks, said
        )
        for k in range(replicas)
    ]


def _of_replica(run: Run, name: str, marks: tuple[float, ...], said: list[str]) -> Recording:
    atoms, settings = run.initial, run.settings
    trajectory = run.trajectory
    if not trajectory.is_file():
        raise FileFormatError(
            f"{trajectory.parent}: the run has no trajectory",
            expected=" or ".join(f"trajectory{suffix}" for suffix in WRITERS),
            remedy="Check that it has begun, and that nothing was moved away",
        )
    own = trajectory.parent / "energies.csv"
    table = read_table(own) if own.is_file() else {}
    if settings.get("hydrogen_mass"):
        said = [*said, "Masses of hydrogens are those of the elements, not of the run"]
    wrapped = bool(settings.get("wrap"))
    return _recording(
        name,
        atoms,
        partial(read_chunks, trajectory, atoms),
        "molecules" if wrapped else "unwrapped",
        settings=settings,
        energies=table,
        resumed_ps=marks,
        said=tuple(said),
    )


def _of_file(path: Path, topology: str | Path | None) -> Recording:
    if not path.is_file():
        raise FileFormatError(
            f"{path}: there is no such run or file", expected="a folder of a run, or a trajectory"
        )
    if path.suffix in (".xtc", ".dcd", ".h5md"):
        if topology is None:
            raise InputError(
                f"topology: {path.name} does not name its atoms",
                remedy="Name the structure file of its atoms with topology, as the topology.pdb "
                "beside it, or give the folder of the run",
            )
        atoms = read_one(topology, report=lambda line: None)
        return _recording(path.stem, atoms, partial(read_chunks, path, atoms), "unknown")
    frames = read_structures(path, report=lambda line: None)
    like = frames[0] if topology is None else read_one(topology, report=lambda line: None)
    if path.suffix == ".extxyz":
        return _recording(path.stem, like, partial(read_chunks, path, like), "unknown")
    return _recording(path.stem, like, partial(_listed, path, frames, len(like)), "unknown")


def _listed(
    path: Path, structures: list[Atoms], atoms: int, size: int | None = None
) -> Iterator[Frames]:
    """Yield the structures of a file as frames 1 ps apart, as none of these formats has times."""
    del size  # one at a time
    for k, one in enumerate(structures):
        if len(one) != atoms:
            raise FileFormatError(
                f"{path}: frame {k} is not of this structure",
                got=f"{len(one)} atoms",
                expected=f"{atoms} in every frame",
            )
        cells = one.cell.array[None] if one.cell.rank == 3 else None
        yield Frames(np.array([float(k)]), one.positions[None], cells)


def _recording(
    name: str,
    atoms: Atoms,
    frames: Callable[..., Iterator[Frames]],
    wrapping: Wrapping,
    **more: Any,
) -> Recording:
    first = next(frames(1), None)
    if first is None:
        raise FileFormatError(
            f"{name}: the trajectory is empty",
            expected="at least one frame",
            remedy="Write frames more often (`frame_every`), or run for longer",
        )
    topology = topology_from_atoms(atoms)
    if wrapping != "unknown":
        # A run begins with whole molecules: its frames continue from there.
        topology = topology.whole()
        atoms.positions = topology.positions
    return Recording(
        name,
        atoms,
        topology,
        frames,
        frozenset(first.extras),
        wrapping,
        **more,
    )


def _is_locked(folder: Path) -> bool:
    """Return whether a process writes there; the lock is looked at and never made."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # a file system without locks
    finally:
        os.close(descriptor)
    return False
