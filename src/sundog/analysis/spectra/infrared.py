"""Infrared spectrum from the fluctuations of the model's dipole.

    α(ν) n = 2π ke / (3 c V k_B T) ∫ ⟨Ṁ(0)·Ṁ(t)⟩ e^{−2πiνt} dt

in 1/cm with a cell, by V = 1 as the molar absorption in km/mol per cm⁻¹ without one; the harmonic
quantum correction is that which leaves this form. M in e·Å is the dipole of whole, unwrapped
molecules: that of the energies table where it is logged often enough, else of the frames; Ṁ is its
difference between samples, corrected in the spectrum by (πνΔt / sin πνΔt)². Charges are on the
nuclei. Sources: Ramírez et al., J. Chem. Phys. 121, 3973 (2004), doi:10.1063/1.1774986; Thomas et
al., Phys. Chem. Chem. Phys. 15, 6608 (2013), doi:10.1039/c3cp44302g.
"""

from typing import ClassVar

import numpy as np

from sundog.analysis.liquids.dielectric import DIPOLE
from sundog.analysis.observable import AbstractObservable, Need, table_window
from sundog.analysis.result import Result
from sundog.analysis.spectra.periodogram import (
    HIGHEST_SHOWN,
    LIGHT_CM_PER_PS,
    Periodogram,
    peaks,
    told,
)
from sundog.analysis.spectra.vibrations import check_nyquist
from sundog.constants import COULOMB
from sundog.io.trajectories.chunks import Frames
from sundog.plots.pictures import Curves, Line
from sundog.units import AVOGADRO_PER_MOL, BOLTZMANN

LIGHT = LIGHT_CM_PER_PS * 1e8
"""Speed of light in Å/ps."""


class Infrared(AbstractObservable):
    """Infrared spectrum, and its peaks."""

    name: ClassVar[str] = "infrared"
    title: ClassVar[str] = "Infrared spectrum"
    needs: ClassVar[frozenset[Need]] = frozenset({"temperature"})

    def prepare(self) -> None:
        """Choose where the dipoles come from."""
        table = self.recording.energies
        self._of_table = set(DIPOLE) <= table.keys()
        if not self._of_table and "dipole" not in self.recording.carries:
            raise self.refuse(
                "neither the energies table nor the frames have dipoles",
                'Run with frame_extras=["dipole"] and trajectory="h5md"',
            )
        if self.recording.wrapping == "molecules" and not self._of_table:
            raise self.refuse("positions are wrapped: dipoles of frames jump", "Run without wrap")
        self._times: list[np.ndarray] = []
        self._dipoles: list[np.ndarray] = []

    def update(self, frames: Frames) -> None:
        """Keep the dipoles of some frames, where the table has none."""
        if not self._of_table:
            self._times.append(frames.times)
            self._dipoles.append(frames.extras["dipole"])

    def _series(self) -> tuple[np.ndarray, np.ndarray]:
        if not self._of_table:
            return np.concatenate(self._times), np.concatenate(self._dipoles)
        rows = table_window(self.recording, self.choices)
        table = self.recording.energies
        return table["time_ps"][rows], np.stack([table[name][rows] for name in DIPOLE], axis=1)

    def result(self) -> Result:
        """Return the spectrum and its peaks."""
        times, dipoles = self._series()
        if len(times) < 3:
            raise self.refuse("fewer than three dipoles")
        apart = float(np.diff(times).mean())
        part = Periodogram(apart, self.choices.window_ps)
        check_nyquist(self, part)
        for change in np.diff(dipoles, axis=0) / apart:
            part.add(change)
        if part.windows == 0:
            raise self.refuse(
                f"fewer dipoles than the {part.frames_needed} of one window",
                "Run for longer, or shorten window_ps",
            )
        x = part.wavenumbers
        phase = np.pi * x * LIGHT_CM_PER_PS * apart
        difference = np.ones(len(x))
        difference[1:] = (phase[1:] / np.sin(phase[1:])) ** 2
        factor = 2 * np.pi * COULOMB / (3 * LIGHT * BOLTZMANN * self.temperature_kelvin)
        if self.recording.is_periodic:
            volume = abs(float(np.linalg.det(self.recording.atoms.cell.array)))
            factor, unit, column = 1e8 * factor / volume, "α n / cm⁻¹", "absorption_per_cm"
        else:
            # A cross section of 1 Å² is 6.02e7 cm²/mol, 602 km/mol per cm⁻¹.
            factor, unit = factor * AVOGADRO_PER_MOL * 1e-16 * 1e-5, "km mol⁻¹ cm"
            column = "absorption_km_per_mol_cm"
        spectrum, error = (factor * difference * one for one in (part.spectrum, part.error))
        places, heights = peaks(x, spectrum)
        notes = [*told(part), "Charges are on the nuclei; intensities are those of the model"]
        picture = Curves(
            "spectrum", self.title, "wavenumber / cm⁻¹", unit, (Line(x, spectrum, error),),
            y_from_zero=True, x_limit=HIGHEST_SHOWN,
        )  # fmt: skip
        tables = {
            "spectrum": {"wavenumber_per_cm": x, column: spectrum, f"error_{column}": error},
            "peaks": {"wavenumber_per_cm": places, f"height_{column}": heights},
        }
        return Result(self.name, self.title, (), tables, (picture,), tuple(notes))
