"""Power spectra of vector series by overlapping windows (Welch), and their peaks.

    S(ν) = ⟨|Σ_t w(t) x(t) e^{−2πiνt}|²⟩ Δt / Σ w²

two-sided density, so that ∫ S dν over all ν is ⟨x²⟩; w: Hann window of the length 2T, overlapping
by half; ⟨⟩ over windows. Resolution 1/(2cT); the highest wavenumber is that of Nyquist, 1/(2cΔt),
above which vibrations fold back. Peaks have at least `PROMINENCE` of the highest one's height.
"""

import numpy as np
from jaxtyping import Float
from scipy.signal import find_peaks

from sundog.analysis.statistics import estimates_by_column

LIGHT_CM_PER_PS = 2.99792458e-2
"""Speed of light in cm/ps."""

PROMINENCE = 0.03
"""Prominence of a peak relative to the highest value."""

HIGHEST_VIBRATION, HIGHEST_SHOWN = 4000.0, 4500.0
"""Wavenumbers in cm⁻¹: that stretching of hydrogens reaches, and where figures end."""


class Periodogram:
    """Power spectrum of a series of vectors that comes some frames at a time.

    Attributes:
        wavenumbers: wavenumbers in cm⁻¹.
    """

    def __init__(self, apart_ps: float, window_ps: float):
        """Begin without frames.

        Args:
            apart_ps: time between frames in ps.
            window_ps: T in ps; windows are twice as long.
        """
        self._size = max(8, round(2 * window_ps / apart_ps))
        self._apart = apart_ps
        self._window = np.hanning(self._size + 1)[:-1]
        frequencies = np.fft.rfftfreq(self._size, apart_ps)
        self.wavenumbers = frequencies / LIGHT_CM_PER_PS
        self._held: list[np.ndarray] = []
        self._spectra: list[np.ndarray] = []

    @property
    def frames_needed(self) -> int:
        """Number of frames of one window."""
        return self._size

    @property
    def nyquist(self) -> float:
        """Highest wavenumber in cm⁻¹."""
        return 1 / (2 * LIGHT_CM_PER_PS * self._apart)

    @property
    def resolution(self) -> float:
        """Resolution in cm⁻¹."""
        return 1 / (self._size * self._apart * LIGHT_CM_PER_PS)

    @property
    def windows(self) -> int:
        """Number of windows so far."""
        return len(self._spectra)

    def add(self, vector: Float[np.ndarray, "..."]) -> None:
        """Add the vectors of one frame, weighted as they shall count."""
        self._held.append(np.asarray(vector, np.float64).ravel())
        if len(self._held) == self._size:
            self._spectra.append(self._of(np.stack(self._held)))
            self._held = self._held[self._size // 2 :]

    def _of(self, series: np.ndarray) -> np.ndarray:
        norm = self._apart / (self._window**2).sum()
        total = np.zeros(len(self.wavenumbers))
        for begin in range(0, series.shape[1], 3000):
            part = series[:, begin : begin + 3000] * self._window[:, None]
            total += (np.abs(np.fft.rfft(part, axis=0)) ** 2).sum(axis=1)
        return norm * total

    @property
    def spectrum(self) -> Float[np.ndarray, " wavenumbers"]:
        """Density by wavenumber, in the square of the vectors' unit times ps."""
        return np.mean(self._spectra, axis=0)

    @property
    def error(self) -> Float[np.ndarray, " wavenumbers"]:
        """Standard error of the density; NaN with too few windows."""
        return estimates_by_column(np.stack(self._spectra))[1]


def peaks(
    wavenumbers: Float[np.ndarray, " many"], spectrum: Float[np.ndarray, " many"]
) -> tuple[Float[np.ndarray, " peaks"], Float[np.ndarray, " peaks"]]:
    """Return places in cm⁻¹ and heights of the peaks, by a parabola through three logarithms.

    Args:
        wavenumbers: wavenumbers at equal distances.
        spectrum: values, not negative.
    """
    if len(spectrum) < 3 or spectrum.max() <= 0:
        return np.zeros(0), np.zeros(0)
    place, _ = find_peaks(spectrum, prominence=PROMINENCE * spectrum.max())
    tiny = 1e-12 * spectrum.max()
    low, top, high = (np.log(np.maximum(spectrum[place + k], tiny)) for k in (-1, 0, 1))
    curvature = low - 2 * top + high
    shift = np.where(curvature < 0, 0.5 * (low - high) / np.where(curvature < 0, curvature, 1), 0)
    step = wavenumbers[1] - wavenumbers[0]
    return wavenumbers[place] + shift * step, np.exp(top - 0.25 * (low - high) * shift)


def told(periodogram: Periodogram) -> list[str]:
    """Return sentences on window, resolution and Nyquist's limit."""
    return [
        f"Hann window, T = {0.5 / (periodogram.resolution * LIGHT_CM_PER_PS):.3g} ps: resolution "
        f"{periodogram.resolution:.3g} cm⁻¹, {periodogram.windows} overlapping windows",
        f"Highest wavenumber (Nyquist) {periodogram.nyquist:.0f} cm⁻¹",
    ]
