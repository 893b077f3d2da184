"""XTC, the compressed trajectory of GROMACS: positions to 0.01 Å, cell, time and step.

Time is in float32 and the step in 31 bits. After 2³¹ − 1 steps the number of the
step starts again at 0; times are then rounded to 0.1 ps at steps of 1 fs.
"""

from typing import ClassVar

import numpy as np
from mdtraj.formats import XTCTrajectoryFile

from sundog.io.trajectories.stream import StreamWriter, encoded_by
from sundog.io.trajectories.writer import Frame
from sundog.topology.cell import standard_orientation

ANGSTROM = 0.1
"""Length of 1 Å in nm."""

STEPS_COUNTED = 2**31
"""Number of steps after which the step starts again at 0, as readers expect 31 bits."""


class XTCWriter(StreamWriter):
    """Writer of XTC frames; a structure without a cell gets the zero box that readers expect."""

    suffix: ClassVar[str] = ".xtc"
    carries: ClassVar[frozenset[str]] = frozenset()

    def _encode(self, frame: Frame) -> bytes:
        positions, box = standard_orientation(frame.positions, frame.cell)
        box = np.zeros((3, 3)) if box is None else box
        return encoded_by(
            XTCTrajectoryFile,
            xyz=np.asarray(positions[None] * ANGSTROM, dtype=np.float32),
            time=np.array([frame.time_ps], dtype=np.float32),
            step=np.array([frame.step % STEPS_COUNTED], dtype=np.int32),
            box=np.asarray(box[None] * ANGSTROM, dtype=np.float32),
        )
