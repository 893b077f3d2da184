"""Mean square displacement and self-diffusion of each kind of molecule.

    6 D = slope of MSD(τ);   D(∞) = D(L) + ξ k_B T / (6π η L),  ξ = 2.837297

Centres of mass of whole molecules, unwrapped, scaled to the mean cell, without the motion of the
common centre (`diffusion`). The correction (Yeh, Hummer, J. Phys. Chem. B 108, 15873 (2004),
doi:10.1021/jp0477147) holds for a cubic cell of edge L; the viscosity η is given, or comes from the
stress in the energies table. Errors are those between parts of the trajectory; effective samples
are molecules times parts of the length of the fit. Frames are thinned to some thousands.
"""

from collections import defaultdict
from typing import ClassVar

import numpy as np

from sundog.analysis.accumulators import BlockedMean, Thinned
from sundog.analysis.diffusion import (
    diffusion_coefficient,
    mean_squared_displacement,
    unwrapped_at_mean_cell,
)
from sundog.analysis.liquids.viscosity import MPA_S, viscosity_of
from sundog.analysis.observable import AbstractObservable, Need
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import FEWEST_EFFECTIVE, Estimate
from sundog.elements import symbol
from sundog.io.trajectories.chunks import Frames
from sundog.numerics.heights import heights
from sundog.plots.pictures import Curves, Line
from sundog.units import BOLTZMANN

XI = 2.837297
"""Constant of the lattice sum of a cubic cell in the correction of Yeh and Hummer."""

PARTS = 5
"""Number of parts of the trajectory that give the error."""

LONGEST_FIT_PS, SHORTEST_FIT_PS = 10.0, 0.5
"""Lags in ps: where the fit ends at most, and where it must be able to end."""


