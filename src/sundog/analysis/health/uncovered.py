"""Environments along a run that a reference set does not have.

An environment is the graph of bonds around an atom up to some bonds away (`sundog.coverage`); the
reference is a file that `sundog coverage SET --save` wrote, of what a model was trained on for
instance. A bond that breaks or forms changes environments; other motion does not. Bonds are found
anew in at most `most_frames` frames, of whole molecules.
"""

from pathlib import Path
from typing import ClassVar

import numpy as np
from ase import Atoms
from jaxtyping import Int

from sundog.analysis.kept import KeptFrames
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import estimate
from sundog.coverage.census import take_census
from sundog.coverage.reference import Missing, load_reference, missing
from sundog.plots.pictures import Curves, Line

MOST_TOLD = 6
"""Number of environments that are named."""


class Uncovered(KeptFrames):
    """Share of the atoms whose environments a reference lacks, and which these are."""

    name: ClassVar[str] = "coverage"
    title: ClassVar[str] = "Environments that the reference lacks"
    most_frames: ClassVar[int] = 64

    def chosen(self) -> Int[np.ndarray, " chosen"]:
        """Return all atoms; refuse where there is no reference."""
        path = self.choices.coverage_reference
        if path is None:
            raise self.refuse(
                "no reference was named",
                "Name a file of `sundog coverage SET --save` with coverage_reference",
            )
        self._reference = load_reference(Path(path))
        if self._reference.radius.unit != "bonds":
            raise self.refuse(
                "the reference has environments by distance", "Make it with a radius in bonds"
            )
        return np.arange(len(self.recording.topology))

    def result(self) -> Result:
        """Return the shares along the run, and the environments."""
        numbers = self.recording.topology.numbers
        frames = [Atoms(numbers, positions) for positions in self._kept.values]
        census = take_census(frames, self._reference.radius)
        lacking = missing(census, self._reference)
        shares = np.zeros(len(frames))
        for one in lacking:
            shares += np.bincount([frame for frame, _ in one.atoms], minlength=len(frames))
        shares /= len(numbers)
        return Result(
            self.name,
            self.title,
            (Quantity("share_uncovered", "Share of atoms", "", estimate(shares), 4),),
            {"series": {"time_ps": self._kept.times, "share_uncovered": shares}},
            (
                Curves(
                    "series", self.title, "time / ps", "share of atoms",
                    (Line(self._kept.times, shares, look="series"),), y_from_zero=True,
                ),
            ),
            (f"Reference: {self._reference.source}, {self._reference.radius}", *_named(lacking)),
        )  # fmt: skip


def _named(lacking: list[Missing]) -> list[str]:
    """Return a line for each of the most frequent environments."""
    lines = []
    for one in lacking[:MOST_TOLD]:
        frames = len({frame for frame, _ in one.atoms})
        lines.append(f"{one.name}: in {frames} frames, the first time of atom {one.atoms[0][1]}")
    if len(lacking) > MOST_TOLD:
        lines.append(f"{len(lacking) - MOST_TOLD} more environments")
    return lines
