"""Free energy of the backbone dihedrals of peptides, by Boltzmann inversion.

    F(φ, ψ) = −k_B T ln p(φ, ψ) + const,  0 at its minimum, in kcal/mol

φ: C–N–Cα–C, ψ: N–Cα–C–N, found by bonds, so that names do not matter; in bins of 10 degrees. Errors
are the standard deviation of F over bootstrap samples of blocks of frames as long as the slowest
angle's correlation; bins that a quarter of the samples never visit have none. What a run does not
visit has no free energy: a map of one short run is a lower bound of the accessible space.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from sundog.analysis.accumulators import Series
from sundog.analysis.atoms import backbone, residue_labels
from sundog.analysis.observable import AbstractObservable, Need
from sundog.analysis.result import Quantity, Result
from sundog.analysis.statistics import FEWEST_EFFECTIVE, estimate
from sundog.analysis.window import statistical_inefficiency
from sundog.io.trajectories.chunks import Frames
from sundog.numerics.dihedrals import dihedral_angles
from sundog.plots.pictures import HeatMap
from sundog.units import BOLTZMANN, KCAL_PER_MOL

EDGES = np.linspace(-180, 180, 37)
"""Edges of the bins in degrees."""

SAMPLES, MOST_BLOCKS = 200, 400
"""Number of bootstrap samples, and of blocks of frames that are drawn, at most."""

REGIONS = {
    "alpha": ((-160, -20), (-120, 50)),
    "beta": ((-180, -90), (50, 240)),
    "ppii": ((-90, -20), (50, 240)),
    "left": ((20, 120), (-60, 120)),
}
"""Ranges of φ and ψ in degrees of the regions whose populations are given: α, β, polyproline II and
left-handed; ψ runs to 240, which is −120."""


class Ramachandran(AbstractObservable):
    """Free energy of φ and ψ over all residues, and of each."""

    name: ClassVar[str] = "ramachandran"
    title: ClassVar[str] = "Ramachandran free energy"
    needs: ClassVar[frozenset[Need]] = frozenset({"temperature"})

    def prepare(self) -> None:
        """Find residues with both neighbours."""
        topology = self.recording.topology
        residues = [one for one in backbone(topology) if min(one.before, one.after) >= 0]
        if not residues:
            raise self.refuse("no peptide with residues between two others or caps")
        self._phi = np.array([(one.before, one.n, one.ca, one.c) for one in residues])
        self._psi = np.array([(one.n, one.ca, one.c, one.after) for one in residues])
        self._labels = residue_labels(topology, np.array([one.ca for one in residues]))
        self._series = Series()

    def update(self, frames: Frames) -> None:
        """Add the angles of some frames."""
        whole = self.recording.whole(frames)
        phi, psi = (dihedral_angles(whole, atoms) for atoms in (self._phi, self._psi))
        columns = {}
        for k, label in enumerate(self._labels):
            columns |= {f"{label}_phi_degrees": phi[:, k], f"{label}_psi_degrees": psi[:, k]}
        self._series.add(time_ps=frames.times, **columns)

    def result(self) -> Result:
        """Return maps with errors, and populations of the regions."""
        phi, psi = self._angles
        named = [("all", phi, psi)]
        if len(self._labels) > 1:
            named += [(one, phi[:, [k]], psi[:, [k]]) for k, one in enumerate(self._labels)]
        made = self._maps(named)
        shares = {one: inside(one, phi, psi).mean(axis=1) for one in REGIONS}
        quantities = tuple(
            Quantity(f"share_{one}", f"Share of {one}", "", estimate(share), 3)
            for one, share in shares.items()
        )
        tables = {"series": self._series.table(), **made.tables}
        return replace(made, quantities=quantities, tables=tables)

    @classmethod
    def together(cls, several: Sequence[Any]) -> Result | None:
        """Return the map of all frames of runs of one peptide at one temperature.

        Args:
            several: observables, one for each run.
        """
        first = several[0]
        alike = {(tuple(one._labels), one.temperature_kelvin) for one in several}
        if len(several) < 2 or len(alike) > 1:
            return None
        angles = [one._angles for one in several]
        phi, psi = (np.concatenate(parts) for parts in zip(*angles, strict=True))
        return first._maps([("all runs", phi, psi)])

    @property
    def _angles(self) -> tuple[np.ndarray, np.ndarray]:
        """Angles φ and ψ in degrees by frame and residue."""
        phi, psi = (
            np.stack([self._series[f"{one}_{kind}_degrees"] for one in self._labels], axis=1)
            for kind in ("phi", "psi")
        )
        return phi, psi

    def _maps(self, named: Sequence[tuple[str, np.ndarray, np.ndarray]]) -> Result:
        """Return free energies of angles by name, with errors where they are long enough."""
        thermal = BOLTZMANN * self.temperature_kelvin / KCAL_PER_MOL
        tables, pictures, short = {}, [], []
        for label, phi, psi in named:
            energy, error = free_energy(phi, psi, thermal, self.choices.seed)
            middle = (EDGES[1:] + EDGES[:-1]) / 2
            columns, rows = np.meshgrid(middle, middle)
            tables[f"map_{label}"] = {
                "phi_degrees": columns.ravel(),
                "psi_degrees": rows.ravel(),
                "free_energy_kcal_per_mol": energy.T.ravel(),
                "error_kcal_per_mol": error.T.ravel(),
            }
            pictures.append(
                HeatMap(
                    f"map-{label}", f"{self.title}, {label}", "φ / °", "ψ / °", "F / kcal mol⁻¹",
                    EDGES, EDGES, energy.T,
                )
            )  # fmt: skip
            if not np.isfinite(error).any():
                short.append(label)
        notes = ()
        if short:
            more = f" and {len(short) - 3} more" if len(short) > 3 else ""
            notes = (f"Too short for errors of the free energy: {', '.join(short[:3])}{more}",)
        return Result(self.name, self.title, (), tables, tuple(pictures), notes)


def inside(region: str, phi: np.ndarray, psi: np.ndarray) -> np.ndarray:
    """Return which angles are in one of `REGIONS`.

    Args:
        region: name of the region.
        phi: angles in degrees.
        psi: angles in degrees.
    """
    (a, b), (c, d) = REGIONS[region]
    return (phi >= a) & (phi < b) & ((psi - c) % 360 < d - c)


def free_energy(
    phi: np.ndarray, psi: np.ndarray, thermal: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return F by φ and ψ and its error, in the unit of `thermal`.

    Args:
        phi: angles in degrees by frame and residue.
        psi: angles in degrees likewise.
        thermal: k_B T.
        seed: seed of the bootstrap samples.
    """
    frames, residues = phi.shape
    bins = len(EDGES) - 1
    place = [np.clip(((one + 180) / 360 * bins).astype(int), 0, bins - 1) for one in (phi, psi)]
    cell = place[0] * bins + place[1]
    energy = _inverted(np.bincount(cell.ravel(), minlength=bins * bins), thermal)
    slow = max(
        statistical_inefficiency(kind(np.radians(column)))
        for one in (phi, psi)
        for column in one.T
        for kind in (np.cos, np.sin)
    )
    error = np.full(bins * bins, np.nan)
    if frames / slow * residues >= FEWEST_EFFECTIVE and frames / slow >= 2:
        size = max(int(np.ceil(slow)), -(-frames // MOST_BLOCKS))
        blocks = np.array_split(cell, max(2, frames // size))
        counts = np.stack([np.bincount(one.ravel(), minlength=bins * bins) for one in blocks])
        random = np.random.default_rng(seed)
        drawn = random.multinomial(len(blocks), np.full(len(blocks), 1 / len(blocks)), SAMPLES)
        samples = drawn @ counts
        energies = np.stack([_inverted(one, thermal) for one in samples])
        visited = np.isfinite(energies).mean(axis=0) > 0.75
        error[visited] = np.nanstd(energies[:, visited], axis=0)
    return energy.reshape(bins, bins), error.reshape(bins, bins)


def _inverted(counts: np.ndarray, thermal: float) -> np.ndarray:
    seen = counts > 0
    energy = np.full(len(counts), np.nan)
    energy[seen] = -thermal * np.log(counts[seen] / counts.max())
    return energy
