"""Tetrahedral order of water oxygens among their four nearest.

    q = 1 − 3/8 Σ_{j<k} (cos ψ_jk + 1/3)²

ψ_jk: angle at an oxygen between two of its four nearest oxygens, of water molecules alone. q is 1
in a tetrahedron and 0 on average for random directions. Source: Errington, Debenedetti, Nature 409,
318 (2001), doi:10.1038/35053024.
"""

from itertools import combinations
from typing import ClassVar

import numpy as np
from scipy.spatial import KDTree

from sundog.analysis.accumulators import BlockedMean, Series
from sundog.analysis.geometry import in_cell, with_images
from sundog.analysis.observable import AbstractObservable, Need
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import estimate
from sundog.io.trajectories.chunks import Frames
from sundog.numerics.heights import heights
from sundog.plots.pictures import Curves, Line

NEAREST = 4
"""Number of neighbours."""

REACH_ANGSTROM = 6.0
"""Distance in Å within which the four are searched first; then twice of it, and so on."""

EDGES = np.linspace(-1.0, 1.0, 101)
"""Edges of the bins of q; values below −1 are rare, and count in the first."""


class TetrahedralOrder(AbstractObservable):
    """Tetrahedral order of water, its mean and distribution."""

    name: ClassVar[str] = "tetrahedral"
    title: ClassVar[str] = "Tetrahedral order"
    needs: ClassVar[frozenset[Need]] = frozenset({"cell"})

    def prepare(self) -> None:
        """Find the oxygens of water."""
        self._oxygens = water_oxygens(self.recording.topology)
        if len(self._oxygens) <= NEAREST:
            raise self.refuse(f"there are not more than {NEAREST} water molecules")
        self._series, self._histogram = Series(), BlockedMean()

    def update(self, frames: Frames) -> None:
        """Add the order of some frames."""
        assert frames.cells is not None
        means = []
        for positions, cell in zip(frames.positions, frames.cells, strict=True):
            q = tetrahedral_order(positions[self._oxygens], cell)
            means.append(q.mean())
            counts = np.histogram(np.clip(q, EDGES[0], EDGES[-1]), EDGES)[0]
            self._histogram.add(counts / (len(q) * np.diff(EDGES)))
        self._series.add(time_ps=frames.times, q=np.array(means))

    def result(self) -> Result:
        """Return the mean order, its series and distribution."""
        middle = (EDGES[1:] + EDGES[:-1]) / 2
        share, error = self._histogram.mean, self._histogram.error
        return Result(
            self.name,
            self.title,
            (Quantity("q", "Mean tetrahedral order", "", estimate(self._series["q"]), 4),),
            {
                "series": self._series.table(),
                "distribution": {"q": middle, "density": share, "density_error": error},
            },
            (
                Curves(
                    "distribution",
                    self.title,
                    "q",
                    "probability density",
                    (Line(middle, share, error),),
                    y_from_zero=True,
                ),
            ),
        )


def water_oxygens(topology) -> np.ndarray:
    """Return the oxygens of molecules of one oxygen and two hydrogens."""
    number, kinds = topology.molecules.number, topology.numbers
    atoms = np.bincount(number)
    hydrogens = np.bincount(number, kinds == 1)
    oxygens = np.bincount(number, kinds == 8)
    is_water = (atoms == 3) & (hydrogens == 2) & (oxygens == 1)
    return np.flatnonzero(is_water[number] & (kinds == 8))


def tetrahedral_order(oxygens: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Return q of every oxygen.

    Args:
        oxygens: positions in Å.
        cell: lattice vectors as rows in Å.
    """
    own, reach = in_cell(oxygens, cell), REACH_ANGSTROM
    while True:
        places, _ = with_images(own, cell, reach)
        found = KDTree(places).query(own, k=NEAREST + 1)
        distances, near = (np.asarray(one) for one in found)
        if np.isfinite(distances).all() and distances[:, -1].max() <= reach:
            break
        reach *= 2
        if reach > 100 * float(heights(cell).max()):
            break
    arms = places[near[:, 1:]] - own[:, None]
    arms /= np.linalg.norm(arms, axis=2, keepdims=True)
    cosines = [(arms[:, j] * arms[:, k]).sum(axis=1) for j, k in combinations(range(NEAREST), 2)]
    return 1 - 3 / 8 * ((np.array(cosines) + 1 / 3) ** 2).sum(axis=0)
