"""`Recorder`: the energies table and the trajectory of a run, written chunk by chunk."""

from collections.abc import Callable, Mapping, Sequence

import jax
import numpy as np
from ase import Atoms

from sundog.engine.run import Chunk
from sundog.engine.state import MDState
from sundog.forcefield.prediction import Prediction
from sundog.io.pdb import write_final, write_topology
from sundog.io.table import EnergyTable
from sundog.io.trajectories import WRITERS, open_trajectory
from sundog.io.trajectories.extras import Extra
from sundog.runs.directory import RunDirectory
from sundog.runs.observing import observing
from sundog.runs.settings import SimulationSettings
from sundog.topology.molecules import wrap
from sundog.topology.topology import Topology
from sundog.units import FEMTOSECOND

PREDICTED = frozenset({"charges", "hirshfeld_ratios", "dipole"})
"""Extras of frames that a state does not hold, and a prediction does."""

FINAL_PDB = "final.pdb"
"""Name of the last structure of a replica for other programs."""

OF_ALL_FORCES = frozenset({"forces", "stress"})
"""Extras of frames that a state does not hold with multiple time steps: its forces and virial count
the long range many times or not at all."""


class Recorder:
    """Writes rows and frames of a run, for each replica its own; frame 0 is the start."""

    def __init__(
        self,
        directory: RunDirectory,
        atoms: Atoms,
        topology: Topology,
        settings: SimulationSettings,
        resume_at: Mapping[str, int] | None = None,
        predict: Callable[[MDState], Prediction] | None = None,
        with_all_forces: Callable[[MDState], MDState] | None = None,
    ):
        """Open the files.

        Args:
            directory: directory of the run.
            atoms: the structure, for names and charge.
            topology: topology of the structure, for residues and molecules.
            settings: settings of the run.
            predict: function that returns the charges, ratios and dipole that a state lacks.
                Needed when `frame_extras` names them.
            with_all_forces: function that returns a state with its physical forces and virial.
                Needed with multiple time steps when frames carry these.
            resume_at: `positions` at a checkpoint, to continue the files there.

        Raises:
            RunDirectoryError: they cannot be written or continued.
        """
        self._settings = settings
        self._predict = predict if PREDICTED.intersection(settings.output.frame_extras) else None
        carried = settings.output.frame_extras or WRITERS[f".{settings.output.trajectory}"].carries
        needed = settings.long_range_every > 1 and OF_ALL_FORCES.intersection(carried)
        self._with_all_forces = with_all_forces if needed else None
        count = settings.number_of_replicas
        replicas = [directory.replica(k, count) for k in range(count)]
        self.whole = True
        """Whether the files hold the same steps; false after a failure in the middle of a chunk."""
        self._files = [
            _ReplicaFiles(one, atoms, topology, settings, k, resume_at)
            for k, one in enumerate(replicas)
        ]

    @property
    def positions(self) -> dict[str, int]:
        """Lengths of the files for a checkpoint, once all is on the disk."""
        return {key: value for one in self._files for key, value in one.positions().items()}

    def write(self, chunk: Chunk) -> None:
        """Append the chunk's rows, and its last state when a frame is due.

        Raises:
            RunDirectoryError: the disk is full.
        """
        self.whole = False
        steps = chunk.samples["step"]
        time_ps = steps * self._settings.timestep_fs * 1e-3
        for one in self._files:
            one.write_rows({"step": steps, "time_ps": time_ps}, chunk.samples)
        if int(chunk.state.step) % self._settings.output.frame_every == 0:
            self.write_frame(chunk.state)
        self.whole = True

    def write_frame(self, state: MDState) -> None:
        """Append a frame: positions, and the results that settings or format ask for."""
        if self._with_all_forces is not None:
            state = self._with_all_forces(state)
        host = jax.device_get(state)
        prediction = None if self._predict is None else jax.device_get(self._predict(state))
        time_ps = int(host.step) * self._settings.timestep_fs * 1e-3
        for one in self._files:
            one.write_frame(host, time_ps, prediction)

    def write_end(self, structures: Sequence[Atoms]) -> None:
        """Write `final.pdb` of every replica, and what observables along the run have found.

        Args:
            structures: last structure of every replica.

        Raises:
            RunDirectoryError: the files cannot be written.
        """
        for one, atoms in zip(self._files, structures, strict=True):
            one.write_end(atoms)

    def close(self) -> None:
        """Close the files."""
        for one in self._files:
            one.close()

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


