"""Deviation between all frames, RMSD(t, t + Δt), and its mean by Δt.

In Å after the best fit of the backbone, or of a selection. Frames are thinned to 400.
Where the mean stops growing with Δt the run returns to where it was; where it grows up to the
longest Δt it does not, and its length is too short for averages of the structure.
"""

from typing import ClassVar

import numpy as np
from jaxtyping import Int

from sundog.analysis.atoms import backbone
from sundog.analysis.kept import KeptFrames, fitted_atoms
from sundog.analysis.result import Result
from sundog.analysis.superposition import deviations_between
from sundog.plots.pictures import Curves, HeatMap, Line


class DeviationMatrix(KeptFrames):
    """Deviation between all frames as a map, and its mean by the time between them."""

    name: ClassVar[str] = "rmsd-matrix"
    title: ClassVar[str] = "Deviation between frames"
    most_frames: ClassVar[int] = 400

    def chosen(self) -> Int[np.ndarray, " chosen"]:
        """Return the backbone, or what is selected."""
        spine = [k for one in backbone(self.recording.topology) for k in (one.n, one.ca, one.c)]
        named = self.choices.selection is not None
        return fitted_atoms(self) if named or len(spine) < 6 else np.array(spine)

    def result(self) -> Result:
        """Return the map, and the mean by Δt."""
        if len(self._kept) < 2:
            raise self.refuse("one frame has no other to be compared with")
        matrix, times = deviations_between(self._kept.values), self._kept.times
        lags = np.arange(1, len(times))
        means = np.array([np.diagonal(matrix, lag).mean() for lag in lags])
        apart = times[1:] - times[0]
        rows, columns = np.triu_indices(len(times), 1)
        edges = np.append(times, 2 * times[-1] - times[-2])
        return Result(
            self.name,
            self.title,
            (),
            {
                "matrix": {
                    "time_1_ps": times[rows],
                    "time_2_ps": times[columns],
                    "rmsd_angstrom": matrix[rows, columns],
                },
                "by_lag": {"lag_ps": apart, "rmsd_angstrom": means},
            },
            (
                HeatMap("matrix", self.title, "t / ps", "t′ / ps", "RMSD / Å", edges, edges, matrix
),
                Curves(
                    "by-lag", self.title, "Δt / ps", "mean RMSD(t, t + Δt) / Å",
                    (Line(apart, means),), y_from_zero=True,
                ),
            ),
        )  # fmt: skip
