"""Bond lengths and angles by elements: means and distributions.

Bonds are those of the start of the run (`topology.bonds`); lengths in Å, angles in degrees, over
all bonds of the same two elements, or angles of the same three with the middle one in the middle.
"""

from abc import abstractmethod
from collections import defaultdict
from itertools import combinations
from typing import ClassVar

import numpy as np

from sundog.analysis.accumulators import BlockedMean, Series
from sundog.analysis.atoms import neighbours_of
from sundog.analysis.geometry import angles
from sundog.analysis.observable import AbstractObservable
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import estimate
from sundog.elements import symbol
from sundog.io.trajectories.chunks import Frames
from sundog.plots.pictures import Curves, Line


class _Internal(AbstractObservable):
    """Internal coordinates of one sort, averaged by the elements of their atoms."""

    unit: ClassVar[str]
    column: ClassVar[str]
    digits: ClassVar[int]
    edges: ClassVar[np.ndarray]

    @abstractmethod
    def kinds(self) -> dict[str, np.ndarray]:
        """Return the atoms of every coordinate by label."""

    @abstractmethod
    def measure(self, positions: np.ndarray, atoms: np.ndarray) -> np.ndarray:
        """Return the coordinates by frame."""

    def prepare(self) -> None:
        """Sort the coordinates by elements."""
        self._kinds = self.kinds()
        if not self._kinds:
            raise self.refuse("the structure has none of them")
        self._series = Series()
        self._shares = {label: BlockedMean() for label in self._kinds}

    def update(self, frames: Frames) -> None:
        """Add the coordinates of some frames."""
        whole = self.recording.whole(frames)
        columns = {}
        for label, atoms in self._kinds.items():
            values = self.measure(whole, atoms)
            columns[f"{label}_{self.column}"] = values.mean(axis=1)
            for one in values:
                counts = np.histogram(one, self.edges)[0]
                self._shares[label].add(counts / (len(one) * np.diff(self.edges)))
        self._series.add(time_ps=frames.times, **columns)

    def result(self) -> Result:
        """Return means, series and distributions."""
        middle = (self.edges[1:] + self.edges[:-1]) / 2
        quantities, lines = [], []
        table = {self.column: middle}
        for label, share in self._shares.items():
            known = estimate(self._series[f"{label}_{self.column}"])
            name = f"{label}_{self.column}"
            quantities.append(Quantity(name, f"Mean {label}", self.unit, known, self.digits))
            table |= {f"{label}_density": share.mean, f"{label}_error": share.error}
            lines.append(Line(middle, share.mean, share.error, label))
        picture = Curves(
            "distribution", self.title, f"{self.column.split('_')[0]} / {self.unit}",
            "probability density", tuple(lines), y_from_zero=True,
        )  # fmt: skip
        tables = {"series": self._series.table(), "distribution": table}
        return Result(self.name, self.title, tuple(quantities), tables, (picture,))


class BondLengths(_Internal):
    """Lengths of bonds by the two elements."""

    name: ClassVar[str] = "bonds"
    title: ClassVar[str] = "Bond lengths"
    unit: ClassVar[str] = "Å"
    column: ClassVar[str] = "length_angstrom"
    digits: ClassVar[int] = 4
    edges: ClassVar[np.ndarray] = np.arange(0.7, 3.0001, 0.01)

    def kinds(self) -> dict[str, np.ndarray]:
        """Return the bonded pairs by their elements."""
        numbers = self.recording.topology.numbers
        found: dict[str, list[list[int]]] = defaultdict(list)
        for pair in self.recording.topology.pairs.tolist():
            found["-".join(sorted(symbol(int(numbers[k])) for k in pair))].append(pair)
        return {label: np.array(pairs) for label, pairs in sorted(found.items())}

    def measure(self, positions: np.ndarray, atoms: np.ndarray) -> np.ndarray:
        """Return lengths in Å."""
        return np.linalg.norm(positions[:, atoms[:, 1]] - positions[:, atoms[:, 0]], axis=2)


class BondAngles(_Internal):
    """Angles between bonds by the three elements."""

    name: ClassVar[str] = "angles"
    title: ClassVar[str] = "Bond angles"
    unit: ClassVar[str] = "°"
    column: ClassVar[str] = "angle_degrees"
    digits: ClassVar[int] = 2
    edges: ClassVar[np.ndarray] = np.arange(40.0, 181.0)

    def kinds(self) -> dict[str, np.ndarray]:
        """Return three atoms of every angle by their elements, the corner in the middle."""
        topology = self.recording.topology
        numbers = topology.numbers
        found: dict[str, list[list[int]]] = defaultdict(list)
        for corner, ends in enumerate(neighbours_of(topology)):
            for i, j in combinations(ends, 2):
                one, other = sorted(symbol(int(numbers[k])) for k in (i, j))
                label = f"{one}-{symbol(int(numbers[corner]))}-{other}"
                found[label].append([i, corner, j])
        return {label: np.array(triples) for label, triples in sorted(found.items())}

    def measure(self, positions: np.ndarray, atoms: np.ndarray) -> np.ndarray:
        """Return angles in degrees."""
        corner = positions[:, atoms[:, 1]]
        return angles(positions[:, atoms[:, 0]] - corner, positions[:, atoms[:, 2]] - corner)
