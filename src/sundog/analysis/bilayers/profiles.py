"""Profiles across a bilayer, centred on its tails: electrons, mass, phosphorus, water; D_HH.

    ρ_e(z) = ⟨Σ Z in the slab⟩ / (A dz),   D_HH: distance of the two maxima of ρ_e

z in Å from the middle of the tails, which is found in every frame by circular mean, so that a
bilayer across the boundary of the cell is whole; Z: atomic numbers, as neutral atoms. Maxima are
those of the profile made symmetric and smoothed over `SMOOTH_ANGSTROM`, by a parabola through three
points.
"""

from typing import ClassVar

import numpy as np
from scipy.ndimage import gaussian_filter1d

from sundog.analysis.accumulators import BlockedMean
from sundog.analysis.atoms import waters
from sundog.analysis.bilayers.graph import along_normal, bilayer_of, centre, tails
from sundog.analysis.observable import AbstractObservable, Need
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import estimate
from sundog.io.trajectories.chunks import Frames
from sundog.numerics.heights import heights
from sundog.plots.pictures import Curves, Line

BIN_ANGSTROM, SMOOTH_ANGSTROM = 0.5, 0.5
"""Width of the slabs in Å, and standard deviation of the smoothing before maxima are searched. The
maxima are steeper inside than outside: smoothing over 1 Å moves them 0.6 Å apart, over 2 Å 1.1 Å
(docs/analysis.md)."""


class BilayerProfiles(AbstractObservable):
    """Profiles of electrons, phosphorus, water and tails across a bilayer."""

    name: ClassVar[str] = "bilayer-profile"
    title: ClassVar[str] = "Profiles across the bilayer"
    needs: ClassVar[frozenset[Need]] = frozenset({"cell"})

    def prepare(self) -> None:
        """Find the groups, and slabs for the cell at the start."""
        topology = self.recording.topology
        found = bilayer_of(self)
        self._tails = tails(topology)
        water = np.flatnonzero(waters(topology))
        carbons = np.array([k for one in found for chain in one.chains for k in chain])
        self._groups = {
            "all": np.arange(len(topology)),
            "phosphorus": np.array([one.phosphorus for one in found]),
            "chains": carbons,
            "water": water,
        }
        half = 0.5 * float(heights(self.recording.atoms.cell.array)[2])
        count = max(4, int(half / BIN_ANGSTROM))
        self._edges = np.arange(-count, count + 1) * BIN_ANGSTROM
        self._means = {name: BlockedMean() for name in self._groups}

    def update(self, frames: Frames) -> None:
        """Add the electrons of some frames to the slabs."""
        assert frames.cells is not None
        electrons = self.recording.topology.numbers.astype(np.float64)
        for positions, cell in zip(frames.positions, frames.cells, strict=True):
            z = along_normal(positions, cell, centre(positions, cell, self._tails))
            area = float(np.linalg.norm(np.cross(cell[0], cell[1])))
            for name, atoms in self._groups.items():
                held = np.histogram(z[atoms], self._edges, weights=electrons[atoms])[0]
                self._means[name].add(held / (area * BIN_ANGSTROM))

    def result(self) -> Result:
        """Return the profiles and the distance of the maxima."""
        z = (self._edges[1:] + self._edges[:-1]) / 2
        table, lines = {"z_angstrom": z}, []
        for name, one in self._means.items():
            table |= {
                f"{name}_electrons_per_angstrom3": one.mean,
                f"{name}_error_electrons_per_angstrom3": one.error,
            }
            lines.append(Line(z, one.mean, one.error, name))
        profiles = self._means["all"]
        apart = head_to_head(z, profiles.mean)
        quantities, notes = (), ()
        if apart is None:
            notes = ("The profile of electrons has no maxima on both sides",)
        else:
            blocks = [head_to_head(z, block) or np.nan for block in profiles.blocks]
            known = estimate(np.array(blocks)) if np.isfinite(blocks).all() and blocks else None
            value = estimate(np.array([apart])) if known is None else known._replace(mean=apart)
            label = "Distance of the maxima of electrons, D_HH"
            quantities = (Quantity("d_hh_angstrom", label, "Å", value, 1),)
        picture = Curves(
            "profile", self.title, "z / Å", "electrons / Å⁻³", tuple(lines), y_from_zero=True
        )
        return Result(self.name, self.title, quantities, {"profile": table}, (picture,), notes)


def head_to_head(z: np.ndarray, profile: np.ndarray) -> float | None:
    """Return the distance in Å of the maxima on both sides of the middle; None without any.

    Args:
        z: centres of the slabs in Å, symmetric about 0.
        profile: electrons by slab.
    """
    symmetric = (profile + profile[::-1]) / 2
    smooth = gaussian_filter1d(symmetric, SMOOTH_ANGSTROM / (z[1] - z[0]), mode="nearest")
    upper = smooth[len(z) // 2 :]
    top = int(upper.argmax())
    if top in (0, len(upper) - 1):
        return None
    low, middle, high = upper[top - 1 : top + 2]
    shift = 0.5 * (low - high) / (low - 2 * middle + high)
    return float(2 * (z[len(z) // 2 + top] + shift * (z[1] - z[0])))
