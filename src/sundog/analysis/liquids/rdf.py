"""Radial distribution functions g(r) and coordination numbers, in any cell.

    g(r) = ⟨n(r) V⟩ / (N_a N_b 4π r² dr),    N(r) = ⟨Σ_{r' < r} n(r')⟩ / N_a

n: pairs with distances in the shell, other images included; of one kind N_b is N_a − 1. Pairs of
the same molecule count, so that bonds are peaks, unless the selections leave them out. Distances in
Å. r is limited to half the smallest width of the cell, beyond which an atom would meet itself;
errors come from blocks of frames. Source: Allen, Tildesley, Computer Simulation of Liquids (2017),
section 2.6.
"""

from collections.abc import Iterator
from itertools import combinations_with_replacement
from typing import ClassVar, NamedTuple

import mdtraj
import numpy as np

from sundog.analysis.accumulators import BlockedMean
from sundog.analysis.geometry import count_pairs
from sundog.analysis.observable import AbstractObservable, Need
from sundog.analysis.result import Quantity, Result
from sundog.elements import symbol
from sundog.errors import InputError
from sundog.io.trajectories.chunks import Frames
from sundog.numerics.heights import heights
from sundog.plots.pictures import Curves, Line

MOST_KINDS = 4
"""Number of elements beyond which pairs must be named."""

BONDS_END = 1.9
"""Distance in Å beyond which g(r) is between molecules in the main; figures are scaled there."""

MOST_LISTED = 2_000_000
"""Number of pairs up to which mdtraj computes all distances; a k-d tree counts more of them."""


class _Pair(NamedTuple):
    label: str
    first: np.ndarray
    second: np.ndarray
    same: bool


