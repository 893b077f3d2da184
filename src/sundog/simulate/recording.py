"""What a run leaves behind: the energies table and the trajectory, chunk by chunk."""

from types import TracebackType

import jax
import numpy as np
from ase import Atoms

from sundog.io.run_directory import RunDirectory
from sundog.io.table import EnergyTable
from sundog.io.topology import write_topology
from sundog.io.trajectories import open_trajectory
from sundog.simulate.run import Chunk
from sundog.simulate.settings import SimulationSettings
from sundog.simulate.state import MDState


class Recorder:
    """Writes rows and frames of a run of one structure; frame 0 is the start."""

    def __init__(self, directory: RunDirectory, atoms: Atoms, settings: SimulationSettings):
        """Open the files.

        Raises:
            RunDirectoryError: they cannot be written.
        """
        self._settings = settings
        self._directory = directory
        self._table: EnergyTable | None = None
        write_topology(directory.topology, atoms)
        path = directory.trajectory(f".{settings.trajectory}")
        self._trajectory = open_trajectory(path, atoms)

    def write(self, chunk: Chunk) -> None:
        """Append the chunk's rows, and its last state when a frame is due.

        Raises:
            RunDirectoryError: the disk is full.
        """
        samples = {name: values.reshape(len(values)) for name, values in chunk.samples.items()}
        steps = samples.pop("step")
        time_ps = steps * self._settings.timestep_fs * 1e-3
        rows = {"step": steps, "time_ps": time_ps, **samples}
        if self._table is None:
            self._table = EnergyTable(self._directory.energies, list(rows))
        self._table.write(rows)
        if int(chunk.state.step) % self._settings.frame_every == 0:
            self.write_frame(chunk.state)

    def write_frame(self, state: MDState) -> None:
        """Append a frame: positions, and in extxyz momenta, forces and energy as well."""
        host = jax.device_get(state)
        step = int(host.step)
        self._trajectory.write(
            host.system.positions + host.system.origin[0],
            host.system.cell[0],
            step * self._settings.timestep_fs * 1e-3,
            step,
            {
                "energy": float(host.potential_energy[0]),
                "forces": np.asarray(host.forces),
                "momenta": np.asarray(host.momenta),
            },
        )

    def close(self) -> None:
        """Close the files."""
        self._trajectory.close()
        if self._table is not None:
            self._table.close()

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def to_atoms(state: MDState, atoms: Atoms) -> Atoms:
    """Return `atoms` with the positions, cell and momenta of a state of one structure."""
    host = jax.device_get(state)
    moved = atoms.copy()
    moved.set_cell(host.system.cell[0])
    moved.positions = host.system.positions + host.system.origin[0]
    # ASE's momenta are in amu·Å per √(amu/eV)·Å, which is sundog's unit of time as well.
    moved.set_momenta(np.asarray(host.momenta))
    return moved
