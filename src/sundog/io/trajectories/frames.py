"""Frames of a trajectory as ASE atoms, one by one, whatever the format."""

from collections.abc import Iterator
from pathlib import Path

import h5py
import mdtraj
import numpy as np
from ase import Atoms
from ase.io import iread

from sundog.errors import FileFormatError
from sundog.io.hdf5 import open_hdf5
from sundog.io.trajectories.dcd import times_of
from sundog.io.trajectories.h5md import EDGES, ELEMENTS, POSITION, TIME

ANGSTROM_PER_NANOMETRE = 10.0
"""Length of 1 nm in Å; mdtraj gives lengths in nm."""

FRAMES_PER_READ = 100
"""Number of frames read at once."""


def read_frames(path: Path, topology: Path, like: Atoms) -> Iterator[Atoms]:
    """Yield the frames of a trajectory that sundog wrote.

    Each has `info["time_ps"]`, and in `arrays` and `info` all other data of the frame, by the names
    and in the units of `extras.EXTRAS`. XTC and DCD rotate structures whose first lattice vector is
    not along x, and keep lengths and angles of cells.

    Args:
        path: path of the trajectory.
        topology: path of its `topology.pdb`, which xtc and dcd need.
        like: structure with the elements, periodicity, charge and spin of the frames.

    Raises:
        FileFormatError: the file is missing or of a format that sundog does not write.
    """
    if not path.is_file():
        raise FileFormatError(f"{path}: there is no such trajectory", remedy="Check the path")
    match path.suffix:
        case ".xtc" | ".dcd":
            yield from _by_mdtraj(path, topology, like)
        case ".h5md":
            yield from _of_h5md(path, like)
        case ".extxyz":
            yield from iread(path, format="extxyz")
        case _:
            raise FileFormatError(
                f"{path}: sundog writes no such trajectory", expected="xtc, dcd, extxyz or h5md"
            )


def _by_mdtraj(path: Path, topology: Path, like: Atoms) -> Iterator[Atoms]:
    # mdtraj counts the frames of DCD files, where it should read their times.
    times = times_of(path) if path.suffix == ".dcd" else None
    count = 0
    for part in mdtraj.iterload(str(path), top=str(topology), chunk=FRAMES_PER_READ):
        for frame in range(part.n_frames):
            time = float(part.time[frame]) if times is None else times[0] + count * times[1]
            count += 1
            atoms = _frame(like, ANGSTROM_PER_NANOMETRE * part.xyz[frame], time)
            if part.unitcell_vectors is not None:
                atoms.set_cell(ANGSTROM_PER_NANOMETRE * part.unitcell_vectors[frame])
            yield atoms


def _of_h5md(path: Path, like: Atoms) -> Iterator[Atoms]:
    with open_hdf5(path) as file:
        positions, times = _dataset(file, f"{POSITION}/value"), _dataset(file, TIME)
        cells = _dataset(file, f"{EDGES}/value") if f"{EDGES}/value" in file else None
        extras = {
            name: (_dataset(file, f"{one.path}/value"), one.scale)
            for name, one in ELEMENTS.items()
            if f"{one.path}/value" in file
        }
        for frame in range(len(positions)):
            atoms = _frame(like, np.asarray(positions[frame], np.float64), float(times[frame]))
            if cells is not None:
                atoms.set_cell(np.asarray(cells[frame]))
            for name, (values, scale) in extras.items():
                value = np.asarray(values[frame], np.float64) / scale
                if values.shape[1:2] == (len(atoms),):
                    atoms.set_array(name, value)
                else:
                    atoms.info[name] = value.item() if value.ndim == 0 else value
            yield atoms


def _dataset(file: h5py.File, name: str) -> h5py.Dataset:
    found = file[name]
    assert isinstance(found, h5py.Dataset)
    return found


def _frame(like: Atoms, positions: np.ndarray, time_ps: float) -> Atoms:
    atoms = Atoms(
        numbers=like.numbers,
        positions=positions,
        cell=like.cell,
        pbc=like.pbc,
        info=dict(like.info),
    )
    atoms.info["time_ps"] = time_ps
    return atoms
