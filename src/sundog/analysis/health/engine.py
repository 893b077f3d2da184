"""Health of the engine: drift, distributions against theory, correlation times, resumption marks.

    drift: slope of the conserved energy over the whole run, in µeV per atom and ps
    σ(K) = √(f / 2) k_B T  of the canonical kinetic energy,  f = 2 ⟨K⟩ / k_B T degrees of freedom
    τ = (g − 1) Δt / 2     correlation time from the statistical inefficiency g

A thermostat that samples the canonical ensemble gives a ratio σ/σ(theory) of 1 within its error,
which is that of a variance of n_eff values. At constant energy there is no such width. Means are
those of the analysed part of the run.

Half of the variance of the kinetic energy is shared with the potential energy within a vibration;
the other half comes and goes with the total energy, as slowly as the bath exchanges heat. Where
that is slow in the time of the run, g of the kinetic energy does not see it: n_eff of temperature,
width and potential energy is at most twice that of the total energy.
"""

from typing import ClassVar

import numpy as np

from sundog.analysis.observable import AbstractObservable, Need, table_window
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import FEWEST_EFFECTIVE, Estimate, estimate
from sundog.analysis.window import change, statistical_inefficiency
from sundog.plots.pictures import Curves, Line, Mark, Picture
from sundog.units import BOLTZMANN

SHOWN = {
    "temperature_kelvin": ("Temperature", "K", 2),
    "potential_energy_ev": ("Potential energy", "eV", 4),
    "pressure_bar": ("Pressure", "bar", 0),
    "density_g_per_cm3": ("Density", "g/cm³", 4),
    "volume_angstrom3": ("Volume", "Å³", 1),
}
"""Columns of the energies table whose means are given: words, unit, digits."""

OF_HEAT = ("temperature_kelvin", "potential_energy_ev")
"""Columns that half follow the total energy."""

FEWEST_ROWS = 10
"""Number of rows of the table below which nothing is said."""


