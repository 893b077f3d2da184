"""Frames of a trajectory as arrays, some at a time, whatever the format.

Memory is that of one chunk. A file that ends within a frame, or whose frames have other atoms than
the structure, is refused with the number of frames before.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

import h5py
import numpy as np
from ase import Atoms
from ase.io import iread
from jaxtyping import Float
from mdtraj.formats import DCDTrajectoryFile, XTCTrajectoryFile
from mdtraj.utils.unitcell import lengths_and_angles_to_box_vectors

from sundog.errors import FileFormatError
from sundog.io.hdf5 import open_hdf5
from sundog.io.trajectories.dcd import frame_count, times_of
from sundog.io.trajectories.extras import EXTRAS
from sundog.io.trajectories.h5md import EDGES, ELEMENTS, POSITION, TIME

ANGSTROM_PER_NANOMETRE = 10.0
"""Length of 1 nm in Å, the unit of XTC."""

COORDINATES_PER_CHUNK = 3_000_000
"""Number of coordinates in a chunk, of 24 MB in float64."""


@dataclass(frozen=True, eq=False)
class Frames:
    """Some successive frames of a trajectory.

    Attributes:
        times: times in ps.
        positions: positions in Å.
        cells: lattice vectors as rows in Å; None without a cell.
        extras: all other data of the frames, by the names and in the units of `extras.EXTRAS`, with
            a first axis of frames; energies of terms by `energy_<term>`.
    """

    times: Float[np.ndarray, " frames"]
    positions: Float[np.ndarray, "frames atoms 3"]
    cells: Float[np.ndarray, "frames 3 3"] | None = None
    extras: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.times)

    def __getitem__(self, which: slice | np.ndarray) -> "Frames":
        """Return some of the frames."""
        cells = None if self.cells is None else self.cells[which]
        extras = {name: values[which] for name, values in self.extras.items()}
        return Frames(self.times[which], self.positions[which], cells, extras)


def read_chunks(path: Path, like: Atoms, frames: int | None = None) -> Iterator[Frames]:
    """Yield the frames of a trajectory that sundog wrote, some at a time.

    XTC and DCD rotate structures whose first lattice vector is not along x, and keep lengths and
    angles of cells.

    Args:
        path: path of the trajectory.
        like: structure with the elements and periodicity of the frames.
        frames: number of frames in a chunk; by default some millions of coordinates.

    Raises:
        FileFormatError: the file is missing, ends within a frame, has other atoms than `like`, or
            is of a format that sundog does not write.
    """
    if not path.is_file():
        raise FileFormatError(f"{path}: there is no such trajectory", remedy="Check the path")
    readers = {".xtc": _of_xtc, ".dcd": _of_dcd, ".h5md": _of_h5md, ".extxyz": _of_extxyz}
    if path.suffix not in readers:
        raise FileFormatError(
            f"{path}: sundog writes no such trajectory", expected="xtc, dcd, extxyz or h5md"
        )
    if path.stat().st_size == 0:
        return
    size = frames or max(1, COORDINATES_PER_CHUNK // (3 * max(len(like), 1)))
    read = 0
    try:
        for chunk in readers[path.suffix](path, like, size):
            if chunk.positions.shape[1] != len(like):
                raise _other_atoms(path, read, chunk.positions.shape[1], len(like))
            read += len(chunk)
            yield chunk
    except FileFormatError:
        raise
    except (OSError, RuntimeError, ValueError, LookupError, TypeError) as error:
        raise FileFormatError(
            f"{path}: damaged, or it ends within a frame",
            got=f"{read} frames before that; {type(error).__name__}: {error}",
            remedy="A run writes whole frames: copy the file again, or analyse up to the frames "
            "that are whole (`to_ps`)",
        ) from error


def _of_xtc(path: Path, like: Atoms, size: int, skipped: int = 0) -> Iterator[Frames]:
    count = skipped
    with XTCTrajectoryFile(str(path)) as file:
        if skipped:
            file.read(n_frames=skipped)
        while True:
            try:
                positions, times, _, boxes = file.read(n_frames=size)
            except RuntimeError:
                if size == 1:
                    raise
                break  # the whole frames before the damage are read one by one
            if len(times) == 0:
                return
            count += len(times)
            held = boxes is not None and boxes.any()
            yield Frames(
                times.astype(np.float64),
                positions * np.float64(ANGSTROM_PER_NANOMETRE),
                np.asarray(boxes) * np.float64(ANGSTROM_PER_NANOMETRE) if held else None,
            )
    yield from _of_xtc(path, like, 1, count)


def _of_dcd(path: Path, like: Atoms, size: int) -> Iterator[Frames]:
    # mdtraj counts the frames of DCD files, where it should read their times.
    begin, apart = times_of(path)
    count, held = 0, frame_count(path)
    with DCDTrajectoryFile(str(path)) as file:
        while True:
            positions, lengths, angles = file.read(n_frames=size)
            if len(positions) == 0:
                if count != held:
                    raise ValueError(f"the header counts {held} frames")
                return
            times = begin + apart * np.arange(count, count + len(positions))
            count += len(positions)
            cells = None
            if lengths is not None:
                columns = (*lengths.astype(np.float64).T, *angles.astype(np.float64).T)
                cells = np.stack(lengths_and_angles_to_box_vectors(*columns), axis=1)
            yield Frames(times, positions.astype(np.float64), cells)


def _of_h5md(path: Path, like: Atoms, size: int) -> Iterator[Frames]:
    with open_hdf5(path) as file:
        times = np.asarray(_dataset(file, TIME))
        elements = {name: (one.path, one.scale) for name, one in ELEMENTS.items()}
        observables = file.get("observables")
        for name in observables if isinstance(observables, h5py.Group) else ():
            if str(name).startswith("energy_"):
                elements[str(name)] = (f"observables/{name}", 1.0)
        for begin in range(0, len(times), size):
            which = slice(begin, begin + size)

            def values(place: str, which: slice = which) -> np.ndarray:
                return np.asarray(_dataset(file, f"{place}/value")[which], np.float64)

            yield Frames(
                times[which],
                values(POSITION),
                values(EDGES) if f"{EDGES}/value" in file else None,
                {
                    name: values(place) / scale
                    for name, (place, scale) in elements.items()
                    if f"{place}/value" in file
                },
            )


def _of_extxyz(path: Path, like: Atoms, size: int) -> Iterator[Frames]:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        if file.read() != b"\n":
            raise ValueError("the last line is not complete")
    read, structures = 0, iread(path, format="extxyz")
    while group := list(islice(structures, size)):
        for place, atoms in enumerate(group):
            if len(atoms) != len(like):
                raise _other_atoms(path, read + place, len(atoms), len(like))
        data = [_data(atoms) for atoms in group]
        names = set(data[0]).intersection(*data)
        has_cell = all(atoms.cell.rank == 3 for atoms in group)
        times = [float(atoms.info.get("time_ps", read + k)) for k, atoms in enumerate(group)]
        read += len(group)
        yield Frames(
            np.array(times),
            np.stack([atoms.positions for atoms in group]),
            np.stack([atoms.cell.array for atoms in group]) if has_cell else None,
            {name: np.stack([one[name] for one in data]) for name in sorted(names)},
        )


def _data(atoms: Atoms) -> dict[str, np.ndarray]:
    """Return what a frame carries beside its positions, from the three places where ASE puts it."""
    results = {} if atoms.calc is None else atoms.calc.results
    found = dict(chain(atoms.info.items(), atoms.arrays.items(), results.items()))
    wanted = [name for name in found if name in EXTRAS or str(name).startswith("energy_")]
    data = {str(name): np.asarray(found[name], np.float64) for name in wanted}
    if data.get("stress", np.zeros(1)).shape == (6,):
        xx, yy, zz, yz, xz, xy = data["stress"]
        data["stress"] = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    return data


def _dataset(file: h5py.File, name: str) -> h5py.Dataset:
    found = file[name]
    assert isinstance(found, h5py.Dataset)
    return found


def _other_atoms(path: Path, read: int, got: int, expected: int) -> FileFormatError:
    return FileFormatError(
        f"{path}: frame {read} is not of this structure",
        got=f"{got} atoms",
        expected=f"{expected} in every frame",
        remedy="Give the trajectory of one structure, with its own topology",
    )
