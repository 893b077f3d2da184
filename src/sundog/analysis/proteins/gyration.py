"""Radius of gyration.

    R_g = √(Σ m |x − x̄|² / Σ m)

in Å, mass-weighted, of all atoms of the molecules that have at least four heavy atoms, or of a
selection; x̄ is their centre of mass. Of several molecules it says how far they are apart.
"""

from typing import ClassVar

import numpy as np

from sundog.analysis.accumulators import Series
from sundog.analysis.kept import fitted_atoms
from sundog.analysis.observable import AbstractObservable
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import estimate
from sundog.io.trajectories.chunks import Frames
from sundog.plots.pictures import Curves, Line


class Gyration(AbstractObservable):
    """Radius of gyration of the solute, or of a selection."""

    name: ClassVar[str] = "gyration"
    title: ClassVar[str] = "Radius of gyration"

    def prepare(self) -> None:
        """Choose the atoms."""
        atoms = fitted_atoms(self)
        if self.choices.selection is None:
            number = self.recording.topology.connected
            atoms = np.flatnonzero(np.isin(number, number[atoms]))
        self._atoms = atoms
        self._series = Series()

    def update(self, frames: Frames) -> None:
        """Add the radii of some frames."""
        own = self.recording.whole(frames)[:, self._atoms]
        masses = self.recording.masses[self._atoms]
        apart = own - np.average(own, axis=1, weights=masses)[:, None]
        square = np.average((apart**2).sum(axis=2), axis=1, weights=masses)
        self._series.add(time_ps=frames.times, radius_angstrom=np.sqrt(square))

    def result(self) -> Result:
        """Return mean radius and series."""
        table = self._series.table()
        known = estimate(table["radius_angstrom"])
        picture = Curves(
            "series", self.title, "time / ps", "R_g / Å",
            (Line(table["time_ps"], table["radius_angstrom"], look="series"),),
        )  # fmt: skip
        quantity = Quantity("radius_angstrom", "Mean radius of gyration", "Å", known, 3)
        return Result(self.name, self.title, (quantity,), {"series": table}, (picture,))
