"""DCD, the trajectory of CHARMM and NAMD: positions in float32, Å, and cell; no time.

Layout: a header, then per frame an optional cell record and the x, y and z of
all atoms, each record between its two length markers. The header says how many
frames follow.
"""

import struct
from typing import ClassVar

import numpy as np
from ase.cell import Cell
from jaxtyping import Float
from mdtraj.formats import DCDTrajectoryFile

from sundog.io.standard_cell import standard_orientation
from sundog.io.trajectories.writer import Extras, TrajectoryWriter, encoded_by

HEADER_BYTES = 276
MARKER_BYTES = 8
"""What Fortran puts around a record."""

CELL_RECORD_BYTES = 6 * 8 + MARKER_BYTES
TITLE = slice(100, 260)
"""Where the header has room for words; mdtraj leaves the time of day and stray memory there."""

FRAME_COUNT_OFFSETS = (8, 20)
"""Where the header holds the number of frames and that of the last one."""


class DCDWriter(TrajectoryWriter):
    """Write DCD frames; the time of a frame stands in the table of energies."""

    suffix: ClassVar[str] = ".dcd"

    def write(
        self,
        positions: Float[np.ndarray, "atoms 3"],
        cell: Float[np.ndarray, "3 3"],
        time_ps: float,
        step: int,
        extras: Extras | None = None,
    ) -> None:
        """Append a frame and count it in the header; see `TrajectoryWriter.write`."""
        super().write(positions, cell, time_ps, step, extras)
        frames = (self.position - HEADER_BYTES) // _frame_bytes(len(positions), cell)
        for offset in FRAME_COUNT_OFFSETS:
            self._file.overwrite(offset, struct.pack("<i", frames))

    def _encode(
        self,
        positions: Float[np.ndarray, "atoms 3"],
        cell: Float[np.ndarray, "3 3"],
        time_ps: float,
        step: int,
        extras: Extras,
    ) -> bytes:
        positions, box = standard_orientation(positions, cell)
        frame = {"xyz": np.asarray(positions[None], dtype=np.float32)}
        if box is not None:
            cellpar = np.asarray(Cell(box).cellpar()[None], dtype=np.float32)
            frame |= {"cell_lengths": cellpar[:, :3], "cell_angles": cellpar[:, 3:]}
        encoded = encoded_by(DCDTrajectoryFile, **frame)
        if self.position > 0:
            return encoded[HEADER_BYTES:]
        title = b"Written by sundog".ljust(TITLE.stop - TITLE.start)
        return encoded[: TITLE.start] + title + encoded[TITLE.stop :]


def _frame_bytes(atoms: int, cell: Float[np.ndarray, "3 3"]) -> int:
    coordinates = 3 * (4 * atoms + MARKER_BYTES)
    return coordinates + (CELL_RECORD_BYTES if Cell(cell).rank == 3 else 0)
