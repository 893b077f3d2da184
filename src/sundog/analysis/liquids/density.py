"""Density, and its profile along the normal of the first two lattice vectors.

    ρ = Σ m / V,    ρ(z) = ⟨Σ m in the slab⟩ / (V dz / L)

z: distance from the origin along the normal in Å, from the fractional coordinate times the width L
of the cell, so that triclinic and fluctuating cells are right. ρ in g/cm³. The origin is that of
the cell: what moves along z is smeared; a bilayer is centred by `bilayer-profile`.
"""

from typing import ClassVar

import numpy as np

from sundog.analysis.accumulators import BlockedMean, Series
from sundog.analysis.observable import AbstractObservable, Need
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import estimate
from sundog.elements import symbol
from sundog.io.trajectories.chunks import Frames
from sundog.numerics.heights import heights
from sundog.plots.pictures import Curves, Line
from sundog.units import GRAM_PER_CM3

BINS = 100
"""Number of slabs of the profile."""


class DensityProfiles(AbstractObservable):
    """Density of the cell, and profiles of all atoms and of each element, or of a selection."""

    name: ClassVar[str] = "density"
    title: ClassVar[str] = "Density"
    needs: ClassVar[frozenset[Need]] = frozenset({"cell"})

    def prepare(self) -> None:
        """Choose the atoms of each profile."""
        everything = np.arange(len(self.recording.topology))
        self._groups = {"all": everything}
        if self.choices.selection is not None:
            self._groups["selection"] = self.recording.select(self.choices.selection)
        else:
            kinds = self.recording.is_element
            self._groups |= {symbol(k): np.flatnonzero(kinds[k]) for k in kinds}
        self._profiles = {name: BlockedMean() for name in self._groups}
        self._series = Series()
        self._width = BlockedMean()

    def update(self, frames: Frames) -> None:
        """Add the masses of some frames to the slabs."""
        assert frames.cells is not None
        masses = self.recording.masses
        volumes = np.abs(np.linalg.det(frames.cells))
        self._series.add(
            time_ps=frames.times, density_g_per_cm3=masses.sum() / volumes / GRAM_PER_CM3
        )
        inverse = np.linalg.inv(frames.cells)
        for k, volume in enumerate(volumes.tolist()):
            self._width.add(heights(frames.cells[k])[2:])
            z = frames.positions[k] @ inverse[k, :, 2]
            slab = ((z - np.floor(z)) * BINS).astype(int) % BINS
            for name, atoms in self._groups.items():
                held = np.bincount(slab[atoms], masses[atoms], BINS)
                self._profiles[name].add(held * BINS / volume / GRAM_PER_CM3)

    def result(self) -> Result:
        """Return the density, its series, and the profiles."""
        z = (np.arange(BINS) + 0.5) / BINS * float(self._width.mean[0])
        profile = {"z_angstrom": z}
        lines = []
        for name, one in self._profiles.items():
            profile |= {f"{name}_g_per_cm3": one.mean, f"{name}_error_g_per_cm3": one.error}
            lines.append(Line(z, one.mean, one.error, name))
        density = estimate(self._series["density_g_per_cm3"])
        return Result(
            self.name,
            self.title,
            (Quantity("density_g_per_cm3", "Density", "g/cm³", density, 4),),
            {"profile": profile, "series": self._series.table()},
            (
                Curves(
                    "profile",
                    "Density profile",
                    "z / Å",
                    "density / g cm⁻³",
                    tuple(lines),
                    y_from_zero=True,
                ),
            ),
        )
