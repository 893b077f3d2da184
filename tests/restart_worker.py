"""A run of argon in a folder, begun or resumed; a process of its own, to be killed."""

import argparse
from pathlib import Path

import jax
import numpy as np

if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)

from ase import Atoms

from potentials import LennardJones, argon
from sundog.io.structures import topology_from_atoms
from sundog.runs.assembly import ensemble_of
from sundog.runs.directory import RunDirectory
from sundog.runs.mechanics import mechanics_of
from sundog.runs.session import find_checkpoint, prepare, resumed, simulate
from sundog.runs.settings import SimulationSettings


def run_in(folder: Path, steps: int = 600, say=print) -> None:
    """Begin the run, or go on where its last checkpoint is."""
    settings = SimulationSettings.of(
        ensemble="npt",
        coupling="flexible",
        steps=steps,
        timestep_fs=4.0,
        temperature_kelvin=90.0,
        sample_every=5,
        frame_every=10,
        checkpoint_minutes=0.0,
        skin_angstrom=0.3,
    )
    system, potential = argon(2), LennardJones(cutoff=5.0)
    atoms = Atoms(numbers=system.numbers, cell=system.cell[0], pbc=True)
    atoms.positions = np.asarray(system.positions) + np.asarray(system.origin[0])
    topology = topology_from_atoms(atoms)
    mechanics = mechanics_of(system, settings, topology)
    checkpoint, record = None, None
    if (folder / "provenance.json").exists():
        directory = RunDirectory.open(folder)
        checkpoint = find_checkpoint(directory, settings, say)
    else:
        directory = RunDirectory.create(folder)
        directory.write_provenance({})
    if checkpoint is None:
        state = prepare(system, potential, atoms, settings, mechanics, say)
    else:
        state = resumed(system, potential, settings, mechanics, checkpoint)
        record = checkpoint.record
    (folder / "begun").touch()
    ensemble = ensemble_of(potential, settings, mechanics)
    for _ in simulate(
        state, potential, ensemble, atoms, topology, directory, settings, resume_at=record
    ):
        pass


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    run_in(parser.parse_args().folder)
