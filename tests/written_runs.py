"""Folders of runs as `sundog md` leaves them, written from arrays: no network is compiled."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import yaml
from ase import Atoms
from ase.build import molecule
from ase.io import write

from sundog.io.pdb import write_topology
from sundog.io.table import EnergyTable
from sundog.io.topologies import topology_from_atoms
from sundog.io.trajectories import open_trajectory


def written_run(
    folder: Path,
    atoms: Atoms,
    positions: np.ndarray,
    *,
    suffix: str = "xtc",
    apart_ps: float = 0.01,
    extras: Mapping[str, np.ndarray] | None = None,
    columns: Mapping[str, np.ndarray] | None = None,
    resumed: Sequence[Mapping[str, int]] = (),
    **settings: object,
) -> Path:
    """Write the folder of a finished run and return it."""
    folder.mkdir()
    write(folder / "input.xyz", atoms, format="extxyz")
    told = {
        "timestep_fs": 1.0, "steps": 10 * len(positions), "replicas": 1, "ensemble": "nvt",
        "temperature_kelvin": 300.0, "electrostatics": "truncated", "charge": 0, "wrap": False,
        "hydrogen_mass": None,
    }  # fmt: skip
    (folder / "config.yaml").write_text(yaml.safe_dump(told | settings))
    record = {"weights": {"sha256": "0"}, "input": {"file": "input.xyz"}}
    record["resumed"] = list(resumed)
    (folder / "provenance.json").write_text(json.dumps(record))
    write_topology(folder / "topology.pdb", topology_from_atoms(atoms))
    with open_trajectory(folder / f"trajectory.{suffix}", atoms) as file:
        for k, one in enumerate(positions):
            more = {name: values[k] for name, values in (extras or {}).items()}
            file.write(one, atoms.cell.array, apart_ps * k, 10 * k, more)
    count = len(positions)
    table = {
        "step": 10 * np.arange(count),
        "time_ps": apart_ps * np.arange(count),
        "temperature_kelvin": 300 + np.random.default_rng(1).normal(size=count),
        **(columns or {}),
    }
    with EnergyTable(folder / "energies.csv", list(table)) as energies:
        energies.write(table)
    write(folder / "final.extxyz", atoms, format="extxyz")
    return folder


def waters(count: int = 3) -> Atoms:
    """Return some water molecules in a cell."""
    one = molecule("H2O")
    atoms = one.copy()
    for k in range(1, count):
        other = one.copy()
        other.translate([4.0 * k, 0.5, 0.3 * k])
        atoms += other
    atoms.set_cell([14.0, 12, 13])
    atoms.pbc = True
    return atoms


def moving(atoms: Atoms, frames: int = 12) -> np.ndarray:
    """Return frames in which atoms tremble about their places."""
    return atoms.positions + 0.1 * np.random.default_rng(1).normal(size=(frames, len(atoms), 3))
