"""The contract of an observable: one file, which streams over frames and ends with a result."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from sundog.analysis.choices import Choices
from sundog.analysis.recording import Recording
from sundog.analysis.result import Result
from sundog.errors import InputError
from sundog.io.trajectories.chunks import Frames

Need = Literal[
    "cell",
    "energies",
    "temperature",
    "unwrapped",
    "ewald",
    "velocities",
    "forces",
    "charges",
    "hirshfeld_ratios",
    "dipole",
]
"""Need of an observable: a cell that is periodic along three vectors, the energies table, a
temperature, positions as atoms moved, conducting surroundings of a neutral cell, or an extra of
every frame."""

MISSING = {
    "energies": "energies table",
    "ewald": "ewald with a neutral cell",
    "unwrapped": "unwrapped positions",
    "hirshfeld_ratios": "Hirshfeld ratios",
}
"""Words for needs whose names say too little."""

REMEDIES = {
    "velocities": 'Run with frame_extras=["velocities"] and trajectory="h5md" or "extxyz"',
    "forces": 'Run with frame_extras=["forces"] and trajectory="h5md" or "extxyz"',
    "charges": 'Run with frame_extras=["charges"] and trajectory="h5md" or "extxyz"',
    "hirshfeld_ratios": 'Run with frame_extras=["hirshfeld_ratios"] and trajectory="h5md"',
    "dipole": 'Run with frame_extras=["dipole"] and trajectory="h5md" or "extxyz"',
    "energies": "Give the folder of a run, not a trajectory alone",
    "temperature": "Name it with temperature_kelvin",
    "cell": "Analyse a run with a cell",
    "unwrapped": "Run without wrap=True, which sundog's own default is",
    "ewald": 'Run with electrostatics="ewald" and a neutral cell: the formula holds for it alone',
}
"""Advice for a need that is not met."""


class AbstractObservable(ABC):
    """Measurement on a recording.

    Attributes:
        name: name by which it is asked for.
        title: words for it.
        needs: properties that the recording must have.
        of_frames: whether it looks at frames; else at the energies table alone.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    needs: ClassVar[frozenset[Need]] = frozenset()
    of_frames: ClassVar[bool] = True

    def __init__(self, recording: Recording, choices: Choices):
        """Prepare for the frames of a recording.

        Args:
            recording: run that is measured.
            choices: choices of the user.

        Raises:
            InputError: the recording lacks something, or a choice does not fit it.
        """
        self.recording = recording
        self.choices = choices
        for need in sorted(self.needs):
            if not _has(recording, choices, need):
                raise InputError(
                    f"{self.name}: the recording has no {MISSING.get(need, need)}",
                    got=recording.name,
                    remedy=REMEDIES[need],
                )
        self.prepare()

    def prepare(self) -> None:
        """Look up atoms and make room; refuse what does not fit with `InputError`."""
        return

    def update(self, frames: Frames) -> None:
        """Take some frames in; they come in order of time."""
        return

    @abstractmethod
    def result(self) -> Result:
        """Return what was found."""

    @classmethod
    def together(cls, several: Sequence[Any]) -> Result | None:
        """Return what only several runs together say; None where that is nothing.

        Args:
            several: observables of this class, one for each run.
        """
        return None

    @property
    def temperature_kelvin(self) -> float:
        """Temperature in K: the one chosen, else that of the run."""
        found = self.choices.temperature_kelvin or self.recording.temperature_kelvin
        assert found is not None
        return found

    def refuse(self, what: str, remedy: str | None = None) -> InputError:
        """Return the error for a recording that does not fit."""
        return InputError(f"{self.name}: {what}", got=self.recording.name, remedy=remedy)


def table_window(recording: Recording, choices: Choices) -> slice:
    """Return the rows of the energies table that are analysed."""
    time = recording.energies["time_ps"]
    begin, end = window_of(recording, choices)
    first, last = np.searchsorted(time, [begin, end])
    return slice(int(first), int(last))


def window_of(recording: Recording, choices: Choices) -> tuple[float, float]:
    """Return the times in ps between which frames are analysed."""
    begin = choices.from_ps
    if begin is None:
        found = recording.equilibrated_ps
        begin = 0.0 if found is None else found[0]
    end = np.inf if choices.to_ps is None else choices.to_ps
    # Formats with times in float32 round them.
    return float(begin) - ROUNDING * abs(begin), float(end) * (1 + ROUNDING)


ROUNDING = 1e-6
"""Relative error of times that is forgiven."""


def _has(recording: Recording, choices: Choices, need: Need) -> bool:
    match need:
        case "cell":
            return recording.is_periodic
        case "energies":
            return len(recording.energies.get("time_ps", ())) > 0
        case "temperature":
            return (choices.temperature_kelvin or recording.temperature_kelvin) is not None
        case "unwrapped":
            return recording.wrapping != "molecules"
        case "ewald":
            settings = recording.settings
            return settings.get("electrostatics") == "ewald" and not settings.get("charge")
        case _:
            return need in recording.carries
