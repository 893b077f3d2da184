"""Contacts of the first frame that are kept, and the map of distances between residues.

    Q = ⟨1 / (1 + exp(β (r − λ r₀)))⟩ over contacts,   β = 5 /Å,  λ = 1.8

A contact is a pair of heavy atoms of the peptide within 4.5 Å in the first frame that is analysed,
in residues more than three apart. The map holds the share of frames in which the Cα of two residues
are within 8 Å. Source: Best, Hummer, Eaton, Proc. Natl. Acad. Sci. 110, 17874 (2013),
doi:10.1073/pnas.1311599110.
"""

from typing import ClassVar

import numpy as np
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist
from scipy.special import expit

from sundog.analysis.accumulators import BlockedMean, Series
from sundog.analysis.atoms import backbone, protein, residue_of
from sundog.analysis.observable import AbstractObservable
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import estimate
from sundog.io.trajectories.chunks import Frames
from sundog.plots.pictures import Curves, HeatMap, Line

CONTACT_ANGSTROM, ALPHA_ANGSTROM, RESIDUES_APART = 4.5, 8.0, 3
"""Distance in Å of a contact, of two Cα in the map, and residues between that do not count."""

STEEPNESS, SLACK = 5.0, 1.8
"""Constants β in 1/Å and λ of the smooth share of contacts."""


class Contacts(AbstractObservable):
    """Share of the first contacts that is kept, and the map of contacts."""

    name: ClassVar[str] = "native-contacts"
    title: ClassVar[str] = "Contacts of the first frame"

    def prepare(self) -> None:
        """Find the residues."""
        topology = self.recording.topology
        residues = backbone(topology)
        if len(residues) <= RESIDUES_APART:
            raise self.refuse(f"a peptide of more than {RESIDUES_APART} residues is needed")
        self._alpha = np.array([one.ca for one in residues])
        self._heavy = protein(topology)
        # Without names the residue of an atom is that of the backbone atom before it in the file.
        own = residue_of(topology)[self._heavy]
        named = topology.names is not None
        self._place = own if named else np.searchsorted(self._alpha, self._heavy, side="right")
        self._pairs: np.ndarray | None = None
        self._series, self._map = Series(), BlockedMean()

    def update(self, frames: Frames) -> None:
        """Add the contacts of some frames."""
        whole = self.recording.whole(frames)
        if self._pairs is None:
            first = whole[0, self._heavy]
            near = KDTree(first).query_pairs(CONTACT_ANGSTROM, output_type="ndarray")
            apart = np.abs(np.diff(self._place[near], axis=1)[:, 0]) > RESIDUES_APART
            self._pairs = self._heavy[near[apart]]
            self._lengths = _lengths(whole[:1], self._pairs)[0]
        distances = _lengths(whole, self._pairs)
        kept = expit(-STEEPNESS * (distances - SLACK * self._lengths))
        share = kept.mean(axis=1) if len(self._pairs) else np.full(len(frames), np.nan)
        self._series.add(time_ps=frames.times, q=share)
        for one in whole[:, self._alpha]:
            self._map.add(cdist(one, one) < ALPHA_ANGSTROM)

    def result(self) -> Result:
        """Return the share of contacts kept, and the map."""
        assert self._pairs is not None
        table = self._series.table()
        edges = np.arange(len(self._alpha) + 1) + 0.5
        picture = HeatMap(
            "map", "Contacts between residues", "residue", "residue", "share of frames", edges,
            edges, self._map.mean,
        )  # fmt: skip
        rows, columns = np.triu_indices(len(self._alpha), 1)
        tables = {
            "map": {
                "residue_1": rows + 1,
                "residue_2": columns + 1,
                "share": self._map.mean[rows, columns],
                "error": self._map.error[rows, columns],
            }
        }
        if len(self._pairs) == 0:
            note = f"The first frame has no contact of residues more than {RESIDUES_APART} apart"
            return Result(self.name, self.title, (), tables, (picture,), (note,))
        line = Curves(
            "kept", self.title, "time / ps", "Q",
            (Line(table["time_ps"], table["q"], look="series"),), y_from_zero=True,
        )  # fmt: skip
        quantity = Quantity("q", "Mean share of contacts kept", "", estimate(table["q"]), 3)
        return Result(
            self.name, self.title, (quantity,), tables | {"series": table}, (line, picture)
        )


def _lengths(positions: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    return np.linalg.norm(positions[:, pairs[:, 0]] - positions[:, pairs[:, 1]], axis=2)
