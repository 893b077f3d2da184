"""Torsions of glycosidic links, found by bonds: φ, ψ and ω between sugars, and χ of N-links.

Angles in degrees by IUPAC's sign; φ is O5–C1–O–Cx, ψ is C1–O–Cx–C(x−1), ω is O–C6–C5–O5, and to
asparagine φ is O5–C1–N–C, ψ is C1–N–C–Cβ, χ2 is Cα–Cβ–C–N, χ1 is N–Cα–Cβ–C (`graph`). Populations
are those of gauche⁺, trans and gauche⁻ (`dihedrals`). Source: IUPAC-IUB, Eur. J. Biochem. 131, 5
(1983), but for ω, whose last atom is O5 here as in most reports of gg, gt and tg.
"""

from typing import ClassVar

import numpy as np

from sundog.analysis.accumulators import Series
from sundog.analysis.molecules.dihedrals import populations
from sundog.analysis.observable import AbstractObservable
from sundog.analysis.result import Result
from sundog.analysis.sugars.graph import linkages
from sundog.io.trajectories.chunks import Frames
from sundog.numerics.dihedrals import dihedral_angles
from sundog.plots.pictures import Curves, HeatMap, Line, Picture

EDGES = np.linspace(-180, 180, 37)
"""Edges of the bins in degrees."""


class Linkages(AbstractObservable):
    """Torsions of the links between sugars, and to asparagines."""

    name: ClassVar[str] = "linkages"
    title: ClassVar[str] = "Glycosidic torsions"

    def prepare(self) -> None:
        """Find the links."""
        self._links = linkages(self.recording.topology)
        if not self._links:
            raise self.refuse("no sugar is linked to another or to an amide")
        named = [
            (link.label, kind, four)
            for link in self._links
            for kind, four in link.dihedrals.items()
        ]
        self._names = [f"{label}_{kind}" for label, kind, _ in named]
        self._atoms = np.array([four for _, _, four in named])
        self._series = Series()

    def update(self, frames: Frames) -> None:
        """Add the torsions of some frames."""
        angles = dihedral_angles(self.recording.whole(frames), self._atoms)
        columns = {f"{name}_degrees": angles[:, k] for k, name in enumerate(self._names)}
        self._series.add(time_ps=frames.times, **columns)

    def result(self) -> Result:
        """Return populations, series, and maps of φ and ψ."""
        table = self._series.table()
        quantities = [
            one for name in self._names for one in populations(name, table[f"{name}_degrees"])
        ]
        lines = tuple(
            Line(
                table["time_ps"],
                table[f"{name}_degrees"],
                label=name.replace("_", " "),
                look="points",
            )
            for name in self._names
        )
        pictures: list[Picture] = [Curves("series", self.title, "time / ps", "angle / °", lines)]
        for link in self._links:
            if {"phi", "psi"} <= link.dihedrals.keys():
                phi, psi = (table[f"{link.label}_{kind}_degrees"] for kind in ("phi", "psi"))
                share = np.histogram2d(phi, psi, (EDGES, EDGES))[0].T / len(phi)
                share[share == 0] = np.nan
                pictures.append(
                    HeatMap(
                        f"map-{link.label}", f"φ and ψ of {link.label}", "φ / °", "ψ / °",
                        "share of frames", EDGES, EDGES, share,
                    )
                )  # fmt: skip
        return Result(self.name, self.title, tuple(quantities), {"series": table}, tuple(pictures))
