"""Conformations clustered by their deviation from one another (Daura's algorithm).

The frame with most neighbours within `clusters_angstrom` of RMSD is the middle of the first
cluster; its neighbours are taken away, and so on. RMSD after the best fit of the atoms of a
selection, by default the heavy atoms of molecules of four and more. Frames are thinned to
`MOST_FRAMES`. Source: Daura et al., Angew. Chem. Int. Ed. 38, 236 (1999).
"""

from typing import ClassVar

import numpy as np

from sundog.analysis.accumulators import Thinned
from sundog.analysis.atoms import solute
from sundog.analysis.observable import AbstractObservable
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import estimate
from sundog.analysis.superposition import deviations_between
from sundog.io.trajectories.chunks import Frames
from sundog.plots.pictures import Timeline
from sundog.plots.style import PALETTE

MOST_FRAMES, MOST_SHOWN, MOST_ATOMS = 1000, 6, 5000
"""Largest numbers: of frames that are compared, of clusters that are named, of atoms."""


class Clusters(AbstractObservable):
    """Clusters of conformations: populations, middles, and which is when."""

    name: ClassVar[str] = "clusters"
    title: ClassVar[str] = "Clusters of conformations"

    def prepare(self) -> None:
        """Choose the atoms that are fitted."""
        self._atoms = fitted_atoms(self)
        self._kept = Thinned(MOST_FRAMES)

    def update(self, frames: Frames) -> None:
        """Keep the positions of the atoms."""
        whole = self.recording.whole(frames)[:, self._atoms]
        for time, positions in zip(frames.times.tolist(), whole, strict=True):
            self._kept.add(time, positions.astype(np.float32))

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


def fitted_atoms(observable: AbstractObservable) -> np.ndarray:
    """Return the atoms of the selection, or heavy atoms of molecules of four and more."""
    recording, chosen = observable.recording, observable.choices.selection
    atoms = solute(recording.topology) if chosen is None else recording.select(chosen)
    if len(atoms) < 3:
        raise observable.refuse(
            "no molecule of four heavy atoms and more", "Name atoms with selection"
        )
    if len(atoms) > MOST_ATOMS:
        raise observable.refuse(
            f"{len(atoms)} atoms are no conformation", "Name atoms with selection"
        )
    return atoms
