"""Measure the cost of a step without forces, with an ideal gas.

Usage: python scripts/engine_overhead.py [--atoms 192 1536 12288] [--steps 2000] [--rounds 5]
The script prints a table of µs per step in Markdown, as medians with the range over rounds. Within
a round it runs the ensembles in turn.
"""

import argparse
import sys
from pathlib import Path

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from potentials import IdealGas  # noqa: E402
from sundog.engine.ensembles import Ensemble, npt, nve, nvt  # noqa: E402
from sundog.engine.propagators.bussi import Bussi  # noqa: E402
from sundog.engine.propagators.martyna_tobias_klein import MartynaTobiasKlein  # noqa: E402
from sundog.engine.propagators.nose_hoover import NoseHooverChain  # noqa: E402
from sundog.engine.propagators.ornstein_uhlenbeck import Langevin  # noqa: E402
from sundog.engine.propagators.stochastic_cell_rescaling import CellRescaling  # noqa: E402
from sundog.engine.run import run  # noqa: E402
from sundog.engine.state import initial_state, with_thermal_momenta  # noqa: E402
from sundog.forcefield.base import AbstractForceField  # noqa: E402
from sundog.system import make_system  # noqa: E402

TEMPERATURE, TIMESTEP_FS = 300.0, 0.5
"""Temperature in K and timestep in fs, as usual in simulations of liquids."""


def recipes(force_field: AbstractForceField) -> dict[str, Ensemble]:
    """Return the ensembles by name."""
    common = (force_field, TIMESTEP_FS, TEMPERATURE)
    return {
        "nve": nve(force_field, TIMESTEP_FS),
        "nvt langevin": nvt(*common, Langevin(1.0)),
        "nvt bussi": nvt(*common, Bussi(100.0)),
        "nvt nose-hoover": nvt(*common, NoseHooverChain(100.0)),
        "npt rescaling": npt(*common, Langevin(), CellRescaling()),
        "npt mtk": npt(*common, NoseHooverChain(100.0), MartynaTobiasKlein()),
    }


def measure(atoms: int, steps: int, rounds: int) -> dict[str, np.ndarray]:
    """Return the µs per step of each round, by ensemble.

    Args:
        atoms: number of atoms.
        steps: number of steps of a round.
        rounds: number of rounds, after one that compiles.
    """
    force_field = IdealGas()
    rng = np.random.default_rng(0)
    edge = (10.0 * atoms) ** (1 / 3)
    system = make_system(
        rng.uniform(0, edge, (atoms, 3)), np.ones(atoms, int), cell=edge * np.eye(3), pbc=True
    )
    state = with_thermal_momenta(initial_state(system, force_field, seed=0), TEMPERATURE)
    found: dict[str, list[float]] = {name: [] for name in recipes(force_field)}
    for round_ in range(rounds + 1):
        for name, ensemble in recipes(force_field).items():
            chunks = run(state, ensemble, steps=steps, sample_every=10, frame_every=steps)
            seconds = sum(chunk.seconds for chunk in chunks)
            if round_:  # the first one compiles
                found[name].append(1e6 * seconds / steps)
    return {name: np.asarray(values) for name, values in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--atoms", type=int, nargs="+", default=[192, 1536, 12288])
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    settings = parser.parse_args()
    columns = {n: measure(n, settings.steps, settings.rounds) for n in settings.atoms}
    print("| ensemble | " + " | ".join(f"{n:,} atoms" for n in columns) + " |")
    print("| --- |" + " ---: |" * len(columns))
    for name in next(iter(columns.values())):
        cells = [
            f"{np.median(one[name]):.1f} ({one[name].min():.1f}–{one[name].max():.1f})"
            for one in columns.values()
        ]
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