class _ReplicaFiles:
    """Table and trajectory of one replica."""

    def __init__(
        self,
        directory: RunDirectory,
        atoms: Atoms,
        topology: Topology,
        settings: SimulationSettings,
        number: int,
        resume_at: Mapping[str, int] | None,
    ):
        self._number = number
        self._atoms = slice(number * len(atoms), (number + 1) * len(atoms))
        self._has_cell = atoms.cell.rank == 3
        self._more = bool(settings.output.frame_extras)
        self._energies = directory.energies
        self._topology = topology
        self._charges: np.ndarray | None = None
        self._sample_every = settings.output.sample_every
        self._table: EnergyTable | None = None
        trajectory = directory.trajectory(f".{settings.output.trajectory}")
        self._names = {
            "table": f"{number}/{directory.energies.name}",
            "trajectory": f"{number}/{trajectory.name}",
        }
        self._table_at = None if resume_at is None else resume_at[self._names["table"]]
        frames_at = None if resume_at is None else resume_at[self._names["trajectory"]]
        if resume_at is None:
            directory.path.mkdir(exist_ok=True)
            write_topology(directory.topology, topology)
        self._trajectory = open_trajectory(
            trajectory, atoms, frames_at, extras=settings.output.frame_extras or None
        )
        self._molecules = topology.molecules if settings.output.wrap else None
        self._directory = directory
        self._observing = observing(directory, atoms, topology, settings)
        if self._observing is not None and frames_at:
            self._observing.catch_up()

    def positions(self) -> dict[str, int]:
        if self._table is not None:
            self._table.flush()
        self._trajectory.flush()
        return {
            self._names["table"]: self._table_at or 0,
            self._names["trajectory"]: self._trajectory.position,
        }

    def write_rows(
        self, times: Mapping[str, np.ndarray], samples: Mapping[str, np.ndarray]
    ) -> None:
        rows = dict(times)
        for name, values in samples.items():
            if name not in rows:
                rows[name] = values[:, self._number]
        if self._table is None:
            self._table = EnergyTable(self._energies, list(rows), self._table_at or None)
        self._table.write(rows)
        # A last row that is not due is dropped when the run is extended.
        if times["step"][-1] % self._sample_every == 0:
            self._table_at = self._table.position

    def write_frame(self, host: MDState, time_ps: float, prediction: Prediction | None) -> None:
        k, mine = self._number, self._atoms
        positions = np.asarray(host.system.positions[mine] + host.system.origin[k])
        cell = np.asarray(host.system.cell[k])
        if self._molecules is not None:
            positions = wrap(positions, cell, self._molecules)
        extras = self._extras(host)
        if prediction is not None:
            if prediction.partial_charges is not None:
                self._charges = extras["charges"] = np.asarray(prediction.partial_charges[mine])
            if prediction.hirshfeld_ratios is not None:
                extras["hirshfeld_ratios"] = np.asarray(prediction.hirshfeld_ratios[mine])
            if prediction.dipole is not None:
                extras["dipole"] = np.asarray(prediction.dipole[k])
        self._trajectory.write(positions, cell, time_ps, int(host.step), extras)
        if self._observing is not None:
            self._observing.add(positions, cell, time_ps, extras)

    def _extras(self, host: MDState) -> dict[str, Extra]:
        k, mine = self._number, self._atoms
        extras: dict[str, Extra] = {
            "energy": float(host.potential_energy[k]),
            "forces": np.asarray(host.forces[mine]),
            "momenta": np.asarray(host.momenta[mine]),
        }
        if self._more:
            masses = np.asarray(host.masses[mine])[:, None]
            extras["velocities"] = np.asarray(host.momenta[mine]) / masses * FEMTOSECOND
            extras["term_energies"] = {
                name: float(values[k]) for name, values in host.energies.items()
            }
            if self._has_cell:
                extras["stress"] = np.asarray(host.virial[k]) / float(host.system.volume[k])
        return extras

    def write_end(self, atoms: Atoms) -> None:
        path = self._directory.path / FINAL_PDB
        write_final(path, self._topology, atoms.positions, atoms.cell.array, self._charges)
        if self._table is not None:
            self._table.flush()
        if self._observing is not None:
            self._observing.write(self._directory)

    def close(self) -> None:
        self._trajectory.close()
        if self._table is not None:
            self._table.close()


def to_atoms(state: MDState, atoms: Atoms, replica: int = 0) -> Atoms:
    """Return `atoms` with the positions, cell and momenta of a replica.

    Args:
        state: state of all replicas.
        atoms: structure of one.
        replica: number of the replica, counted from 0.
    """
    host = jax.device_get(state)
    mine = slice(replica * len(atoms), (replica + 1) * len(atoms))
    moved = atoms.copy()
    moved.set_cell(host.system.cell[replica])
    moved.positions = host.system.positions[mine] + host.system.origin[replica]
    # ASE's momenta are in amu·Å per √(amu/eV)·Å, which is sundog's unit of time as well.
    moved.set_momenta(np.asarray(host.momenta[mine]))
    return moved
