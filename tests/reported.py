"""A small run made of arrays, with names that would do harm in a page, and its report."""

from functools import cache

import numpy as np
from ase import Atoms

from recordings import correlated, recording
from sundog.analysis.recording import Recording
from sundog.report.build import make_report

HOSTILE = "</script><img src=x onerror=window.harm=1>$\\frac{&\u2028"
"""Name that ends elements, begins others and is broken mathematics."""

FRAMES = 60
"""Number of frames of the run."""

SIDE = 12.0
"""Edge of the cell in Å."""


def water(name: str = HOSTILE, seed: int = 0) -> Recording:
    """Return 27 water molecules that tremble about a lattice."""
    draw = np.random.default_rng(seed)
    molecule = np.array([[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])
    corners = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), -1).reshape(-1, 3)
    places = (corners * 4.0 + 1.5)[:, None] + molecule
    atoms = Atoms("OH2" * 27, places.reshape(-1, 3), cell=[SIDE] * 3, pbc=True)
    drift = np.cumsum(draw.normal(scale=0.03, size=(FRAMES, 27, 1, 3)), axis=0)
    tremble = draw.normal(scale=0.01, size=(FRAMES, 27, 3, 3))
    positions = (places + drift + tremble).reshape(FRAMES, 81, 3)
    rows = 400
    time = 0.0015 * np.arange(1, rows + 1)
    noise = correlated(rows, 2.0, seed, (4,))
    kinetic = 81 * 1.5 * 8.617333e-5 * 300 * (1 + 0.09 * noise[:, 0])
    energies = {
        "step": np.arange(1, rows + 1),
        "time_ps": time,
        "temperature_kelvin": 300 + 27 * noise[:, 0],
        "kinetic_energy_ev": kinetic,
        "potential_energy_ev": -390 + noise[:, 1],
        "conserved_energy_ev": -380 + 0.001 * noise[:, 2],
        "pressure_bar": 100 + 400 * noise[:, 3],
    }
    settings = {
        "ensemble": "nvt", "temperature_kelvin": 300.0, "thermostat": "langevin", "steps": rows,
        "timestep_fs": 1.5, "electrostatics": "truncated", "model": HOSTILE,
    }  # fmt: skip
    charges = draw.normal(scale=0.02, size=(FRAMES, 81)) + np.tile([-0.8, 0.4, 0.4], 27)
    return recording(
        atoms, positions, name=name, settings=settings, energies=energies,
        extras={"charges": charges},
    )  # fmt: skip


@cache
def page(runs: int = 1) -> str:
    """Return the report of one or several runs."""
    names = [HOSTILE, *(f"run {k}" for k in range(1, runs))]
    return make_report(
        [water(name, seed) for seed, name in enumerate(names)],
        [None] * runs,
        what=["engine", "contacts", "rdf", "density", "hbonds"],
    )
