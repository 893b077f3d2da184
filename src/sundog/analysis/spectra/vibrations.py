"""Density of vibrational states from velocities.

    g(ν) ∝ Σ_i m_i S_{v_i}(ν),   normalised to 1 over all wavenumbers up to Nyquist's

S: power spectrum of velocities in Å/ps (`periodogram`), of all atoms and of each element. Positions
of peaks are those of the classical motion at the timestep of the run: Verlet's integrator shifts a
period of 10 fs by 0.4 % at 0.5 fs. Hydrogens need a frame every 4 fs: 1/(2cΔt) is 4,170 cm⁻¹ then.
"""

from typing import ClassVar

import numpy as np

from sundog.analysis.observable import AbstractObservable, Need
from sundog.analysis.result import Result
from sundog.analysis.spectra.periodogram import (
    HIGHEST_SHOWN,
    HIGHEST_VIBRATION,
    Periodogram,
    peaks,
    told,
)
from sundog.elements import symbol
from sundog.io.trajectories.chunks import Frames
from sundog.plots.pictures import Curves, Line


class Vibrations(AbstractObservable):
    """Density of vibrational states, and its peaks."""

    name: ClassVar[str] = "vdos"
    title: ClassVar[str] = "Vibrational density of states"
    needs: ClassVar[frozenset[Need]] = frozenset({"velocities"})

    def prepare(self) -> None:
        """Sort atoms by elements."""
        self._masses = self.recording.masses
        self._kinds = self.recording.is_element
        self._parts: dict[str, Periodogram] = {}
        self._last: list[float] = []
        self._waiting: list[tuple[float, np.ndarray]] = []

    def update(self, frames: Frames) -> None:
        """Add the velocities of some frames."""
        weighted = frames.extras["velocities"] * 1e3 * np.sqrt(self._masses)[:, None]
        for time, one in zip(frames.times.tolist(), weighted, strict=True):
            self._last = [*self._last[-1:], time]
            if len(self._last) == 2 and not self._parts:
                self._begin(self._last[1] - self._last[0])
            if not self._parts:
                self._waiting.append((time, one))
                continue
            for _, earlier in self._waiting:
                self._add(earlier)
            self._waiting = []
            self._add(one)

    def _begin(self, apart: float) -> None:
        if apart <= 0:
            raise self.refuse("two frames have the same time")
        for kind in self._kinds:
            self._parts[symbol(kind)] = Periodogram(apart, self.choices.window_ps)
        check_nyquist(self, next(iter(self._parts.values())))

    def _add(self, one: np.ndarray) -> None:
        for (kind, part), atoms in zip(self._parts.items(), self._kinds.values(), strict=True):
            del kind
            part.add(one[atoms])

    def result(self) -> Result:
        """Return the densities by element, and the peaks of their sum."""
        parts = self._parts
        any_part = next(iter(parts.values()), None)
        if any_part is None or any_part.windows == 0:
            needed = 0 if any_part is None else any_part.frames_needed
            raise self.refuse(
                f"fewer frames than the {needed or 'two'} of one window",
                "Run for longer, or shorten window_ps",
            )
        x = any_part.wavenumbers
        norm = float(sum(np.trapezoid(part.spectrum, x) for part in parts.values())) or 1.0
        total = sum((part.spectrum for part in parts.values()), np.zeros(len(x))) / norm
        table = {"wavenumber_per_cm": x, "all_cm": total}
        lines = [Line(x, total, label="all")]
        for name, part in parts.items():
            table |= {f"{name}_cm": part.spectrum / norm, f"{name}_error_cm": part.error / norm}
            lines.append(Line(x, part.spectrum / norm, part.error / norm, name))
        places, heights = peaks(x, total)
        picture = Curves(
            "spectrum",
            self.title,
            "wavenumber / cm⁻¹",
            "g / cm",
            tuple(lines),
            y_from_zero=True,
            x_limit=HIGHEST_SHOWN,
        )
        tables = {
            "spectrum": table,
            "peaks": {"wavenumber_per_cm": places, "height_cm": heights},
        }
        return Result(self.name, self.title, (), tables, (picture,), tuple(told(any_part)))


def check_nyquist(observable: AbstractObservable, part: Periodogram) -> None:
    """Refuse frames that are too far apart for the vibrations of the structure.

    Raises:
        InputError: hydrogens move freely and their vibrations would fold back.
    """
    recording = observable.recording
    free = 1 in recording.is_element and not recording.settings.get("constraints")
    if free and part.nyquist < HIGHEST_VIBRATION:
        raise observable.refuse(
            f"frames are too far apart: above {part.nyquist:.0f} cm⁻¹ vibrations of hydrogens fold "
            "back into the spectrum",
            "Write a frame (or sample the dipole) every 4 fs or more often",
        )
