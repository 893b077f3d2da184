"""Relative permittivity with its convergence, from the dipoles of the energies table.

    ε = 1 + 4π ke (⟨M²⟩ − ⟨M⟩²)/(3 ⟨V⟩ k_B T)      (`analysis.dielectric`)

M in e·Å. Valid with `ewald`, whose surroundings conduct, for a neutral, isotropic cell; charges are
on the nuclei, so that the electronic part is not included. M must reverse many times: a liquid of
water takes some 10 ps for that, and needs nanoseconds for an error of 5 %.
"""

from typing import ClassVar

import numpy as np

from sundog.analysis.dielectric import permittivity, strength
from sundog.analysis.observable import AbstractObservable, Need, table_window
from sundog.analysis.result import Quantity, Result
from sundog.plots.pictures import Curves, Line

DIPOLE = tuple(f"dipole_{axis}_e_angstrom" for axis in "xyz")
"""Columns of the energies table with the components of the dipole in e·Å."""

FEWEST_ROWS = 20
"""Number of rows of the table below which fluctuations say nothing."""


class Dielectric(AbstractObservable):
    """Relative permittivity, and how it has converged."""

    name: ClassVar[str] = "dielectric"
    title: ClassVar[str] = "Relative permittivity"
    needs: ClassVar[frozenset[Need]] = frozenset({"cell", "energies", "temperature", "ewald"})
    of_frames: ClassVar[bool] = False

    def prepare(self) -> None:
        """Refuse a table without dipoles."""
        table = self.recording.energies
        rows = table_window(self.recording, self.choices)
        if not set(DIPOLE) <= table.keys() or len(table["time_ps"][rows]) < FEWEST_ROWS:
            raise self.refuse(f"the table has no dipoles, or fewer than {FEWEST_ROWS} of them")
        self._rows = rows

    def result(self) -> Result:
        """Return the permittivity and its running value."""
        table = self.recording.energies
        dipoles = np.stack([table[name][self._rows] for name in DIPOLE], axis=1)
        volumes, times = table["volume_angstrom3"][self._rows], table["time_ps"][self._rows]
        unit = strength(volumes, self.temperature_kelvin)
        known = permittivity(dipoles, volumes, self.temperature_kelvin)
        count = np.arange(1, len(dipoles) + 1)
        mean = np.cumsum(dipoles, axis=0) / count[:, None]
        square = np.cumsum((dipoles**2).sum(axis=1)) / count
        running = 1 + unit * (square - (mean**2).sum(axis=1))
        return Result(
            self.name,
            self.title,
            (
                Quantity(
                    "permittivity", "Relative permittivity (of the nuclei's charges)", "", known, 1
                ),
            ),
            {"running": {"time_ps": times, "permittivity": running}},
            (
                Curves(
                    "running", self.title, "time / ps", "ε up to this time", (Line(times, running),)
                ),
            ),
            ("The electronic part, 1.8 in water, is not included",),
        )
