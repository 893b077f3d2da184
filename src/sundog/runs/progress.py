"""Live progress of a run: one line that is rewritten on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

from sundog.engine.observers.base import AbstractObserver
from sundog.engine.run import Chunk
from sundog.engine.samples import readings
from sundog.loading import describe_boxes
from sundog.runs.settings import SimulationSettings

SECONDS_BETWEEN_LINES = 10.0
"""Time in s between lines where no line is rewritten, so that a log of a day stays short."""


class Progress:
    """Progress of a run: step, time, the readings of the observers, speed and time left."""

    def __init__(
        self,
        report: Callable[[str], None] | None = None,
        observers: Sequence[AbstractObserver] = (),
        *,
        live: bool = False,
    ):
        """Prepare for a run.

        Args:
            report: called with lines; by default they go to stderr.
            observers: observers of the user, whose readings come after those of every run.
            live: whether a line on the terminal is rewritten beside what `report` is given.
        """
        self._readings = readings(observers)
        self._report = report
        self._live = sys.stderr.isatty() and (live or report is None)
        self._compiled = False
        self._timed_steps = 0
        self._timed_seconds = 0.0
        self._last_line = -float("inf")

    def begin(self, settings: SimulationSettings, step: int) -> None:
        """Begin to count at a step, with the settings of the run."""
        self._steps, self._timestep_fs = settings.steps, settings.timestep_fs
        self._done = step

    def say(self, line: str) -> None:
        """Report a line."""
        if self._report is not None:
            self._report(line)
        else:
            _show(f"{line}\n")

    @property
    def ns_per_day(self) -> float:
        """Speed without the first chunk, which compiles; NaN before the second."""
        if not self._timed_steps:
            return float("nan")
        return self._timed_steps * self._timestep_fs * 1e-6 / self._timed_seconds * 86400

    @property
    def seconds_per_step(self) -> float:
        """Wall time of a step without the first chunk; NaN before the second."""
        if not self._timed_steps:
            return float("nan")
        return self._timed_seconds / self._timed_steps

    def update(self, chunk: Chunk) -> None:
        """Show the progress after a chunk."""
        step = int(chunk.state.step)
        if self._compiled:
            self._timed_steps += step - self._done
            self._timed_seconds += chunk.seconds
        self._done, self._compiled = step, True
        line = self._line(chunk)
        if chunk.repeats:
            self.say(f"Step {step}: pair lists enlarged, {chunk.repeats} chunk(s) repeated")
            for box in describe_boxes(chunk.state.neighbors):
                self.say(box)
        if self._live:
            _show(f"\r\033[K{line}")
        now = time.monotonic()
        shown = self._live and self._report is None
        due = now - self._last_line >= SECONDS_BETWEEN_LINES or step >= self._steps
        if due and not shown:
            self._last_line = now
            self.say(line)

    def close(self) -> None:
        """End the line that is rewritten."""
        if self._live:
            _show("\n")

    def _line(self, chunk: Chunk) -> str:
        # Of several replicas the mean.
        last = {name: values[-1].mean() for name, values in chunk.samples.items()}
        parts = [
            f"step {self._done}/{self._steps}",
            f"{self._done * self._timestep_fs * 1e-3:.3f} ps",
        ]
        for symbol, names, unit, digits in self._readings:
            values = [last[name] for name in names if name in last]
            if values and np.isfinite(values).all():
                numbers = " ".join(f"{value:.{digits}f}" for value in values)
                parts.append(f"{symbol} {numbers} {unit}")
        if self._timed_steps:
            left = (self._steps - self._done) * self.seconds_per_step
            parts.append(f"{self.ns_per_day:.3g} ns/day")
            parts.append(f"{_duration(left)} left")
        return "  ".join(parts)


def _show(text: str) -> None:
    """Write to standard error; where that has gone or is full, the run goes on without."""
    with suppress(OSError, ValueError):
        print(text, end="", file=sys.stderr, flush=True)


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"
