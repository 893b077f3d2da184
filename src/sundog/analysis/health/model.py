"""Health of the model: charges, Hirshfeld ratios and forces by element, energies of terms.

Charges in e, ratios without unit, forces in eV/Å as root mean square and largest; of each element
its mean, and the smallest and largest value that any of its atoms had. The sum of the charges is
that of the system, to the precision of the file. Energies of terms in eV come from the energies
table. What frames do not carry is left out.
"""

from typing import ClassVar

import numpy as np

from sundog.analysis.accumulators import Series
from sundog.analysis.observable import AbstractObservable, table_window
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import estimate
from sundog.elements import symbol
from sundog.io.trajectories.chunks import Frames
from sundog.plots.pictures import Curves, Line, Picture

OF_ATOMS = {
    "charges": ("charge", "e"),
    "hirshfeld_ratios": ("Hirshfeld ratio", ""),
    "forces": ("force", "eV/Å"),
}
"""Extras of frames that are looked at: words and unit."""

STRONGEST_FORCE = 20.0
"""Force in eV/Å that no atom of a sound simulation feels for long."""


class ModelHealth(AbstractObservable):
    """Properties that the model gives to atoms along the run, by element, and of its terms."""

    name: ClassVar[str] = "model"
    title: ClassVar[str] = "Health of the model"

    def prepare(self) -> None:
        """Look up what there is."""
        self._extras = [name for name in OF_ATOMS if name in self.recording.carries]
        energies = self.recording.energies
        self._terms = [name for name in energies if name.startswith("energy_")]
        if not self._extras and not self._terms:
            raise self.refuse(
                "frames carry no charges, Hirshfeld ratios or forces",
                'Run with frame_extras=["charges", "forces"] and trajectory="h5md"',
            )
        self._series = {name: Series() for name in self._extras}
        self._extremes: dict[str, tuple[float, float]] = {}

    def update(self, frames: Frames) -> None:
        """Add the values of some frames."""
        for name in self._extras:
            values = frames.extras[name]
            if name == "forces":
                values = np.linalg.norm(values, axis=2)
            columns = {}
            for kind, atoms in self.recording.is_element.items():
                own, label = values[:, atoms], symbol(kind)
                mean = np.sqrt((own**2).mean(axis=1)) if name == "forces" else own.mean(axis=1)
                columns |= {
                    f"{label}_mean": mean,
                    f"{label}_lowest": own.min(axis=1),
                    f"{label}_highest": own.max(axis=1),
                }
            if name == "charges":
                columns["sum"] = values.sum(axis=1)
            self._series[name].add(time_ps=frames.times, **columns)

    def result(self) -> Result:
        """Return means by element, energies of terms, and what is out of order."""
        quantities: list[Quantity] = []
        pictures: list[Picture] = []
        notes, tables = [], {}
        for name in self._extras:
            label, unit = OF_ATOMS[name]
            table = self._series[name].table()
            tables[name] = table
            kinds = [key.removesuffix("_mean") for key in table if key.endswith("_mean")]
            mean = "Root mean square" if name == "forces" else "Mean"
            quantities += [
                Quantity(
                    f"{name}_{k}", f"{mean} {label} of {k}", unit, estimate(table[f"{k}_mean"])
                )
                for k in kinds
            ]
            lines = tuple(
                Line(table["time_ps"], table[f"{k}_mean"], label=k, look="series") for k in kinds
            )
            axis = f"{label} / {unit}" if unit else label
            pictures.append(
                Curves(name, f"{label.capitalize()} by element", "time / ps", axis, lines)
            )
            if name == "charges":
                notes.append(
                    f"Sum of the charges: {table['sum'].mean():+.4f} e, from "
                    f"{table['sum'].min():+.4f} to {table['sum'].max():+.4f} e"
                )
            if name == "forces":
                worst = max(float(table[f"{k}_highest"].max()) for k in kinds)
                if worst > STRONGEST_FORCE:
                    notes.append(f"A force of {worst:.1f} eV/Å was reached")
        if self._terms:
            self._of_terms(quantities, pictures)
        return Result(
            self.name, self.title, tuple(quantities), tables, tuple(pictures), tuple(notes)
        )

    def _of_terms(self, quantities: list[Quantity], pictures: list[Picture]) -> None:
        table = self.recording.energies
        rows = table_window(self.recording, self.choices)
        time, lines = table["time_ps"][rows], []
        if len(time) == 0:
            return
        for name in self._terms:
            words = name.removeprefix("energy_").removesuffix("_ev").replace("_", " ")
            values = table[name][rows]
            quantities.append(Quantity(name, f"Energy of {words}", "eV", estimate(values), 3))
            lines.append(Line(time, values - values[0], label=words, look="series"))
        pictures.append(
            Curves("terms", "Energies of terms", "time / ps", "change / eV", tuple(lines))
        )
