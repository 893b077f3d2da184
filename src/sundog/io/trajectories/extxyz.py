"""Extended XYZ: readable, exact, and with forces, momenta and charges where given."""

from typing import ClassVar

import numpy as np
from ase import Atoms
from ase.io.extxyz import per_config_properties
from jaxtyping import Float

from sundog.io.extxyz import format_frame
from sundog.io.trajectories.writer import Extras, TrajectoryWriter

ELECTRONIC_STATE = ("charge", "total_charge", "spin", "multiplicity")


class ExtxyzWriter(TrajectoryWriter):
    """Write extended XYZ frames, each with time, step, charge and multiplicity.

    Extras by ASE's names for results of a whole structure (`energy`, `stress`,
    `dipole`) go to the comment line; all others are columns, one row an atom.
    """

    suffix: ClassVar[str] = ".extxyz"

    def _encode(
        self,
        positions: Float[np.ndarray, "atoms 3"],
        cell: Float[np.ndarray, "3 3"],
        time_ps: float,
        step: int,
        extras: Extras,
    ) -> bytes:
        frame = Atoms(self._atoms.numbers, positions, cell=cell, pbc=self._atoms.pbc)
        info = self._atoms.info
        frame.info = {key: info[key] for key in ELECTRONIC_STATE if key in info}
        frame.info |= {"time_ps": time_ps, "step": step}
        for name, value in extras.items():
            if name in per_config_properties:
                frame.info[name] = value
            else:
                frame.set_array(name, np.asarray(value))
        return format_frame(frame).encode()
