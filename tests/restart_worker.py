"""A run of argon in a folder, begun or resumed; a process of its own, to be killed."""

import argparse
from pathlib import Path

import jax
import numpy as np

if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)

from ase import Atoms

from potentials import LennardJones, argon
from sundog.runs.directory import RunDirectory
from sundog.runs.job import Job
from sundog.runs.launch import Launch, reopen
from sundog.runs.setup import set_up, write_origin


def run_in(folder: Path, steps: int = 600, say=print) -> None:
    """Begin the run, or go on where its last checkpoint is."""
    job = Job.of(
        {
            "ensemble": "npt",
            "coupling": "flexible",
            "steps": steps,
            "timestep_fs": 4.0,
            "temperature_kelvin": 90.0,
            "sample_every": 5,
            "frame_every": 10,
            "checkpoint_minutes": 0.0,
            "skin_angstrom": 0.3,
        }
    )
    potential = LennardJones(cutoff=5.0)
    if (folder / "provenance.json").exists():
        directory = RunDirectory.claim(folder)
        reopened = reopen(directory, job, force_field=potential, command_line=())
        for line in reopened.said:
            say(line)
        launch = reopened.launch(reopened.state(say))
    else:
        setup = set_up(crystal(), job, potential, command_line=())
        directory = RunDirectory.create(folder)
        write_origin(directory, setup, None)
        launch = Launch(setup, directory, setup.prepared(say))
    (folder / "begun").touch()
    with directory:
        for _ in launch.chunks():
            pass


def crystal() -> Atoms:
    """Argon as ASE atoms."""
    system = argon(2)
    atoms = Atoms(numbers=system.numbers, cell=system.cell[0], pbc=True)
    atoms.positions = np.asarray(system.positions) + np.asarray(system.origin[0])
    return atoms


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    run_in(parser.parse_args().folder)