class Engine(AbstractObservable):
    """Drift of the conserved energy, means with correlation times, widths against theory."""

    name: ClassVar[str] = "engine"
    title: ClassVar[str] = "Health of the engine"
    needs: ClassVar[frozenset[Need]] = frozenset({"energies"})
    of_frames: ClassVar[bool] = False

    def prepare(self) -> None:
        """Refuse a table that is too short."""
        self._rows = table_window(self.recording, self.choices)
        if len(self.recording.energies["time_ps"][self._rows]) < FEWEST_ROWS:
            raise self.refuse(f"fewer than {FEWEST_ROWS} rows of the energies table to analyse")

    def result(self) -> Result:
        """Return drift, means, widths, and the series."""
        table = self.recording.energies
        time = table["time_ps"]
        quantities, notes, rows = [], [], []
        if "conserved_energy_ev" in table:
            quantities.append(self._drift())
        apart = float(np.diff(time[self._rows]).mean())
        for name, (label, unit, digits) in SHOWN.items():
            values = table.get(name, np.zeros(0))[self._rows]
            if len(values) == 0 or not np.isfinite(values).all():
                continue
            known = estimate(values)
            if name in OF_HEAT:
                known = self._as_slow_as_heat(known)
            quantities.append(Quantity(name, label, unit, known, digits))
            inefficiency = statistical_inefficiency(values)
            rows.append((name, known, float(values.std()), 0.5 * (inefficiency - 1) * apart))
            moved = change(values)
            if moved is not None:
                notes.append(f"{label} is not stationary: it changed by {moved:+.{digits}f} {unit}")
        quantities += self._widths(notes)
        notes += [f"Continued at {mark:.4g} ps" for mark in self.recording.resumed_ps]
        columns = {
            "quantity": np.array([row[0] for row in rows]),
            "mean": np.array([row[1].mean for row in rows]),
            "error": np.array([row[1].error for row in rows]),
            "n_eff": np.array([row[1].effective for row in rows]),
            "standard_deviation": np.array([row[2] for row in rows]),
            "correlation_time_ps": np.array([row[3] for row in rows]),
        }
        return Result(
            self.name,
            self.title,
            tuple(quantities),
            {"means": columns},
            tuple(self._pictures()),
            tuple(notes),
        )

    def _drift(self) -> Quantity:
        time, energy = (self.recording.energies[k] for k in ("time_ps", "conserved_energy_ev"))
        place = time - time.mean()
        slope = float(place @ energy / (place @ place))
        rest = energy - energy.mean() - slope * place
        inefficiency = statistical_inefficiency(rest)
        error = np.sqrt((rest @ rest) / max(len(rest) - 2, 1) * inefficiency / (place @ place))
        effective = len(rest) / inefficiency
        factor = 1e6 / len(self.recording.topology)
        found = Estimate(
            factor * slope,
            factor * float(error) if effective >= FEWEST_EFFECTIVE else np.nan,
            effective,
            len(rest),
        )
        return Quantity(
            "drift_microev_per_atom_ps", "Drift of the conserved energy", "µeV/atom/ps", found, 3
        )

    def _widths(self, notes: list[str]) -> list[Quantity]:
        """Return the width of the kinetic energy relative to the canonical one."""
        settings, table = self.recording.settings, self.recording.energies
        if settings.get("ensemble") not in ("nvt", "npt") or "kinetic_energy_ev" not in table:
            return []
        bath = self.recording.temperature_kelvin
        values = table["kinetic_energy_ev"][self._rows]
        if bath is None or np.ptp(values) == 0:
            return []
        kinetic = estimate(values)
        degrees = 2 * kinetic.mean / (BOLTZMANN * bath)
        theory = np.sqrt(degrees / 2) * BOLTZMANN * bath
        # A variance of n values has the relative error √(2/n), its root half of that.
        squares = self._as_slow_as_heat(estimate((values - values.mean()) ** 2))
        ratio = float(values.std() / theory)
        error = 0.5 * ratio * squares.error / squares.mean
        found = Estimate(ratio, error, squares.effective, squares.count)
        if np.isfinite(error) and abs(ratio - 1) > 4 * error:
            notes.append("The width of the kinetic energy is not the canonical one")
        temperature = self._as_slow_as_heat(estimate(table["temperature_kelvin"][self._rows]))
        if temperature.is_enough and abs(temperature.mean - bath) > 4 * temperature.error:
            notes.append(f"The temperature is not that of the bath, {bath:g} K")
        label = "Width of the kinetic energy, relative to the canonical one"
        return [Quantity("kinetic_width_ratio", label, "", found, 3)]

    def _as_slow_as_heat(self, one: Estimate) -> Estimate:
        """Return a mean with at most twice as many effective samples as the total energy has."""
        settings, table = self.recording.settings, self.recording.energies
        names = ("kinetic_energy_ev", "potential_energy_ev")
        if settings.get("ensemble") not in ("nvt", "npt") or not table.keys() >= {*names}:
            return one
        total = (table[names[0]] + table[names[1]])[self._rows]
        if not np.isfinite(total).all() or np.ptp(total) == 0:
            return one
        most = 2 * len(total) / statistical_inefficiency(total)
        if most >= one.effective:
            return one
        error = one.error * np.sqrt(one.effective / most)
        return one._replace(
            effective=most, error=float(error) if most >= FEWEST_EFFECTIVE else np.nan
        )

    def _pictures(self) -> list[Picture]:
        table = self.recording.energies
        time = table["time_ps"]
        begin = float(time[self._rows][0])
        marks = [Mark(begin, "analysed from here")] if begin > time[0] else []
        marks += [Mark(one, "continued") for one in self.recording.resumed_ps]
        found: list[Picture] = []
        for name, (label, unit, _) in SHOWN.items():
            values = table.get(name)
            if values is not None and np.isfinite(values).all() and np.ptp(values) > 0:
                line = (Line(time, values, look="series"),)
                axis = f"{label.lower()} / {unit}"
                found.append(
                    Curves(name.rsplit("_", 1)[0], label, "time / ps", axis, line, tuple(marks))
                )
        if "conserved_energy_ev" in table:
            energy = 1e3 * (table["conserved_energy_ev"] - table["conserved_energy_ev"][0])
            found.append(
                Curves(
                    "conserved_energy", "Drift of the conserved energy", "time / ps",
                    "change / meV", (Line(time, energy, look="series"),), tuple(marks),
                )
            )  # fmt: skip
        return found
