"""Conformations clustered by their deviation from one another (Daura's algorithm).

The frame with most neighbours within `clusters_angstrom` of RMSD is the middle of the first
cluster; its neighbours are taken away, and so on. RMSD after the best fit of the atoms of a
selection, by default the heavy atoms of molecules of four and more. Frames are thinned to
1,000. Source: Daura et al., Angew. Chem. Int. Ed. 38, 236 (1999).
"""

from typing import ClassVar

import numpy as np
from jaxtyping import Int

from sundog.analysis.kept import KeptFrames, fitted_atoms
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import estimate
from sundog.analysis.superposition import deviations_between
from sundog.plots.pictures import Timeline
from sundog.plots.style import PALETTE

MOST_SHOWN = 6
"""Number of clusters that are named."""


class Clusters(KeptFrames):
    """Clusters of conformations: populations, middles, and which is when."""

    name: ClassVar[str] = "clusters"
    title: ClassVar[str] = "Clusters of conformations"

    def chosen(self) -> Int[np.ndarray, " chosen"]:
        """Return the atoms that are fitted."""
        return fitted_atoms(self)

    def result(self) -> Result:
        """Return the populations of the clusters, and the middle of each."""
        radius = self.choices.clusters_angstrom
        near = deviations_between(self._kept.values) <= radius
        number, middles = clustered(near)
        times = self._kept.times
        quantities = [
            Quantity(
                f"share_{k}",
                f"Cluster {k + 1}, middle at {times[middles[k]]:.4g} ps: share",
                "",
                estimate((number == k).astype(float)),
                3,
            )
            for k in range(min(len(middles), MOST_SHOWN))
        ]
        shown = np.minimum(number, MOST_SHOWN)
        labels = (*(f"{k + 1}" for k in range(MOST_SHOWN)), "others")
        picture = Timeline(
            "when", self.title, "time / ps", "cluster", times, ("cluster",), shown[None],
            labels, PALETTE[: MOST_SHOWN + 1],
        )  # fmt: skip
        sizes = np.bincount(number)
        tables = {
            "clusters": {
                "cluster": np.arange(1, len(middles) + 1),
                "frames": sizes,
                "middle_ps": times[np.array(middles)],
            },
            "series": {"time_ps": times, "cluster": number + 1},
        }
        note = f"{len(middles)} clusters within {radius:g} Å, from {len(times)} frames"
        return Result(self.name, self.title, tuple(quantities), tables, (picture,), (note,))


def clustered(near: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Return the cluster of every frame, the largest first, and the frames in their middles.

    Args:
        near: matrix that tells which frames are neighbours.
    """
    left = np.ones(len(near), bool)
    number = np.zeros(len(near), int)
    middles: list[int] = []
    while left.any():
        counts = (near & left).sum(axis=1) * left
        middle = int(counts.argmax())
        members = near[middle] & left
        number[members] = len(middles)
        middles.append(middle)
        left &= ~members
    return number, middles
