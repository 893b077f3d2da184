"""Speed: time per atom and step of molecular dynamics of liquid water."""

from pathlib import Path

import numpy as np
from ase import Atoms
from jaxtyping import Float

from sundog.evaluate import statistics
from sundog.evaluate.benchmarks.card import NO_DATA, Card
from sundog.evaluate.benchmarks.tasks.base import (
    AbstractTask,
    Answers,
    FailedItem,
    Score,
    none_computed,
)
from sundog.evaluate.models import AbstractModel
from sundog.hamiltonian import Hamiltonian
from sundog.prepare.water import water_box
from sundog.runs.settings import SimulationSettings

CARD = Card(
    name="speed",
    title="Speed of dynamics of water",
    source="Simulation",
    licence="No data",
    metric="µs per atom and step on this machine",
    protocol="64 and 512 molecules at 1 g/cm³, NVT by Langevin, 0.5 fs, pair lists included: the "
    "median of 9 pieces of 20 steps after a first one, which compiles. sundog: the engine; ASE "
    "calculators: ASE's. `sundog bench` compares kernels and peers in more detail.",
    data=NO_DATA,
    headline="per_atom_1536",
    hamiltonian=Hamiltonian(electrostatics="truncated"),
)
"""Card of the benchmark."""

MOLECULES = (64, 512)
"""Numbers of molecules of the boxes."""

NS_PER_DAY = 86_400e-6
"""Simulated time in ns/day at one femtosecond per second."""

SETTINGS = SimulationSettings.of(
    steps=200, timestep_fs=0.5, minimize=True, minimize_steps=20, sample_every=20, frame_every=20
)
"""Settings of the runs: ten pieces of 20 steps, the first of which compiles."""


def prepare(data_dir: Path | None) -> "SpeedTask":
    """Return the task; no folder is needed."""
    return SpeedTask(SETTINGS, MOLECULES)


class SpeedTask(AbstractTask):
    """Task of short simulations of boxes of water."""

    items = "simulations"
    needs = "trajectory"

    def __init__(self, settings: SimulationSettings, molecules: tuple[int, ...]):
        """Make the task.

        Args:
            settings: Settings of the runs.
            molecules: Numbers of molecules of the boxes.
        """
        self.settings = settings
        self._boxes = [water_box(count) for count in molecules]

    def structures(self, model: AbstractModel) -> list[Atoms]:
        """Return the boxes."""
        return self._boxes

    def score(self, model: AbstractModel, answers: Answers) -> Score:
        """Return the time per atom and step, and ns per day.

        Raises:
            InputError: No simulation came to its end.
        """
        assert self.settings is not None
        metrics, units, intervals, failed = {}, {}, {}, []
        for number, atoms in enumerate(self._boxes):
            if (reason := answers.reason(number)) is not None:
                failed.append(FailedItem(f"water of {len(atoms)} atoms", reason))
                continue
            seconds = answers.trajectory(number).seconds[1:] / self.settings.output.frame_every
            each = 1e6 * seconds / len(atoms)
            per_atom, per_day = f"per_atom_{len(atoms)}", f"ns_per_day_{len(atoms)}"
            metrics[per_atom] = _median(each)
            intervals[per_atom] = statistics.interval(each, _median)
            metrics[per_day] = NS_PER_DAY * self.settings.timestep_fs / _median(seconds)
            units |= {per_atom: "µs", per_day: "ns/day"}
        if not metrics:
            raise none_computed(self.items, failed)
        return Score(
            metrics=metrics,
            units=units,
            intervals=intervals,
            n=len(self._boxes) - len(failed),
            n_of=len(self._boxes),
            failed=failed,
        )


def _median(values: Float[np.ndarray, " pieces"]) -> float:
    return float(np.median(values))
