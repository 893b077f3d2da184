"""Base of observables that compare the frames of a run with one another, and the atoms they fit."""

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from jaxtyping import Int

from sundog.analysis.accumulators import Thinned
from sundog.analysis.atoms import solute
from sundog.analysis.observable import AbstractObservable
from sundog.io.trajectories.chunks import Frames

MOST_ATOMS = 5000
"""Largest number of atoms that are fitted."""


class KeptFrames(AbstractObservable):
    """Observable that keeps positions of some atoms, of frames thinned to a largest number.

    Attributes:
        most_frames: largest number of frames.
    """

    most_frames: ClassVar[int] = 1000

    @abstractmethod
    def chosen(self) -> Int[np.ndarray, " chosen"]:
        """Return the atoms whose positions are kept; refuse what does not fit."""

    def prepare(self) -> None:
        """Choose the atoms."""
        self._atoms = self.chosen()
        self._kept = Thinned(self.most_frames)

    def update(self, frames: Frames) -> None:
        """Keep the positions of the atoms."""
        whole = self.recording.whole(frames)[:, self._atoms]
        for time, positions in zip(frames.times.tolist(), whole, strict=True):
            self._kept.add(time, positions.astype(np.float32))


def fitted_atoms(observable: AbstractObservable) -> Int[np.ndarray, " chosen"]:
    """Return the atoms of the selection, or heavy atoms of molecules of four and more."""
    recording, selection = observable.recording, observable.choices.selection
    atoms = solute(recording.topology) if selection is None else recording.select(selection)
    if len(atoms) < 3:
        few = f"a selection of {len(atoms)} atoms, where three are needed"
        raise observable.refuse(
            "no molecule of four heavy atoms and more" if selection is None else few,
            "Name atoms with selection",
        )
    if len(atoms) > MOST_ATOMS:
        raise observable.refuse(
            f"{len(atoms)} atoms are no conformation", "Name atoms with selection"
        )
    return atoms
