"""Hydrogen bonds by distance and angle, and how long they live.

    bonded where  r(D···A) < 3.5 Å  and  ∠(H–D···A) < 30°       (Luzar, Chandler)
    S(t) = Σ max(L − t, 0) / Σ L over spells of length L         (continuous)
    C(t) = ⟨h(0) h(t)⟩ / ⟨h⟩                                     (intermittent)

D, A: nitrogen, oxygen, fluorine; H bonded to D at the start of the run. The continuous lifetime is
the integral of S, the intermittent one the time in ps at which C has fallen to 1/e. Frames further
apart than some 10 fs miss that a bond was broken in between, so that the continuous lifetime grows
with the distance of frames; spells that begin before the first frame or end after the last are cut
there. Source: Luzar, Chandler, Nature 379, 55 (1996), doi:10.1038/379055a0.
"""

from collections import deque
from typing import ClassVar

import numpy as np

from sundog.analysis.accumulators import Series
from sundog.analysis.geometry import angles, neighbours
from sundog.analysis.observable import AbstractObservable
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import FEWEST_EFFECTIVE, Estimate, estimate
from sundog.io.trajectories.chunks import Frames
from sundog.plots.pictures import Curves, Line

LONGEST_ANGSTROM, WIDEST_DEGREES = 3.5, 30.0
"""Criteria of a hydrogen bond: distance of donor and acceptor in Å, angle at it in degrees."""

PARTNERS = (7, 8, 9)
"""Atomic numbers of donors and acceptors."""

LAGS = 24
"""Number of times at which the intermittent correlation is counted."""


