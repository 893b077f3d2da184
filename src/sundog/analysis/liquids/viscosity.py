"""Shear viscosity by Green and Kubo from the pressure tensor of the energies table.

    η(t) = V / (10 k_B T) ∫₀ᵗ ⟨P̃(0) : P̃(s)⟩ ds

P̃: symmetric traceless part of the pressure tensor, of which all components count (Daivis, Evans,
J. Chem. Phys. 100, 541 (1994), doi:10.1063/1.466970). η is the mean of η(t) between
`correlation_ps` / 2 and `correlation_ps`, in mPa·s; its error is that between parts of the run.
Valid in equilibrium at constant volume for an isotropic liquid; a barostat, and a thermostat that
is strong, change it. The stress must be logged more often than bonds vibrate, every 5 fs or so.
"""

from typing import ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.integrate import cumulative_trapezoid

from sundog.analysis.choices import Choices
from sundog.analysis.observable import AbstractObservable, Need, table_window
from sundog.analysis.recording import Recording
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import Estimate, estimate_of_parts
from sundog.plots.pictures import Curves, Line
from sundog.units import BAR, BOLTZMANN

COMPONENTS = tuple(f"pressure_{name}_bar" for name in ("xx", "yy", "zz", "yz", "xz", "xy"))
"""Columns of the pressure tensor."""

PARTS = 5
"""Number of parts of the run that give the error."""

MPA_S = 1e4 * BAR
"""Viscosity of 1 mPa·s, which is 10⁴ bar·ps, in eV·ps/Å³."""

COARSEST_FS = 5.0
"""Time in fs between logged stresses beyond which vibrations of bonds are undersampled."""


class Running(NamedTuple):
    """Viscosity by upper limit of the integral.

    Attributes:
        times: upper limits in ps.
        parts: values in mPa·s by part of the run and time.
    """

    times: Float[np.ndarray, " times"]
    parts: Float[np.ndarray, "parts times"]


def viscosity_of(recording: Recording, choices: Choices) -> Estimate | None:
    """Return the viscosity in mPa·s from the stress of a run; None where it is not logged."""
    running = running_viscosity(recording, choices)
    return None if running is None else _plateau(running, recording, choices)


def running_viscosity(recording: Recording, choices: Choices) -> Running | None:
    """Return the viscosity by upper limit; None where the stress is not logged or too short."""
    table = recording.energies
    temperature = choices.temperature_kelvin or recording.temperature_kelvin
    if temperature is None or not set(COMPONENTS) <= table.keys():
        return None
    rows = table_window(recording, choices)
    times, volumes = table["time_ps"][rows], table["volume_angstrom3"][rows]
    stress = np.stack([table[name][rows] for name in COMPONENTS], axis=1)
    if len(times) < 2 * PARTS or not np.isfinite(stress).all():
        return None
    apart = float(np.diff(times).mean())
    longest = round(choices.correlation_ps / apart)
    if longest < 4 or len(times) // PARTS <= longest:
        return None
    traceless = stress.copy()
    traceless[:, :3] -= stress[:, :3].mean(axis=1, keepdims=True)
    weights = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
    factor = float(volumes.mean()) / (10 * BOLTZMANN * temperature) * BAR**2 / MPA_S
    parts = []
    for part in np.array_split(traceless, PARTS):
        correlation = sum(
            weight * autocorrelation(column, longest)
            for weight, column in zip(weights, part.T, strict=True)
        )
        parts.append(factor * cumulative_trapezoid(correlation, dx=apart, initial=0))
    return Running(np.arange(longest) * apart, np.stack(parts))


def autocorrelation(
    series: Float[np.ndarray, " samples"], longest: int
) -> Float[np.ndarray, " lags"]:
    """Return ⟨x(0) x(t)⟩ of a series without its mean taken off, up to a number of lags."""
    count = len(series)
    padded = np.fft.rfft(series, 2 * count)
    sums = np.fft.irfft(padded * padded.conj())[:longest]
    return sums / (count - np.arange(longest))


def _plateau(running: Running, recording: Recording, choices: Choices) -> Estimate:
    late = running.times >= 0.5 * choices.correlation_ps
    times = recording.energies["time_ps"][table_window(recording, choices)]
    # Five independent components decay within the correlation time.
    effective = 5 * float(times[-1] - times[0]) / choices.correlation_ps
    return estimate_of_parts(running.parts[:, late].mean(axis=1), effective)


class Viscosity(AbstractObservable):
    """Shear viscosity, with the running integral."""

    name: ClassVar[str] = "viscosity"
    title: ClassVar[str] = "Shear viscosity"
    needs: ClassVar[frozenset[Need]] = frozenset({"cell", "energies", "temperature"})
    of_frames: ClassVar[bool] = False

    def prepare(self) -> None:
        """Refuse a table without the tensor, or one that is too short."""
        self._running = running_viscosity(self.recording, self.choices)
        if self._running is None:
            raise self.refuse(
                "the logged stress is missing, or shorter than needed: "
                f"{PARTS} parts longer than correlation_ps",
                "Run for longer, or shorten correlation_ps",
            )

    def result(self) -> Result:
        """Return the viscosity and its running integral."""
        running = self._running
        assert running is not None
        value = _plateau(running, self.recording, self.choices)
        mean = running.parts.mean(axis=0)
        error = running.parts.std(axis=0, ddof=1) / np.sqrt(len(running.parts))
        notes = []
        apart_fs = 1e3 * float(running.times[1] - running.times[0])
        if apart_fs > COARSEST_FS:
            notes.append(
                f"The stress was logged every {apart_fs:g} fs: vibrations of bonds are too fast, "
                "and their noise is in the value"
            )
        if self.recording.settings.get("ensemble") == "npt":
            notes.append("The volume fluctuates: the formula is one of constant volume")
        return Result(
            self.name,
            self.title,
            (Quantity("viscosity_mpa_s", "Shear viscosity", "mPa·s", value, 3),),
            {"running": {"time_ps": running.times, "viscosity_mpa_s": mean, "error_mpa_s": error}},
            (
                Curves(
                    "running",
                    self.title,
                    "upper limit of the integral / ps",
                    "viscosity / mPa s",
                    (Line(running.times, mean, error),),
                ),
            ),
            tuple(notes),
        )