class Diffusion(AbstractObservable):
    """Mean square displacement of the molecules of each kind, and their diffusion coefficients."""

    name: ClassVar[str] = "msd"
    title: ClassVar[str] = "Mean square displacement"
    needs: ClassVar[frozenset[Need]] = frozenset({"cell", "unwrapped"})

    def prepare(self) -> None:
        """Sort molecules by their formulas."""
        topology = self.recording.topology
        number = topology.molecules.number
        self._number = number
        self._mass = np.bincount(number, self.recording.masses)
        formulas: dict[str, list[int]] = defaultdict(list)
        order = np.argsort(number, kind="stable")
        bounds = np.searchsorted(number[order], np.arange(number.max() + 2))
        for molecule in range(len(self._mass)):
            members = order[bounds[molecule] : bounds[molecule + 1]]
            formulas[_formula(topology.numbers[members])].append(molecule)
        self._kinds = {f: np.array(m) for f, m in formulas.items() if len(m) > 1}
        if not self._kinds:
            raise self.refuse("there are no two molecules of a kind")
        self._alone = [f for f, m in formulas.items() if len(m) == 1]
        self._paths, self._cells = Thinned(), Thinned()
        self._last: np.ndarray | None = None
        self._cell = BlockedMean()

    def update(self, frames: Frames) -> None:
        """Keep the centres of the molecules; refuse frames in which they jump."""
        assert frames.cells is not None
        whole = self.recording.whole(frames)
        masses = self.recording.masses
        for k, time in enumerate(frames.times.tolist()):
            weighted = whole[k] * masses[:, None]
            centres = [np.bincount(self._number, column) for column in weighted.T]
            centre = np.stack(centres, axis=1) / self._mass[:, None]
            if self._last is not None and self.recording.wrapping == "unknown":
                jump = np.abs(centre - self._last).max()
                if jump > 0.5 * heights(frames.cells[k]).min():
                    raise self.refuse(
                        f"molecules jump by {jump:.1f} Å between two frames: positions are wrapped "
                        "into the cell, and diffusion needs them unwrapped",
                        "Write the trajectory unwrapped, or with frames closer together",
                    )
            self._last = centre
            self._cell.add(frames.cells[k])
            self._paths.add(time, centre - np.average(centre, axis=0, weights=self._mass))
            self._cells.add(time, frames.cells[k])

    def result(self) -> Result:
        """Return displacements, coefficients as they are and corrected."""
        times, cells = self._paths.times, self._cells.values
        notes = [f"{one}: a single molecule, not averaged" for one in self._alone[:4]]
        if len(times) < 2 * PARTS:
            return Result(
                self.name,
                self.title,
                notes=(*notes, f"{len(times)} frames: too few for displacements"),
            )
        apart = float(np.diff(times).mean())
        if not np.allclose(np.diff(times), apart, rtol=0.02):
            raise self.refuse("frames are not at equal distances in time", "Analyse one run")
        longest = max(2, len(times) // 2)
        lags = np.unique(np.geomspace(1, longest, 40).astype(int))
        tables, lines, quantities = {}, [], []
        for kind, molecules in self._kinds.items():
            paths = unwrapped_at_mean_cell(self._paths.values[:, molecules], cells)
            moved = mean_squared_displacement(paths, lags)
            tables[kind] = {"lag_ps": lags * apart, "msd_angstrom2": moved}
            lines.append(Line(lags * apart, moved, label=f"{len(molecules)} {kind}"))
            quantities += self._coefficients(kind, paths, apart, notes)
        picture = Curves("msd", self.title, "time / ps", "MSD / Å²", tuple(lines), logarithmic="xy")
        return Result(self.name, self.title, tuple(quantities), tables, (picture,), tuple(notes))

    def _coefficients(
        self, kind: str, paths: np.ndarray, apart: float, notes: list[str]
    ) -> list[Quantity]:
        span = apart * len(paths)
        end = min(LONGEST_FIT_PS, 0.8 * span / PARTS)
        if end < SHORTEST_FIT_PS or end < 4 * apart:
            notes.append(f"{kind}: {span:.3g} ps are too short for a diffusion coefficient")
            return []
        begin = max(0.2 * end, apart)
        mean, error = diffusion_coefficient(paths, apart, from_ps=begin, to_ps=end, parts=PARTS)
        effective = paths.shape[1] * span / end
        found = Estimate(
            mean, error if effective >= FEWEST_EFFECTIVE else np.nan, effective, len(paths)
        )
        label = f"D of {kind}, slope from {begin:.2g} to {end:.2g} ps"
        unit = "10⁻⁹ m²/s"
        quantities = [Quantity(f"diffusion_{kind}", label, unit, _scaled(found, 10.0), 3)]
        correction = self._correction(notes)
        if correction is not None:
            corrected = found._replace(mean=mean + correction)
            label = f"D of {kind}, corrected to an infinite cell"
            quantities.append(
                Quantity(f"diffusion_corrected_{kind}", label, unit, _scaled(corrected, 10.0), 3)
            )
        return quantities

    def _correction(self, notes: list[str]) -> float | None:
        """Return what a cubic cell takes from D, in Å²/ps; None where it is not known."""
        why = None
        cell = self._cell.mean
        lengths = np.linalg.norm(cell, axis=1)
        edge = float(lengths.mean())
        if not np.allclose(cell @ cell.T, edge**2 * np.eye(3), atol=0.02 * edge**2):
            why = "the cell is not cubic"
        temperature = self.choices.temperature_kelvin or self.recording.temperature_kelvin
        if temperature is None:
            why = why or "the temperature is not known: name it with temperature_kelvin"
        viscosity = self.choices.viscosity_mpa_s
        if viscosity is None and why is None:
            found = viscosity_of(self.recording, self.choices)
            if found is None or not found.is_enough:
                why = "the logged stress is too short for a viscosity: name it with viscosity_mpa_s"
            else:
                viscosity = found.mean
        if why is None:
            assert viscosity is not None
            assert temperature is not None
            line = f"Corrected with the viscosity {viscosity:.3g} mPa·s and the edge {edge:.2f} Å"
            value = XI * BOLTZMANN * temperature / (6 * np.pi * viscosity * MPA_S * edge)
        else:
            line, value = f"Not corrected for the size of the cell: {why}", None
        if line not in notes:
            notes.append(line)
        return value


def _scaled(found: Estimate, factor: float) -> Estimate:
    return found._replace(mean=found.mean * factor, error=found.error * factor)


def _formula(numbers: np.ndarray) -> str:
    kinds, counts = np.unique(numbers, return_counts=True)
    order = np.argsort([symbol(k) for k in kinds.tolist()])
    return "".join(
        f"{symbol(int(kinds[k]))}{counts[k] if counts[k] > 1 else ''}" for k in order.tolist()
    )
