"""Area and volume per lipid, leaflets, and the distance of the phosphorus planes.

    a = A / n_leaflet,    v = (V − n_w v_w) / n_lipids,    v_w = 29.9 Å³

A: area of the first two lattice vectors; leaflets by the side of the middle of the tails, which is
found by circular mean; P–P: distance of the mean heights of phosphorus. Areas in Å², volumes in Å³.
The volume of water is that of the bulk; membranes with proteins, cholesterol or ions need theirs
taken off. An undulating bilayer has more area than its cell: the spread of phosphorus heights in a
leaflet says so.
"""

from typing import ClassVar

import numpy as np

from sundog.analysis.accumulators import Series
from sundog.analysis.atoms import waters
from sundog.analysis.bilayers.graph import along_normal, bilayer_of, centre, tails
from sundog.analysis.observable import AbstractObservable, Need
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import estimate
from sundog.io.trajectories.chunks import Frames
from sundog.plots.pictures import Curves, Line

WATER_ANGSTROM3 = 29.9
"""Volume of a molecule of water in Å³."""


class Areas(AbstractObservable):
    """Area and volume per lipid, leaflets and thickness."""

    name: ClassVar[str] = "lipid-area"
    title: ClassVar[str] = "Area and volume per lipid"
    needs: ClassVar[frozenset[Need]] = frozenset({"cell"})

    def prepare(self) -> None:
        """Find lipids and waters."""
        topology = self.recording.topology
        found = bilayer_of(self)
        self._phosphorus = np.array([one.phosphorus for one in found])
        self._tails = tails(topology)
        number = topology.connected
        is_water = waters(topology)
        self._waters = int(is_water.sum()) // 3
        members = np.isin(number, number[self._phosphorus])
        self._others = int((~members & ~is_water & (topology.numbers > 1)).sum())
        self._series = Series()

    def update(self, frames: Frames) -> None:
        """Add areas, volumes and planes of some frames."""
        assert frames.cells is not None
        count = len(self._phosphorus)
        area = np.linalg.norm(np.cross(frames.cells[:, 0], frames.cells[:, 1]), axis=1)
        volume = np.abs(np.linalg.det(frames.cells))
        rows = []
        for positions, cell in zip(frames.positions, frames.cells, strict=True):
            z = along_normal(
                positions[self._phosphorus], cell, centre(positions, cell, self._tails)
            )
            up = z > 0
            if up.all() or not up.any():
                raise self.refuse("all phosphorus is on one side: this is no bilayer along c")
            rows.append(
                [up.sum(), z[up].mean() - z[~up].mean(), 0.5 * (z[up].std() + z[~up].std())]
            )
        upper, apart, rough = np.array(rows).T
        self._series.add(
            time_ps=frames.times,
            area_angstrom2=2 * area / count,
            volume_angstrom3=(volume - self._waters * WATER_ANGSTROM3) / count,
            upper_lipids=upper,
            phosphorus_distance_angstrom=apart,
            roughness_angstrom=rough,
        )

    def result(self) -> Result:
        """Return areas, volumes and distances."""
        table = self._series.table()
        wanted = (
            ("area_angstrom2", "Area per lipid", "Å²", 2),
            ("volume_angstrom3", "Volume per lipid", "Å³", 0),
            ("phosphorus_distance_angstrom", "Distance of the phosphorus planes", "Å", 2),
            ("roughness_angstrom", "Spread of phosphorus heights in a leaflet", "Å", 2),
        )
        quantities = tuple(
            Quantity(name, label, unit, estimate(table[name]), digits)
            for name, label, unit, digits in wanted
        )
        upper = table["upper_lipids"]
        total = len(self._phosphorus)
        notes = [
            f"Leaflets of {upper.mean():.0f} and {total - upper.mean():.0f} lipids; "
            f"{self._waters} waters of {WATER_ANGSTROM3} Å³"
        ]
        if np.ptp(upper) > 0:
            notes.append("Lipids changed sides, or the bilayer is not across c")
        if abs(2 * upper.mean() - total) > 0.5:
            notes.append("Leaflets are unequal: the area is that of a mean lipid, and it may bend")
        if self._others:
            notes.append(
                f"{self._others} heavy atoms of other molecules are in the volume per lipid"
            )
        picture = Curves(
            "area", "Area per lipid", "time / ps", "area / Å²",
            (Line(table["time_ps"], table["area_angstrom2"], look="series"),),
        )  # fmt: skip
        return Result(
            self.name, self.title, quantities, {"series": table}, (picture,), tuple(notes)
        )
