"""DCD, the trajectory of CHARMM and NAMD: positions in float32, Å, and cell.

Layout: a header, then per frame an optional cell record and the x, y and z of
all atoms, each record between two length markers. The header holds the number of
frames, and their times:

    istart, nsavc   step of the first frame (of the second, if the first is the beginning of a
                    run, which files of CHARMM leave out) and steps between frames
    delta           timestep in AKMA units of time, 48.88821 fs

so that frames are nsavc · delta apart. They are written with the second frame, when they are
known; frames must come at equal distances, as those of a run do.
"""

import struct
from pathlib import Path
from typing import ClassVar

import numpy as np
from ase.cell import Cell
from mdtraj.formats import DCDTrajectoryFile

from sundog.errors import RunDirectoryError
from sundog.files import write_failure
from sundog.io.trajectories.stream import StreamWriter, encoded_by
from sundog.io.trajectories.writer import Frame
from sundog.topology.cell import standard_orientation

HEADER_BYTES = 276
"""Size of the header in bytes."""

MARKER_BYTES = 8
"""Size of the two markers that Fortran puts around a record, in bytes."""

CELL_RECORD_BYTES = 6 * 8 + MARKER_BYTES
"""Size of the record of a cell in bytes: six numbers in float64."""

TITLE = slice(100, 260)
"""Bytes of the header for the title; mdtraj writes the time and uninitialised memory there."""

FRAME_COUNT_OFFSETS = (8, 20)
"""Offsets in the header of the number of frames and of the number of the last one."""

STEPS_OFFSET = 12
"""Offset in the header of istart and nsavc, two integers."""

TIMESTEP_OFFSET = 44
"""Offset in the header of the timestep, a float32."""

AKMA_FEMTOSECONDS = 48.88821
"""Unit of time of CHARMM's files in fs: that of Å, kcal/mol and amu."""

LARGEST_STEP = 2**31 - 1
"""Largest number of a step that the header can hold; beyond it istart is 0."""

CELL_FLAG_OFFSET = 48
"""Offset in the header of the flag for cell records."""


def times_of(path: Path) -> tuple[float, float]:
    """Return the time of the first frame and the time between frames in ps, from the header.

    An istart of one interval stands for a first frame at step 0, with which runs begin.
    """
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    start, every = struct.unpack_from("<2i", header, STEPS_OFFSET)
    (timestep,) = struct.unpack_from("<f", header, TIMESTEP_OFFSET)
    step_ps = timestep * AKMA_FEMTOSECONDS / 1000
    return (0.0 if start == every else start * step_ps), every * step_ps


def frame_count(path: Path) -> int:
    """Return the number of frames that the header says."""
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    return struct.unpack_from("<i", header, FRAME_COUNT_OFFSETS[0])[0]


class DCDWriter(StreamWriter):
    """Writer of DCD frames; their times follow from the header."""

    suffix: ClassVar[str] = ".dcd"
    carries: ClassVar[frozenset[str]] = frozenset()

    _last: Frame | None = None
    """Frame that was written before, by this object."""

    def _open(self, resume_at: int | None) -> None:
        has_cell = self._says_cell() if resume_at else False
        excess = (resume_at or HEADER_BYTES) - HEADER_BYTES
        if excess % _frame_bytes(len(self._atoms), has_cell):
            raise RunDirectoryError(
                f"{self._path}: its frames do not end where the checkpoint says",
                got=f"{resume_at} bytes",
                expected=f"frames of {len(self._atoms)} atoms",
                remedy="Resume in the folder of the run that wrote the file",
            )
        super()._open(resume_at)
        if resume_at:
            # The header still counts the frames of the crashed run.
            self._count(has_cell)

    def _says_cell(self) -> bool:
        try:
            with self._path.open("rb") as file:
                header = file.read(HEADER_BYTES)
        except OSError as error:
            raise write_failure(self._path, error, "Nothing was written to it") from error
        return any(header[CELL_FLAG_OFFSET : CELL_FLAG_OFFSET + 4])

    def _append(self, frame: Frame) -> None:
        super()._append(frame)
        has_cell = Cell(frame.cell).rank == 3
        self._count(has_cell)
        if self._frames(has_cell) == 2:
            self._time(frame)
        self._last = frame

    def _time(self, frame: Frame) -> None:
        """Write the times into the header, given the second frame of the file.

        If the first one is of an earlier run of the program, it is the beginning of the run.
        """
        before = self._last
        first, begin = (0, 0.0) if before is None else (before.step, before.time_ps)
        apart = frame.step - first
        if apart < 1:
            return
        timestep = 1000 * (frame.time_ps - begin) / apart / AKMA_FEMTOSECONDS
        start = first or apart
        steps = struct.pack("<2i", start if start <= LARGEST_STEP else 0, min(apart, LARGEST_STEP))
        self._file.overwrite(STEPS_OFFSET, steps)
        self._file.overwrite(TIMESTEP_OFFSET, struct.pack("<f", timestep))

    def _count(self, has_cell: bool) -> None:
        frames = self._frames(has_cell)
        for offset in FRAME_COUNT_OFFSETS:
            self._file.overwrite(offset, struct.pack("<i", frames))

    def _frames(self, has_cell: bool) -> int:
        return (self.position - HEADER_BYTES) // _frame_bytes(len(self._atoms), has_cell)

    def _encode(self, frame: Frame) -> bytes:
        positions, box = standard_orientation(frame.positions, frame.cell)
        columns = {"xyz": np.asarray(positions[None], dtype=np.float32)}
        if box is not None:
            cellpar = np.asarray(Cell(box).cellpar()[None], dtype=np.float32)
            columns |= {"cell_lengths": cellpar[:, :3], "cell_angles": cellpar[:, 3:]}
        encoded = encoded_by(DCDTrajectoryFile, **columns)
        if self.position > 0:
            return encoded[HEADER_BYTES:]
        title = b"Written by sundog".ljust(TITLE.stop - TITLE.start)
        return encoded[: TITLE.start] + title + encoded[TITLE.stop :]


def _frame_bytes(atoms: int, has_cell: bool) -> int:
    coordinates = 3 * (4 * atoms + MARKER_BYTES)
    return coordinates + (CELL_RECORD_BYTES if has_cell else 0)
