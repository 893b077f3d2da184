"""`Recording`: what one run left for analysis, whoever wrote it; frames come some at a time."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import mdtraj
import numpy as np
from ase import Atoms
from jaxtyping import Bool, Float, Int

from sundog.analysis.statistics import equilibrated_from
from sundog.errors import InputError
from sundog.io.trajectories.chunks import Frames
from sundog.topology.selection import mdtraj_topology, select
from sundog.topology.topology import Topology

Wrapping = Literal["unwrapped", "molecules", "unknown"]
"""Ways to write positions: as atoms moved, with whole molecules in the cell, or unknown."""

DETECTED_BY = ("potential_energy_ev", "temperature_kelvin", "volume_angstrom3", "pressure_bar")
"""Columns of the energies table that must be equilibrated."""

FEWEST_TO_DETECT = 40
"""Number of rows of the energies table from which on equilibration is detected."""


@dataclass(frozen=True, eq=False)
class Recording:
    """Run to be analysed.

    Attributes:
        name: name of the run, for tables and legends.
        atoms: structure that the run began with: names, masses, cell, periodicity.
        topology: topology of it.
        frames: function that yields the frames from the first on.
        carries: names of the extras of every frame.
        wrapping: way in which positions are written.
        settings: settings of the run by name; nothing for a bare trajectory.
        energies: columns of the energies table by name; nothing without one.
        resumed_ps: times at which the run was continued, in ps.
        said: sentences on what was found or chosen, as that the run has not ended.
    """

    name: str
    atoms: Atoms
    topology: Topology
    frames: Callable[[], Iterator[Frames]]
    carries: frozenset[str] = frozenset()
    wrapping: Wrapping = "unknown"
    settings: Mapping[str, Any] = field(default_factory=dict)
    energies: Mapping[str, np.ndarray] = field(default_factory=dict)
    resumed_ps: tuple[float, ...] = ()
    said: tuple[str, ...] = ()

    @cached_property
    def mdtraj_topology(self) -> mdtraj.Topology:
        """Topology for mdtraj, with bonds."""
        made = mdtraj_topology(self.topology)
        atoms = list(made.atoms)
        for i, j in self.topology.pairs.tolist():
            made.add_bond(atoms[i], atoms[j])
        return made

    @cached_property
    def masses(self) -> Float[np.ndarray, " atoms"]:
        """Masses in amu: those of the run, with heavier hydrogens if it had them."""
        return np.asarray(self.atoms.get_masses(), np.float64)

    @cached_property
    def temperature_kelvin(self) -> float | None:
        """Temperature in K: that of the bath, or the mean of what the table has; None without."""
        bath = self.settings.get("temperature_kelvin")
        if bath is not None and self.settings.get("ensemble") != "nve":
            return float(bath)
        column = self.energies.get("temperature_kelvin")
        if column is None or len(column) == 0:
            return None
        return float(column[len(column) // 2 :].mean())

    @property
    def is_periodic(self) -> bool:
        """Whether the structure has a cell with periodicity along all three vectors."""
        return bool(self.atoms.pbc.all())

    def select(self, selection: str) -> Int[np.ndarray, " chosen"]:
        """Return the atoms of a selection in mdtraj's language.

        Raises:
            InputError: it is not a selection, or selects no atoms.
        """
        try:
            chosen = select(self.topology, selection)
        except Exception as error:  # mdtraj's parser raises exceptions of many types
            raise InputError(
                f"selection: not in mdtraj's language ({type(error).__name__})",
                got=selection,
                expected='words as "protein and name CA", "element O" or "index 0 to 9"',
            ) from error
        if len(chosen) == 0:
            raise InputError(
                "selection: it has no atoms",
                got=selection,
                remedy="Look up the names of residues and atoms in topology.pdb",
            )
        return np.asarray(chosen, np.int64)

    @cached_property
    def is_element(self) -> dict[int, Bool[np.ndarray, " atoms"]]:
        """Mask of the atoms of each element, by its number."""
        numbers = self.topology.numbers
        return {int(number): numbers == number for number in np.unique(numbers)}

    def whole(self, frames: Frames) -> Float[np.ndarray, "frames atoms 3"]:
        """Return positions with every molecule in one piece.

        A run that was not wrapped keeps the images that made the molecules of its start whole, so
        that nothing jumps; in other trajectories each atom stands at the image next to the one it
        is bonded to.
        """
        if self.wrapping == "molecules" or frames.cells is None:
            return frames.positions
        if self.wrapping == "unwrapped":
            images = self.topology.molecules.image
            if not images.any():
                return frames.positions
            return frames.positions + np.einsum("ai,fij->faj", images, frames.cells)
        return along_bonds(frames.positions, frames.cells, self._tree)

    @cached_property
    def _tree(self) -> list[tuple[np.ndarray, np.ndarray]]:
        return bond_tree(self.topology)

    def to_mdtraj(self, frames: Frames, atoms: np.ndarray | None = None) -> mdtraj.Trajectory:
        """Return frames with whole molecules for mdtraj, in nm.

        Args:
            frames: frames.
            atoms: atoms to take; by default all.
        """
        positions = self.whole(frames) / 10
        topology = self.mdtraj_topology
        if atoms is not None:
            positions, topology = positions[:, atoms], topology.subset(atoms.tolist())
        made = mdtraj.Trajectory(positions.astype(np.float32), topology, time=frames.times)
        if frames.cells is not None:
            made.unitcell_vectors = (frames.cells / 10).astype(np.float32)
        return made

    @cached_property
    def equilibrated_ps(self) -> tuple[float, str] | None:
        """Time in ps from which on the energies table is equilibrated, and why then.

        None is returned without a table, or for one that is too short to tell.
        """
        time = self.energies.get("time_ps")
        if time is None or len(time) < FEWEST_TO_DETECT:
            return None
        latest = (float(time[0]), "equilibrated from the start")
        for name in DETECTED_BY:
            column = self.energies.get(name)
            if column is None or not np.isfinite(column).all() or np.ptp(column) == 0:
                continue
            first = equilibrated_from(column)
            if float(time[first]) > latest[0]:
                settled = first < len(column) // 2
                why = (
                    f"equilibrated by {name}" if settled else f"{name} has not settled: half a run"
                )
                latest = (float(time[first]), why)
        return latest


def bond_tree(topology: Topology) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return atoms and the bonded atoms they hang on, level by level from one atom a molecule."""
    count = len(topology)
    neighbors: list[list[int]] = [[] for _ in range(count)]
    for i, j in topology.pairs.tolist():
        neighbors[i].append(j)
        neighbors[j].append(i)
    seen = np.zeros(count, bool)
    level = np.unique(topology.connected, return_index=True)[1].tolist()
    seen[level] = True
    tree = []
    while level:
        children, parents = [], []
        for atom in level:
            for other in neighbors[atom]:
                if not seen[other]:
                    seen[other] = True
                    children.append(other)
                    parents.append(atom)
        if children:
            tree.append((np.array(children), np.array(parents)))
        level = children
    return tree


def along_bonds(
    positions: Float[np.ndarray, "frames atoms 3"],
    cells: Float[np.ndarray, "frames 3 3"],
    tree: list[tuple[np.ndarray, np.ndarray]],
) -> Float[np.ndarray, "frames atoms 3"]:
    """Return positions with every atom at the image next to the one that it hangs on.

    Args:
        positions: positions in Å.
        cells: lattice vectors as rows in Å.
        tree: result of `bond_tree`.
    """
    placed, inverse = positions.copy(), np.linalg.inv(cells)
    for children, parents in tree:
        apart = placed[:, children] - placed[:, parents]
        cells_apart = np.round(np.einsum("fai,fij->faj", apart, inverse))
        placed[:, children] -= np.einsum("fai,fij->faj", cells_apart, cells)
    return placed