class HydrogenBonds(AbstractObservable):
    """Number of hydrogen bonds, and their lifetimes."""

    name: ClassVar[str] = "hbonds"
    title: ClassVar[str] = "Hydrogen bonds"

    def prepare(self) -> None:
        """Find donors with their hydrogens, and acceptors."""
        topology = self.recording.topology
        partner = np.isin(topology.numbers, PARTNERS)
        pairs = topology.pairs
        both = np.concatenate([pairs, pairs[:, ::-1]])
        has = (topology.numbers[both[:, 1]] == 1) & partner[both[:, 0]]
        self._donor, self._hydrogen = both[has].T if has.any() else (np.zeros(0, int),) * 2
        self._acceptor = np.flatnonzero(partner)
        if len(self._donor) == 0 or len(self._acceptor) < 2:
            raise self.refuse("no nitrogen, oxygen or fluorine has a hydrogen, or none accepts it")
        self._series = Series()
        self._codes: deque[np.ndarray] = deque()
        self._active = np.zeros(0, np.int64)
        self._age = np.zeros(0, np.int64)
        self._spells: dict[int, int] = {}
        self._lags: np.ndarray | None = None
        self._times: list[float] = []

    def update(self, frames: Frames) -> None:
        """Find the bonds of some frames, and follow them."""
        counts = []
        for k, time in enumerate(frames.times.tolist()):
            cell = (
                None if frames.cells is None or not self.recording.is_periodic else frames.cells[k]
            )
            codes = self._bonds(frames.positions[k], cell)
            counts.append(len(codes))
            self._times = (
                [*self._times[:1], time] if len(self._times) != 1 else [*self._times, time]
            )
            self._follow(codes)
        self._series.add(time_ps=frames.times, bonds=np.array(counts))

    def _bonds(self, positions: np.ndarray, cell: np.ndarray | None) -> np.ndarray:
        """Return the bonds of a frame as ascending numbers, hydrogen times atoms plus acceptor."""
        donors = np.unique(self._donor)
        place = np.searchsorted(donors, self._donor)
        i, j, apart = neighbours(
            positions[donors], positions[self._acceptor], cell, LONGEST_ANGSTROM
        )
        other = donors[i] != self._acceptor[j]
        i, j, apart = i[other], j[other], apart[other]
        found = []
        arm = positions[self._hydrogen] - positions[self._donor]
        if cell is not None:
            arm = arm - np.round(arm @ np.linalg.inv(cell)) @ cell
        starts = np.searchsorted(i, np.arange(len(donors) + 1))
        for rank in range(int(np.bincount(place).max())):
            # The hydrogens of a donor one after another: the first of every donor, then the second.
            chosen = _ranked(place, rank)
            count = np.diff(starts)[place[chosen]]
            hydrogen = np.repeat(chosen, count)
            pair = np.concatenate(
                [np.arange(int(starts[p]), int(starts[p + 1])) for p in place[chosen].tolist()]
                or [[]]
            ).astype(int)
            narrow = angles(arm[hydrogen], apart[pair]) < WIDEST_DEGREES
            atoms = len(self.recording.topology)
            found.append(self._hydrogen[hydrogen[narrow]] * atoms + self._acceptor[j[pair[narrow]]])
        return np.unique(np.concatenate(found))

    def _follow(self, codes: np.ndarray) -> None:
        """Count spells of bonds, and bonds that were there some frames before as well."""
        lasting = np.isin(self._active, codes, assume_unique=True)
        for age in self._age[~lasting].tolist():
            self._spells[age] = self._spells.get(age, 0) + 1
        kept, age = self._active[lasting], self._age[lasting] + 1
        new = np.setdiff1d(codes, kept, assume_unique=True)
        merged = np.concatenate([kept, new])
        order = np.argsort(merged)
        self._active = merged[order]
        self._age = np.concatenate([age, np.ones(len(new), np.int64)])[order]
        if self._lags is None and len(self._times) == 2:
            longest = max(1, round(self.choices.correlation_ps / (self._times[1] - self._times[0])))
            self._lags = np.unique(np.geomspace(1, longest, LAGS).round().astype(int))
            self._both, self._origins = np.zeros((2, len(self._lags)))
        for k, lag in enumerate(() if self._lags is None else self._lags.tolist()):
            if lag <= len(self._codes):
                before = self._codes[-lag]
                self._both[k] += len(np.intersect1d(codes, before, assume_unique=True))
                self._origins[k] += len(before)
        self._codes.append(codes)
        if self._lags is not None and len(self._codes) > self._lags[-1]:
            self._codes.popleft()

    def result(self) -> Result:
        """Return the number of bonds, and their lifetimes where there are frames for them."""
        series = self._series.table()
        bonds = estimate(series["bonds"])
        per_donor = bonds._replace(
            mean=bonds.mean / len(self._donor), error=bonds.error / len(self._donor)
        )
        quantities = [
            Quantity("bonds", "Hydrogen bonds", "", bonds, 1),
            Quantity("bonds_per_hydrogen", "of each hydrogen that can", "", per_donor, 3),
        ]
        notes = [
            f"Criteria: donor and acceptor within {LONGEST_ANGSTROM} Å, angle H–D···A below "
            f"{WIDEST_DEGREES:g}°, of N, O and F"
        ]
        tables, pictures = {"series": series}, []
        if self._lags is not None and self._origins[0] > 0:
            apart = float(np.diff(series["time_ps"]).mean())
            continuous, intermittent = self._correlations(apart)
            tables |= {"continuous": continuous, "intermittent": intermittent}
            quantities += self._lifetimes(continuous, intermittent, notes)
            lines = (
                Line(continuous["time_ps"], continuous["survival"], label="continuous"),
                Line(intermittent["time_ps"], intermittent["correlation"], label="intermittent"),
            )
            pictures.append(
                Curves(
                    "lifetimes",
                    "Hydrogen bonds that remain",
                    "time / ps",
                    "share",
                    lines,
                    logarithmic="x",
                    y_from_zero=True,
                )
            )
        return Result(
            self.name, self.title, tuple(quantities), tables, tuple(pictures), tuple(notes)
        )

    def _correlations(self, apart: float) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        assert self._lags is not None
        spells = dict(self._spells)
        for age in self._age.tolist():
            spells[age] = spells.get(age, 0) + 1
        lengths, counts = np.array(sorted(spells.items())).T
        times = np.arange(1, min(int(lengths.max()), int(self._lags[-1])) + 1)
        left = np.array([(counts * np.maximum(lengths - t, 0)).sum() for t in times])
        survival = np.concatenate([[1.0], left / (counts * lengths).sum()])
        seen = self._origins > 0
        correlation = np.concatenate([[1.0], self._both[seen] / self._origins[seen]])
        return (
            {"time_ps": apart * np.arange(len(survival)), "survival": survival},
            {
                "time_ps": apart * np.concatenate([[0], self._lags[seen]]),
                "correlation": correlation,
            },
        )

    def _lifetimes(
        self,
        continuous: dict[str, np.ndarray],
        intermittent: dict[str, np.ndarray],
        notes: list[str],
    ) -> list[Quantity]:
        spells = sum(self._spells.values())
        lifetime = float(np.trapezoid(continuous["survival"], continuous["time_ps"]))
        # Spells are many and short: their number says how well the mean is known.
        error = lifetime / np.sqrt(spells) if spells >= FEWEST_EFFECTIVE else np.nan
        found = [
            Quantity(
                "continuous_lifetime_ps",
                "Continuous lifetime",
                "ps",
                Estimate(lifetime, error, float(spells), spells),
                3,
            )
        ]
        correlation, times = intermittent["correlation"], intermittent["time_ps"]
        below = np.flatnonzero(correlation < np.exp(-1))
        if len(below) == 0:
            notes.append(
                f"Intermittent lifetime: longer than {times[-1]:.3g} ps, to which C(t) was counted"
            )
            return found
        k = int(below[0])
        share = (correlation[k - 1] - np.exp(-1)) / (correlation[k - 1] - correlation[k])
        at = float(times[k - 1] + share * (times[k] - times[k - 1]))
        span = float(np.ptp(self._series["time_ps"]))
        effective = span / at * float(self._series["bonds"].mean())
        error = at / np.sqrt(effective) if effective >= FEWEST_EFFECTIVE else np.nan
        known = Estimate(at, error, effective, len(self._series["bonds"]))
        found.append(
            Quantity("intermittent_lifetime_ps", "Intermittent lifetime (1/e)", "ps", known, 3)
        )
        return found


def _ranked(place: np.ndarray, rank: int) -> np.ndarray:
    """Return for every donor with more than `rank` hydrogens the one of this rank."""
    order = np.argsort(place, kind="stable")
    first = np.searchsorted(place[order], place[order])
    return order[np.arange(len(place)) - first == rank]
