"""Deviation from the first frame: of the protein's backbone, and of carbohydrates apart.

RMSD in Å after the best fit (`superposition`). Of a glycoprotein the sugars are given twice: fitted
to themselves, which says how their shape changes, and with the protein's backbone fitted, which
says where they went. The reference is the first frame that is analysed.
"""

from typing import ClassVar

import numpy as np

from sundog.analysis.accumulators import Series
from sundog.analysis.atoms import backbone
from sundog.analysis.kept import fitted_atoms
from sundog.analysis.observable import AbstractObservable
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import estimate
from sundog.analysis.sugars.graph import sugar_rings
from sundog.analysis.superposition import deviations, superposed
from sundog.io.trajectories.chunks import Frames
from sundog.plots.pictures import Curves, Line


class Deviation(AbstractObservable):
    """RMSD from the first frame, of backbone, of sugars, or of a selection."""

    name: ClassVar[str] = "rmsd"
    title: ClassVar[str] = "Deviation from the first frame"

    def prepare(self) -> None:
        """Choose what is fitted and what deviates."""
        topology = self.recording.topology
        spine = [k for one in backbone(topology) for k in (one.n, one.ca, one.c, one.o)]
        self._groups: dict[str, tuple[np.ndarray, np.ndarray | None]] = {}
        if self.choices.selection is not None or len(spine) < 8:
            label = "heavy atoms" if self.choices.selection is None else "selection"
            self._groups[label] = (fitted_atoms(self), None)
        else:
            self._groups["backbone"] = (np.array(spine), None)
            sugars = np.array(sorted({k for ring in sugar_rings(topology) for k in ring.atoms}))
            if len(sugars):
                self._groups["sugar_rings"] = (sugars, None)
                self._groups["sugar_rings_about_backbone"] = (sugars, np.array(spine))
        self._reference: np.ndarray | None = None
        self._series = Series()

    def update(self, frames: Frames) -> None:
        """Add the deviations of some frames."""
        whole = self.recording.whole(frames)
        reference = whole[0] if self._reference is None else self._reference
        self._reference = reference
        columns = {}
        for name, (atoms, about) in self._groups.items():
            if about is None:
                columns[f"{name}_angstrom"] = deviations(whole[:, atoms], reference[atoms])
            else:
                both = np.concatenate([atoms, about])
                fitted = np.arange(len(atoms), len(both))
                moved = superposed(whole[:, both], reference[both], fitted)
                apart = moved[:, : len(atoms)] - reference[atoms]
                columns[f"{name}_angstrom"] = np.sqrt((apart**2).sum(axis=2).mean(axis=1))
        self._series.add(
            time_ps=frames.times, **{k.replace(" ", "_"): v for k, v in columns.items()}
        )

    def result(self) -> Result:
        """Return mean deviations and their series."""
        table = self._series.table()
        names = [name for name in table if name != "time_ps"]
        quantities = [
            Quantity(name, f"Mean RMSD of {_words(name)}", "Å", estimate(table[name]), 3)
            for name in names
        ]
        lines = tuple(
            Line(table["time_ps"], table[name], label=_words(name), look="series") for name in names
        )
        picture = Curves("rmsd", self.title, "time / ps", "RMSD / Å", lines, y_from_zero=True)
        return Result(self.name, self.title, tuple(quantities), {"series": table}, (picture,))


def _words(name: str) -> str:
    return name.removesuffix("_angstrom").replace("_", " ")
