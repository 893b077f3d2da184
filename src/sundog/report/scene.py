"""`Scene`: what of a run is shown in space, few enough atoms and frames for a page.

Shown are the solute and whole molecules of the solvent around it; of a liquid without a solute the
molecules nearest to its centre, where all are too many. Frames are thinned evenly. Molecules are
whole and, in a cell, stand at the image next to the solute's centre, which stands still.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from sundog.analysis.atoms import backbone, residue_of, solute, waters
from sundog.analysis.recording import Recording
from sundog.analysis.superposition import superposed
from sundog.elements import symbol
from sundog.io.trajectories.chunks import Frames
from sundog.report.packing import pack_positions, pack_values

MOST_ATOMS = 6_000
"""Number of atoms beyond which solvent is left out."""

SHELL_ANGSTROM = 4.0
"""Distance from the solute in Å within which a molecule of the solvent belongs to its shell."""

MOST_FRAMES = 400
"""Number of frames that are shown at most."""

MOST_COORDINATES = 2_400_000
"""Number of coordinates of all frames together: about 5 MB of text."""

CHANNELS = {
    "charges": ("Partial charge", "e"),
    "forces": ("Force", "eV/Å"),
    "hirshfeld_ratios": ("Hirshfeld ratio", ""),
}
"""Extras of frames by which atoms are coloured: words and unit."""


@dataclass(frozen=True, eq=False)
class Scene:
    """Atoms in space along time.

    Attributes:
        name: name of the run.
        atoms: numbers of the atoms that are shown, counted from 0.
        of: number of all atoms.
        why: sentence on which atoms and frames are shown.
        times: times of the frames in ps.
        positions: positions in Å, the solute's centre at rest in the origin.
        cells: lattice vectors of each frame as rows in Å; None without a cell.
        values: values by which atoms are coloured, by name: frames by atoms, or atoms alone.
        recording: run that is shown.
    """

    name: str
    atoms: Int[np.ndarray, " atoms"]
    of: int
    why: str
    times: Float[np.ndarray, " frames"]
    positions: Float[np.ndarray, "frames atoms 3"]
    cells: Float[np.ndarray, "frames 3 3"] | None
    recording: Recording
    values: dict[str, np.ndarray] = field(default_factory=dict)

    def packed(self) -> dict[str, Any]:
        """Return the scene as the page reads it."""
        topology = self.recording.topology
        place = np.full(self.of, -1)
        place[self.atoms] = np.arange(len(self.atoms))
        pairs = place[topology.pairs]
        residues = topology.residues
        own = residue_of(topology)[self.atoms]
        shown, residue = np.unique(own, return_inverse=True)
        names = [name for one in residues for name in one.atom_names]
        positions = pack_positions(self.positions)
        return {
            "name": self.name,
            "why": self.why,
            "of": self.of,
            "numbers": self.atoms.tolist(),
            "elements": [symbol(n) for n in topology.numbers[self.atoms].tolist()],
            "names": [names[k] for k in self.atoms.tolist()],
            "residue": residue.tolist(),
            "residues": [[residues[k].chain, residues[k].name, residues[k].number] for k in shown],
            "solvent": _solvent(self.recording)[self.atoms].astype(int).tolist(),
            "bonds": pairs[(pairs >= 0).all(axis=1)].tolist(),
            "protein": np.isin(own, _peptides(self.recording)).astype(int).tolist(),
            "helix": _structure(self.recording, self.atoms),
            "times": [round(float(t), 6) for t in self.times],
            "cells": None if self.cells is None else np.round(self.cells, 3).tolist(),
            "positions": positions._asdict(),
            "channels": [self._channel(name) for name in self.values],
        }

    def _channel(self, name: str) -> dict[str, Any]:
        values = self.values[name]
        label, unit = CHANNELS.get(name, ("Fluctuation (RMSF)", "Å"))
        if name == "charges":
            reach = float(np.abs(values).max(initial=0.0))
            packed = pack_values(values, -reach, reach)
        elif name == "forces":
            # A few large forces would leave all others in one colour.
            packed = pack_values(values, 0.0, float(np.percentile(values, 99)))
        else:
            packed = pack_values(values)
        kind = "diverging" if name == "charges" else "sequential"
        return {"name": name, "label": label, "unit": unit, "kind": kind} | {
            "per_frame": values.ndim == 2, **packed._asdict()
        }  # fmt: skip


def make_scene(recording: Recording, share: float = 1.0) -> Scene | None:
    """Return what of a run is shown; None where no frame has finite positions.

    Args:
        recording: run.
        share: share of the page's room that this run may fill.
    """
    count = sum(len(chunk) for chunk in recording.frames())
    first = next(iter(recording.frames()))
    atoms, why = _chosen(recording, first[:1], share)
    frames = min(MOST_FRAMES, max(2, int(share * MOST_COORDINATES / (3 * len(atoms)))))
    every = -(-count // frames)
    rest = f"{-(-count // every)} of {count} frames, every {_nth(every)}" if every > 1 else ""
    times, positions, cells, values = _collected(recording, atoms, every)
    if len(times) == 0:
        return None
    centred = _centred(recording, positions, cells, atoms)
    values["rmsf"] = _fluctuation(recording, centred, atoms)
    why = "; ".join(one for one in (why, rest) if one)
    return Scene(
        recording.name, atoms, len(recording.topology), why, times, centred, cells,
        recording, values,
    )  # fmt: skip


def _nth(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")


def _solvent(recording: Recording) -> np.ndarray:
    """Return which atoms are water beside a solute."""
    topology = recording.topology
    return waters(topology) if len(solute(topology)) else np.zeros(len(topology), bool)


def _chosen(
    recording: Recording, first: Frames, share: float
) -> tuple[Int[np.ndarray, " atoms"], str]:
    """Return the atoms that are shown, and a sentence if they are not all."""
    topology = recording.topology
    count, most = len(topology), max(300, int(share * MOST_ATOMS))
    everything = np.arange(count)
    if count <= most:
        return everything, ""
    heavy = solute(topology)
    molecule = topology.connected
    centre = heavy if len(heavy) else None
    distance = _distances(recording, recording.whole(first)[0], first.cells, centre)
    nearest = np.full(int(molecule.max()) + 1, np.inf)
    np.minimum.at(nearest, molecule, distance)
    if centre is None:
        kept = _nearest_molecules(molecule, nearest, most)
        words = f"{int(kept.sum())} of {count} atoms, the molecules nearest to the centre"
        return np.flatnonzero(kept), words
    of_solute = np.isin(molecule, np.unique(molecule[heavy]))
    shell = of_solute | (nearest[molecule] <= SHELL_ANGSTROM)
    words = f"the solute and molecules within {SHELL_ANGSTROM:g} Å of it at the beginning"
    if shell.sum() > 4 * most:
        shell, words = of_solute, "the solute alone"
    return np.flatnonzero(shell), f"{int(shell.sum())} of {count} atoms, {words}"


def _nearest_molecules(molecule: np.ndarray, nearest: np.ndarray, most: int) -> np.ndarray:
    order = np.argsort(nearest, kind="stable")
    sizes = np.bincount(molecule)[order]
    inside = order[np.cumsum(sizes) <= most]
    return np.isin(molecule, inside if len(inside) else order[:1])


def _distances(
    recording: Recording,
    positions: np.ndarray,
    cells: np.ndarray | None,
    centre: np.ndarray | None,
) -> np.ndarray:
    """Return how far each atom is from the nearest of the solute, or from the middle."""
    from scipy.spatial import KDTree

    if centre is None:
        middle = positions.mean(axis=0) if cells is None else cells[0].sum(axis=0) / 2
        apart = positions - middle
        if cells is not None:
            apart -= np.round(apart @ np.linalg.inv(cells[0])) @ cells[0]
        return np.linalg.norm(apart, axis=1)
    inside = positions[centre]
    points = positions
    if cells is not None and recording.is_periodic:
        apart = points - inside.mean(axis=0)
        points = points - np.round(apart @ np.linalg.inv(cells[0])) @ cells[0]
        points[centre] = inside
    return np.asarray(KDTree(inside).query(points)[0])


def _collected(
    recording: Recording, atoms: np.ndarray, every: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, dict[str, np.ndarray]]:
    """Return times, whole positions, cells and values of every so many frames."""
    times, positions, cells, values = [], [], [], {name: [] for name in CHANNELS}
    seen = 0
    for chunk in recording.frames():
        which = np.flatnonzero((np.arange(len(chunk)) + seen) % every == 0)
        seen += len(chunk)
        which = which[np.isfinite(chunk.positions[which]).all(axis=(1, 2))]
        part = chunk[which]
        times.append(part.times)
        positions.append(recording.whole(part)[:, atoms])
        cells.append(part.cells)
        for name, found in values.items():
            if name in recording.carries:
                own = part.extras[name][:, atoms]
                found.append(np.linalg.norm(own, axis=2) if name == "forces" else own)
    has_cell = recording.is_periodic and all(one is not None for one in cells)
    return (
        np.concatenate(times),
        np.concatenate(positions),
        np.concatenate(cells) if has_cell else None,
        {name: np.concatenate(found) for name, found in values.items() if found},
    )


def _centred(
    recording: Recording, positions: np.ndarray, cells: np.ndarray | None, atoms: np.ndarray
) -> np.ndarray:
    """Return positions about the solute's centre, molecules at the image next to it.

    Without a cell the solute is turned as well, so that it does not tumble.
    """
    heavy = np.isin(atoms, solute(recording.topology))
    group = np.flatnonzero(heavy) if heavy.any() else np.arange(len(atoms))
    if cells is None:
        moved = positions - positions[:, group].mean(axis=1, keepdims=True)
        return superposed(moved, moved[0], group) if len(group) >= 3 else moved
    if not heavy.any():
        # The middle of the cell, which does not move with the molecules that are shown.
        centre = cells.sum(axis=1, keepdims=True) / 2
    else:
        centre = positions[:, group].mean(axis=1, keepdims=True)
    moved = positions - centre
    molecule = np.unique(recording.topology.connected[atoms], return_inverse=True)[1]
    sizes = np.bincount(molecule)
    inverse = np.linalg.inv(cells)
    for k in range(len(moved)):
        middles = np.stack([np.bincount(molecule, moved[k, :, i]) / sizes for i in range(3)], 1)
        moved[k] -= (np.round(middles @ inverse[k]) @ cells[k])[molecule]
    return moved


def _fluctuation(recording: Recording, positions: np.ndarray, atoms: np.ndarray) -> np.ndarray:
    """Return the root mean square fluctuation of every atom about its mean place."""
    heavy = np.isin(atoms, solute(recording.topology))
    laid = positions
    if heavy.sum() >= 3:
        laid = superposed(positions, positions[0], np.flatnonzero(heavy))
    return np.sqrt(((laid - laid.mean(axis=0)) ** 2).sum(axis=2).mean(axis=0))


def _peptides(recording: Recording) -> list[int]:
    """Return the residues, counted from 0, that have a peptide's backbone."""
    own = residue_of(recording.topology)
    return [int(own[one.ca]) for one in backbone(recording.topology)]


def _structure(recording: Recording, atoms: np.ndarray) -> str:
    """Return h, s or c of every atom: helix, strand or coil at first; empty if no peptide."""
    residues = backbone(recording.topology)
    if len(residues) < 4 or recording.topology.names is None:
        return ""
    import mdtraj

    first = next(iter(recording.frames()))[:1]
    codes = mdtraj.compute_dssp(recording.to_mdtraj(first))[0]
    letters = np.array([{"H": "h", "E": "s"}.get(code, "c") for code in codes.tolist()])
    return "".join(letters[residue_of(recording.topology)[atoms]].tolist())
