"""DCD, the trajectory of CHARMM and NAMD: positions in float32, Å, and cell; no time.

Layout: a header, then per frame an optional cell record and the x, y and z of
all atoms, each record between two length markers. The header holds the number of
frames.
"""

import struct
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

CELL_FLAG_OFFSET = 48
"""Offset in the header of the flag for cell records."""


class DCDWriter(StreamWriter):
    """Writer of DCD frames; their times are in the table of energies."""

    suffix: ClassVar[str] = ".dcd"
    carries: ClassVar[frozenset[str]] = frozenset()

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
        self._count(Cell(frame.cell).rank == 3)

    def _count(self, has_cell: bool) -> None:
        frames = (self.position - HEADER_BYTES) // _frame_bytes(len(self._atoms), has_cell)
        for offset in FRAME_COUNT_OFFSETS:
            self._file.overwrite(offset, struct.pack("<i", frames))

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
