"""Fluctuation of atoms about their mean places.

    RMSF_i = √⟨|x_i − ⟨x_i⟩|²⟩

in Å, after the best fit of the same atoms to the first frame: the Cα of peptides, else the heavy
atoms of molecules of four and more, or a selection. B-factors are 8π²/3 RMSF². Errors come from
blocks of frames.
"""

from typing import ClassVar

import numpy as np

from sundog.analysis.accumulators import BlockedMean
from sundog.analysis.atoms import backbone, residue_labels
from sundog.analysis.kept import fitted_atoms
from sundog.analysis.observable import AbstractObservable
from sundog.analysis.result import Result
from sundog.analysis.statistics import estimates_by_column
from sundog.analysis.superposition import superposed
from sundog.io.trajectories.chunks import Frames
from sundog.plots.pictures import Curves, Line


class Fluctuation(AbstractObservable):
    """Root mean square fluctuation of atoms."""

    name: ClassVar[str] = "rmsf"
    title: ClassVar[str] = "Fluctuation of atoms"

    def prepare(self) -> None:
        """Choose the atoms."""
        alpha = [one.ca for one in backbone(self.recording.topology)]
        named = self.choices.selection is not None
        self._is_alpha = not named and len(alpha) >= 3
        self._atoms = np.array(alpha) if self._is_alpha else fitted_atoms(self)
        self._reference: np.ndarray | None = None
        self._moments = BlockedMean()

    def update(self, frames: Frames) -> None:
        """Add places and squares of some frames."""
        own = self.recording.whole(frames)[:, self._atoms]
        begin = own[0] - own[0].mean(axis=0)
        reference = begin if self._reference is None else self._reference
        self._reference = reference
        moved = superposed(own, reference, np.arange(len(self._atoms)))
        for one in moved:
            self._moments.add(np.concatenate([one, (one**2).sum(axis=1, keepdims=True)], axis=1))

    def result(self) -> Result:
        """Return the fluctuation of every atom."""
        mean = self._moments.mean
        square = np.maximum(mean[:, 3] - (mean[:, :3] ** 2).sum(axis=1), 0)
        rmsf, error = np.sqrt(square), np.full(len(square), np.nan)
        blocks = self._moments.blocks
        if len(blocks):
            # Squares about the common mean: their errors are those of the squared fluctuation.
            about = blocks[:, :, 3] - 2 * (blocks[:, :, :3] * mean[:, :3]).sum(axis=2)
            squares = about + (mean[:, :3] ** 2).sum(axis=1)
            error = estimates_by_column(squares)[1] / np.maximum(2 * rmsf, 1e-12)
        table = {
            "atom": self._atoms,
            "residue": np.array(residue_labels(self.recording.topology, self._atoms)),
            "rmsf_angstrom": rmsf,
            "error_angstrom": error,
            "b_factor_angstrom2": 8 / 3 * np.pi**2 * square,
        }
        place = np.arange(1.0, len(rmsf) + 1)
        x_label = "residue, in order" if self._is_alpha else "atom, in order"
        picture = Curves(
            "rmsf", self.title, x_label, "RMSF / Å", (Line(place, rmsf, error),), y_from_zero=True
        )
        return Result(self.name, self.title, (), {"rmsf": table}, (picture,))
