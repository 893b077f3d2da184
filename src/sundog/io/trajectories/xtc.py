"""XTC, the compressed trajectory of GROMACS: positions to 0.01 Å, cell, time and step."""

from typing import ClassVar

import numpy as np
from jaxtyping import Float
from mdtraj.formats import XTCTrajectoryFile

from sundog.io.standard_cell import standard_orientation
from sundog.io.trajectories.writer import Extras, TrajectoryWriter, encoded_by

ANGSTROM = 0.1
"""One Å in nm."""


class XTCWriter(TrajectoryWriter):
    """Write XTC frames. A structure without a cell gets the zero box that readers expect."""

    suffix: ClassVar[str] = ".xtc"

    def _encode(
        self,
        positions: Float[np.ndarray, "atoms 3"],
        cell: Float[np.ndarray, "3 3"],
        time_ps: float,
        step: int,
        extras: Extras,
    ) -> bytes:
        positions, box = standard_orientation(positions, cell)
        box = np.zeros((3, 3)) if box is None else box
        return encoded_by(
            XTCTrajectoryFile,
            xyz=np.asarray(positions[None] * ANGSTROM, dtype=np.float32),
            time=np.array([time_ps], dtype=np.float32),
            step=np.array([step], dtype=np.int32),
            box=np.asarray(box[None] * ANGSTROM, dtype=np.float32),
        )
