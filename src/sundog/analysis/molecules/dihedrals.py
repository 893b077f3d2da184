"""Dihedral angles: distributions, and populations of the three staggered states.

Angles in degrees by IUPAC's sign, 0 for cis: gauche⁺ from 0 to 120, trans beyond ±120, gauche⁻ from
−120 to 0. By default one dihedral of each rotatable bond: a single bond between heavy atoms in no
ring, both with further heavy atoms, of molecules that are not repeated more than `MOST_ALIKE`
times.
"""

from typing import ClassVar

import numpy as np

from sundog.analysis.accumulators import BlockedMean, Series
from sundog.analysis.atoms import neighbours_of, rings
from sundog.analysis.observable import AbstractObservable
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import estimate
from sundog.errors import InputError
from sundog.io.trajectories.chunks import Frames
from sundog.numerics.dihedrals import dihedral_angles
from sundog.plots.pictures import Curves, Line
from sundog.topology.topology import Topology

MOST_ALIKE, MOST_DIHEDRALS = 4, 60
"""Numbers up to which dihedrals are chosen by default: of molecules of one size, of dihedrals."""

EDGES = np.linspace(-180, 180, 73)
"""Edges of the bins in degrees."""

STATES = ("gauche+", "trans", "gauche-")
"""Names of the staggered states."""


class Dihedrals(AbstractObservable):
    """Dihedral angles about rotatable bonds, or those that were named."""

    name: ClassVar[str] = "dihedrals"
    title: ClassVar[str] = "Dihedral angles"

    def prepare(self) -> None:
        """Choose the dihedrals."""
        topology = self.recording.topology
        chosen = _named(self.choices.dihedral, len(topology)) or rotatable(topology)
        if not chosen:
            raise self.refuse(
                "no rotatable bond in a molecule of its own", 'Name atoms, as dihedral=["4,6,8,14"]'
            )
        if len(chosen) > MOST_DIHEDRALS:
            raise self.refuse(
                f"{len(chosen)} rotatable bonds are too many to show",
                'Name those of interest, as dihedral=["4,6,8,14"]',
            )
        self._atoms = np.array(chosen)
        self._labels = ["-".join(map(str, one)) for one in chosen]
        self._series, self._shares = Series(), BlockedMean()

    def update(self, frames: Frames) -> None:
        """Add the angles of some frames."""
        angles = dihedral_angles(self.recording.whole(frames), self._atoms)
        columns = {f"{label}_degrees": angles[:, k] for k, label in enumerate(self._labels)}
        self._series.add(time_ps=frames.times, **columns)
        for one in angles:
            place = np.clip(np.searchsorted(EDGES, one, side="right") - 1, 0, len(EDGES) - 2)
            counts = np.zeros((len(self._labels), len(EDGES) - 1))
            counts[np.arange(len(one)), place] = 1 / np.diff(EDGES)[0]
            self._shares.add(counts)

    def result(self) -> Result:
        """Return populations, series and distributions."""
        middle = (EDGES[1:] + EDGES[:-1]) / 2
        quantities, lines, table = [], [], {"angle_degrees": middle}
        for k, label in enumerate(self._labels):
            quantities += populations(label, self._series[f"{label}_degrees"])
            share, error = self._shares.mean[k], self._shares.error[k]
            table |= {f"{label}_per_degree": share, f"{label}_error_per_degree": error}
            lines.append(Line(middle, share, error, label))
        picture = Curves(
            "distribution", self.title, "angle / °", "probability density / 1/°", tuple(lines),
            y_from_zero=True,
        )  # fmt: skip
        tables = {"series": self._series.table(), "distribution": table}
        return Result(
            self.name, self.title, tuple(quantities), tables, (picture,),
            ("Atoms are counted from 0",),
        )  # fmt: skip


def populations(label: str, angles: np.ndarray) -> list[Quantity]:
    """Return the shares of gauche⁺, trans and gauche⁻ of a series of angles in degrees."""
    trans = np.abs(angles) > 120
    inside = {
        "gauche+": ~trans & (angles >= 0),
        "trans": trans,
        "gauche-": ~trans & (angles < 0),
    }
    return [
        Quantity(
            f"{label}_{state}", f"{label} {state}", "", estimate(inside[state].astype(float)), 3
        )
        for state in STATES
    ]


def rotatable(topology: Topology) -> list[tuple[int, int, int, int]]:
    """Return four atoms of a dihedral about each rotatable bond of molecules that are few."""
    near, kinds = neighbours_of(topology), topology.numbers
    sizes = np.bincount(topology.connected)
    alike = np.bincount(sizes)[sizes]
    in_ring = {
        frozenset(pair)
        for ring in rings(topology)
        for pair in zip(ring, (*ring[1:], ring[0]), strict=True)
    }
    found = []
    for i, j in topology.pairs.tolist():
        if min(kinds[i], kinds[j]) == 1 or alike[topology.connected[i]] > MOST_ALIKE:
            continue
        ends = [[k for k in near[a] if k != b and kinds[k] > 1] for a, b in ((i, j), (j, i))]
        if all(ends) and frozenset((i, j)) not in in_ring and not _is_multiple(i, j, near, kinds):
            found.append((ends[0][0], i, j, ends[1][0]))
    return found


def _is_multiple(i: int, j: int, near: list[list[int]], kinds: np.ndarray) -> bool:
    """Return whether both atoms of a bond are C or N of three bonds, as of C=C and amides."""
    flat = [kinds[k] in (6, 7) and len(near[k]) == 3 for k in (i, j)]
    return all(flat)


def _named(given: tuple[str, ...], atoms: int) -> list[tuple[int, ...]]:
    found = []
    for text in given:
        try:
            four = tuple(int(word) for word in text.replace("-", ",").split(","))
        except ValueError:
            four = ()
        if len(four) != 4 or len(set(four)) < 4 or not all(0 <= k < atoms for k in four):
            raise InputError(
                "dihedral: four atoms are needed",
                got=text,
                expected=f"four different numbers from 0 to {atoms - 1}, as 4,6,8,14",
            )
        found.append(four)
    return found