class RadialDistributions(AbstractObservable):
    """Radial distribution functions of pairs of selections, and of what surrounds an atom."""

    name: ClassVar[str] = "rdf"
    title: ClassVar[str] = "Radial distribution functions"
    needs: ClassVar[frozenset[Need]] = frozenset({"cell"})

    def prepare(self) -> None:
        """Find the pairs, and bins up to half the width of the cell at the start."""
        self._pairs = self._of_choices() if self.choices.pairs else self._of_elements()
        half = 0.5 * float(heights(self.recording.atoms.cell.array).min())
        reach = min(self.choices.reach_angstrom, half)
        count = max(1, int(reach / self.choices.bin_angstrom))
        self._edges = np.arange(count + 1) * self.choices.bin_angstrom
        self._edges[0] = 1e-6  # an atom is at distance 0 from itself
        self._g = [BlockedMean() for _ in self._pairs]
        self._shells = [BlockedMean() for _ in self._pairs]

    def _of_choices(self) -> list[_Pair]:
        found = []
        for text in self.choices.pairs:
            words = text.split(",")
            if len(words) != 2:
                raise InputError(
                    "pairs: two selections with a comma between are needed",
                    got=text,
                    expected='as "element O,element H"',
                )
            first, second = (self.recording.select(word.strip()) for word in words)
            same = np.array_equal(first, second)
            shared = np.intersect1d(first, second)
            if len(shared) and not same:
                raise InputError(
                    "pairs: the two selections share atoms, and are not the same",
                    got=text,
                    remedy="Select the same atoms twice, or others",
                )
            found.append(_Pair("–".join(word.strip() for word in words), first, second, same))
        return found

    def _of_elements(self) -> list[_Pair]:
        kinds = {k: np.flatnonzero(mask) for k, mask in self.recording.is_element.items()}
        heavy = [number for number in kinds if number > 1]
        if len(heavy) > MOST_KINDS:
            raise InputError(
                "pairs: the structure has too many elements to take all of them",
                got=", ".join(symbol(number) for number in heavy),
                remedy='Name the pairs, as pairs=["element O,element O"]',
            )
        wanted = [*combinations_with_replacement(heavy, 2)]
        wanted += [(number, 1) for number in heavy if 1 in kinds and number in (7, 8)]
        return [
            _Pair(f"{symbol(a)}–{symbol(b)}", kinds[a], kinds[b], a == b)
            for a, b in wanted
            if len(kinds[a]) * len(kinds[b]) > (a == b)
        ]

    def update(self, frames: Frames) -> None:
        """Count the pairs of some frames."""
        assert frames.cells is not None
        shells = 4 / 3 * np.pi * np.diff(self._edges**3)
        volumes = np.abs(np.linalg.det(frames.cells))
        for pair, g, shell in zip(self._pairs, self._g, self._shells, strict=True):
            others = len(pair.second) - pair.same
            for counts, volume in zip(self._counts(pair, frames), volumes, strict=True):
                g.add(counts * volume / (len(pair.first) * others * shells))
                shell.add(np.cumsum(counts) / len(pair.first))

    def _counts(self, pair: _Pair, frames: Frames) -> Iterator[np.ndarray]:
        """Yield the numbers of pairs by distance in each frame; pairs of one kind count twice."""
        assert frames.cells is not None
        if len(pair.first) * len(pair.second) > MOST_LISTED:
            for positions, cell in zip(frames.positions, frames.cells, strict=True):
                yield count_pairs(positions[pair.first], positions[pair.second], cell, self._edges)
            return
        listed = np.stack(np.meshgrid(pair.first, pair.second, indexing="ij"), axis=-1).reshape(
            -1, 2
        )
        listed = listed[listed[:, 0] < listed[:, 1]] if pair.same else listed
        size = max(1, MOST_LISTED // len(listed))
        for begin in range(0, len(frames), size):
            part = frames[begin : begin + size]
            assert part.cells is not None
            # Positions need not be whole: the distance is that of the nearest image.
            plain = mdtraj.Trajectory((part.positions / 10).astype(np.float32), None)
            plain.unitcell_vectors = (part.cells / 10).astype(np.float32)
            for distances in mdtraj.compute_distances(plain, listed):
                bins = (10 * distances / self.choices.bin_angstrom).astype(np.int64)
                counts = np.bincount(bins, minlength=len(self._edges))[: len(self._edges) - 1]
                yield counts * (1.0 + pair.same)

    def result(self) -> Result:
        """Return g(r), coordination numbers, and the peaks."""
        r = (self._edges[1:] + self._edges[:-1]) / 2
        tables, lines, quantities, notes = {}, [], [], []
        for pair, g, shell in zip(self._pairs, self._g, self._shells, strict=True):
            tables[pair.label.replace("–", "-").replace(" ", "_")] = {
                "r_angstrom": r,
                "g": g.mean,
                "g_error": g.error,
                "coordination": shell.mean,
                "coordination_error": shell.error,
            }
            lines.append(Line(r, g.mean, g.error, pair.label))
            first = _first_shell(r, g.mean)
            if first is None:
                notes.append(f"{pair.label}: no peak and minimum, no coordination number")
                continue
            top, low = first
            quantities.append(
                Quantity(
                    f"coordination_{pair.label}",
                    f"{pair.label}: first peak {g.mean[top]:.2f} at {r[top]:.2f} Å, neighbours "
                    f"within {self._edges[low + 1]:.2f} Å",
                    "",
                    shell.estimate(low),
                    2,
                )
            )
        # Bonds are peaks of their own, which would flatten those between molecules.
        highest = max(float(one.mean[r > BONDS_END].max(initial=1.0)) for one in self._g)
        picture = Curves(
            "g",
            self.title,
            "r / Å",
            "g(r)",
            tuple(lines),
            level=1.0,
            y_from_zero=True,
            y_limit=1.15 * max(highest, 1.0),
        )
        return Result(self.name, self.title, tuple(quantities), tables, (picture,), tuple(notes))


def _first_shell(r: np.ndarray, g: np.ndarray) -> tuple[int, int] | None:
    """Return the bins of the first peak beyond bonds, and of the minimum after it."""
    smooth = np.convolve(g, np.full(5, 0.2), mode="same")
    rising = np.flatnonzero((smooth > 1) & (r > 1.5))
    if len(rising) == 0:
        return None
    begin = int(rising[0])
    falling = np.flatnonzero(smooth[begin:] < 1)
    if len(falling) == 0:
        return None
    end = begin + int(falling[0])
    top = begin + int(np.argmax(g[begin:end]))
    back = np.flatnonzero(smooth[end:] > 1)
    stop = end + int(back[0]) if len(back) else len(g)
    return top, end + int(np.argmin(smooth[end:stop]))
