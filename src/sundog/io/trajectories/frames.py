"""Frames of a trajectory as ASE atoms, one by one, whatever the format."""

from collections.abc import Iterator
from pathlib import Path

from ase import Atoms
from ase.io import iread

from sundog.io.trajectories.chunks import Frames, read_chunks


def read_frames(path: Path, like: Atoms) -> Iterator[Atoms]:
    """Yield the frames of a trajectory that sundog wrote.

    Each has `info["time_ps"]`, and in `arrays` and `info` all other data of the frame, by the names
    and in the units of `extras.EXTRAS`. XTC and DCD rotate structures whose first lattice vector is
    not along x, and keep lengths and angles of cells.

    Args:
        path: path of the trajectory.
        like: structure with the elements, periodicity, charge and spin of the frames.

    Raises:
        FileFormatError: the file is missing, damaged or of a format that sundog does not write.
    """
    if path.suffix == ".extxyz" and path.is_file():
        yield from iread(path, format="extxyz")
        return
    for chunk in read_chunks(path, like):
        for place in range(len(chunk)):
            yield _frame(like, chunk, place)


def _frame(like: Atoms, chunk: Frames, place: int) -> Atoms:
    atoms = Atoms(
        numbers=like.numbers,
        positions=chunk.positions[place],
        cell=like.cell if chunk.cells is None else chunk.cells[place],
        pbc=like.pbc,
        info=dict(like.info),
    )
    atoms.info["time_ps"] = float(chunk.times[place])
    for name, values in chunk.extras.items():
        value = values[place]
        if value.shape[:1] == (len(atoms),):
            atoms.set_array(name, value)
        else:
            atoms.info[name] = value.item() if value.ndim == 0 else value
    return atoms
