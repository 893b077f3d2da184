"""Extended XYZ trajectories, exact and with forces, momenta and charges where given."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from ase import Atoms
from ase.io.extxyz import per_config_properties

from sundog.io.extxyz import format_frame
from sundog.io.trajectories.extras import EXTRAS
from sundog.io.trajectories.stream import StreamWriter
from sundog.io.trajectories.writer import Frame

ELECTRONIC_STATE = ("charge", "total_charge", "spin", "multiplicity")
"""Keys of `info` that every frame repeats."""

UNITS = {"velocities": "Angstrom/fs"}
"""Units that the file states because they are not ASE's."""


class ExtxyzWriter(StreamWriter):
    """Writer of extended XYZ frames, each with time, step, charge and multiplicity.

    Results of a whole structure by ASE's names (`energy`, `stress`, `dipole`) are in the
    comment line, as are energies of terms (`energy_dispersion`); all others are columns.
    """

    suffix: ClassVar[str] = ".extxyz"
    carries: ClassVar[frozenset[str]] = frozenset(EXTRAS)

    def _encode(self, frame: Frame) -> bytes:
        atoms = Atoms(self._atoms.numbers, frame.positions, cell=frame.cell, pbc=self._atoms.pbc)
        info = self._atoms.info
        atoms.info = {key: info[key] for key in ELECTRONIC_STATE if key in info}
        atoms.info |= {"time_ps": frame.time_ps, "step": frame.step}
        for name, value in frame.extras.items():
            if isinstance(value, Mapping):
                atoms.info |= {f"energy_{term}": float(energy) for term, energy in value.items()}
            elif name in per_config_properties:
                atoms.info[name] = value
            else:
                atoms.set_array(name, np.asarray(value))
            if name in UNITS:
                atoms.info[f"{name}_unit"] = UNITS[name]
        return format_frame(atoms).encode()
