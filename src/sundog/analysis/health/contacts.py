"""Close contacts, and bonds that broke or formed.

    contact: the smallest r / (R_i + R_j) over atoms that are not bonded, nor to a common one

R: covalent radii in Å, r in Å up to `REACH_ANGSTROM`, of nonmetals: ions of metals coordinate at
such distances. Hydrogen bonds are at 1.6 and above; below
`TOO_CLOSE` no molecule has such contacts. Bonds of at most `MOST_FRAMES` frames are found anew by
the rule of `topology.bonds` and compared with those of the start: a proton that has moved is a bond
broken and one formed. Between the frames that are looked at nothing is seen.
"""

from typing import ClassVar

import numpy as np

from sundog.analysis.accumulators import Series
from sundog.analysis.atoms import neighbours_of
from sundog.analysis.geometry import neighbours
from sundog.analysis.observable import AbstractObservable
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import estimate
from sundog.elements import covalent_radii, symbol
from sundog.io.trajectories.chunks import Frames
from sundog.plots.pictures import Curves, Line
from sundog.topology.bonds import NONMETALS, find_bonds

MOST_FRAMES, MOST_TOLD = 200, 6
"""Number of frames beyond which every second is left out, and of changes that are told."""

REACH_ANGSTROM, TOO_CLOSE = 2.5, 1.25
"""Distance in Å up to which contacts are searched, and distance in sums of covalent radii below
which one is named."""


class CloseContacts(AbstractObservable):
    """Closest contact of every frame, and bonds broken and formed since the start."""

    name: ClassVar[str] = "contacts"
    title: ClassVar[str] = "Close contacts and bonds"

    def prepare(self) -> None:
        """Number the pairs that are bonded, and those that share a bonded atom."""
        topology = self.recording.topology
        count = len(topology)
        near = neighbours_of(topology)
        shared = {i * count + j for ends in near for i in ends for j in ends if i < j}
        self._bonded = {i * count + j for i, j in topology.pairs.tolist()}
        self._known = np.array(sorted(shared | self._bonded), np.int64)
        self._radii = covalent_radii()[topology.numbers]
        self._counts = np.isin(topology.numbers, NONMETALS)
        self._series = Series()
        self._seen, self._stride, self._looked = 0, 1, 0
        self._changes: dict[int, tuple[float, bool]] = {}

    def update(self, frames: Frames) -> None:
        """Look at some frames."""
        for k, time in enumerate(frames.times.tolist()):
            if self._seen % self._stride == 0:
                cell = None if frames.cells is None else frames.cells[k]
                self._look(time, frames.positions[k], cell)
                self._looked += 1
                if self._looked == MOST_FRAMES:
                    self._looked, self._stride = self._looked // 2, 2 * self._stride
            self._seen += 1

    def _look(self, time: float, positions: np.ndarray, cell: np.ndarray | None) -> None:
        topology, count = self.recording.topology, len(self.recording.topology)
        lattice = np.zeros((3, 3)) if cell is None else cell
        bonds = find_bonds(topology.numbers, positions, lattice, topology.pbc)
        now = {
            i * count + j for i, j in zip(bonds.first.tolist(), bonds.second.tolist(), strict=True)
            if i != j
        }  # fmt: skip
        broken, formed = self._bonded - now, now - self._bonded
        for code in broken | formed:
            self._changes.setdefault(code, (time, code in formed))
        i, j, apart = neighbours(
            positions, positions, cell if self.recording.is_periodic else None, REACH_ANGSTROM
        )
        once = i < j
        i, j, apart = i[once], j[once], apart[once]
        free = ~np.isin(i * count + j, self._known) & self._counts[i] & self._counts[j]
        i, j, apart = i[free], j[free], apart[free]
        ratio = np.linalg.norm(apart, axis=1) / (self._radii[i] + self._radii[j])
        closest = float(ratio.min()) if len(ratio) else np.nan
        one = np.ones(1)
        self._series.add(
            time_ps=time * one,
            closest_ratio=closest * one,
            bonds_broken=len(broken) * one,
            bonds_formed=len(formed) * one,
        )

    def result(self) -> Result:
        """Return the closest contacts, and the bonds that changed."""
        table = self._series.table()
        closest = table["closest_ratio"][np.isfinite(table["closest_ratio"])]
        quantities, notes, pictures = [], [], []
        if len(closest):
            label = "Closest contact, in sums of covalent radii: mean"
            quantities.append(Quantity("closest_ratio", label, "", estimate(closest), 3))
            if closest.min() < TOO_CLOSE:
                notes.append(f"A contact of {closest.min():.2f} sums of covalent radii was reached")
            pictures.append(
                Curves(
                    "closest", "Closest contact", "time / ps", "r / (R_i + R_j)",
                    (Line(table["time_ps"], table["closest_ratio"], look="series"),),
                )
            )  # fmt: skip
        count = len(self.recording.topology)
        if not self._changes:
            notes.append(f"No bond broke or formed in the {len(table['time_ps'])} frames looked at")
        for code, (time, formed) in sorted(self._changes.items(), key=lambda one: one[1])[
            :MOST_TOLD
        ]:
            pair = "–".join(self._name(k) for k in divmod(code, count))
            notes.append(f"{time:.4g} ps: bond {'formed' if formed else 'broken'}, {pair}")
        if len(self._changes) > MOST_TOLD:
            notes.append(f"{len(self._changes) - MOST_TOLD} more bonds changed")
        return Result(
            self.name,
            self.title,
            tuple(quantities),
            {"series": table},
            tuple(pictures),
            tuple(notes),
        )

    def _name(self, atom: int) -> str:
        return f"{symbol(int(self.recording.topology.numbers[atom]))}{atom}"
