"""Liquid water at 300 K and 1 bar: density, structure and diffusion from a simulation."""

import math
from pathlib import Path

import mdtraj
import numpy as np
from ase import Atoms
from jaxtyping import Float

from sundog.analysis.diffusion import (
    diffusion_coefficient,
    mean_squared_displacement,
    unwrapped_at_mean_cell,
)
from sundog.analysis.radial_distribution import RadialDistribution, radial_distribution
from sundog.analysis.statistics import estimate
from sundog.evaluate.benchmarks.card import NO_DATA, Card
from sundog.evaluate.benchmarks.tasks.base import (
    AbstractTask,
    Answers,
    Curve,
    FailedItem,
    Score,
    none_computed,
)
from sundog.evaluate.models import AbstractModel
from sundog.hamiltonian import Hamiltonian
from sundog.io.topologies import topology_from_atoms
from sundog.prepare.water import water_box
from sundog.runs.settings import SimulationSettings
from sundog.topology.selection import mdtraj_topology
from sundog.units import GRAM_PER_CM3

CARD = Card(
    name="liquid-water",
    title="Liquid water at 300 K and 1 bar",
    source="Simulation; by experiment 0.997 g/cm³, D 0.23 Å²/ps, first peak of g(O–O) 2.57 at "
    "2.80 Å (Skinner et al., J. Chem. Phys. 138, 074506 (2013))",
    licence="No data",
    metric="Density, g/cm³",
    protocol="216 molecules, NPT, 1.5 fs with hydrogens of 3 amu, 40 ps from a lattice, of which "
    "the last 30 count. D from 1 to 6 ps, not corrected for the size of the cell. sundog: "
    "Langevin (0.5/ps) and stochastic cell rescaling; ASE calculators: Martyna–Tobias–Klein. "
    "Intervals are statistical, of one run.",
    data=NO_DATA,
    headline="density",
    published={"diffusion": 0.079},
    published_by="SO3LR, 4,096 molecules, Kabylda et al., JACS 2025, doi:10.1021/jacs.5c09558, "
    "which has densities of 0.97 to 1.04 g/cm³ for cutoffs of 10 to 20 Å",
    hamiltonian=Hamiltonian(electrostatics="truncated"),
)
"""Card of the benchmark."""

MOLECULES = 216
"""Number of molecules of the box, 18.6 Å wide."""

EQUILIBRATION_PS = 10.0
"""Time in ps that is left out at the start, in which the lattice melts."""

FIT_PS = (1.0, 6.0)
"""Range of lag times in ps over which the diffusion coefficient is fitted."""

PARTS = 4
"""Number of parts of the run whose spread gives the error of the diffusion coefficient."""

SETTINGS = SimulationSettings.of(
    ensemble="npt",
    steps=26_700,
    timestep_fs=1.5,
    hydrogen_mass=3.0,
    friction_per_ps=0.5,
    barostat_time_fs=500.0,
    minimize=True,
    minimize_steps=50,
    sample_every=50,
    frame_every=50,
)
"""Settings of the run: 40 ps."""

CONFIDENT = 1.96
"""Standard errors on either side of a mean, for 95 % of a normal distribution."""


def prepare(data_dir: Path | None) -> "LiquidWaterTask":
    """Return the task; no folder is needed."""
    return LiquidWaterTask(SETTINGS)


class LiquidWaterTask(AbstractTask):
    """Task of one simulation of a box of water."""

    items = "simulations"
    needs = "trajectory"

    def __init__(
        self,
        settings: SimulationSettings,
        molecules: int = MOLECULES,
        equilibration_ps: float = EQUILIBRATION_PS,
        fit_ps: tuple[float, float] = FIT_PS,
    ):
        """Make the task.

        Args:
            settings: Settings of the run.
            molecules: Number of molecules of the box.
            equilibration_ps: Time in ps that is left out at the start.
            fit_ps: Range of lag times in ps over which the diffusion coefficient is fitted.
        """
        self.settings = settings
        self._box = water_box(molecules)
        self._skip, self._fit = equilibration_ps, fit_ps

    def structures(self, model: AbstractModel) -> list[Atoms]:
        """Return the box that the run starts from."""
        return [self._box]

    def score(self, model: AbstractModel, answers: Answers) -> Score:
        """Return density, diffusion and extrema of g(O–O).

        Raises:
            InputError: The simulation failed.
        """
        if (reason := answers.reason(0)) is not None:
            raise none_computed(self.items, [FailedItem("water", reason)])
        found = answers.trajectory(0)
        time, positions, cells = found.time_ps, found.positions, found.cells
        density = self._box.get_masses().sum() / np.abs(np.linalg.det(cells)) / GRAM_PER_CM3
        late = time > self._skip
        rdf = self._rdf(positions[late], cells[late])
        oxygen = unwrapped_at_mean_cell(positions[late][:, self._box.numbers == 8], cells[late])
        frame_ps = float(time[1] - time[0])
        values = {
            "density": estimate(density[late])[:2],
            "diffusion": diffusion_coefficient(
                oxygen, frame_ps, from_ps=self._fit[0], to_ps=self._fit[1], parts=PARTS
            ),
        }
        place, peak = rdf.extremum(2.4, 3.2)
        _, minimum = rdf.extremum(2.9, 4.2, lowest=True)
        metrics = {name: value for name, (value, _) in values.items()}
        lags = np.unique(np.linspace(1, round(self._fit[1] / frame_ps), 60).astype(int))
        return Score(
            metrics=metrics
            | {"first_peak": peak, "first_peak_at": place, "first_minimum": minimum},
            units={
                "density": "g/cm³",
                "diffusion": "Å²/ps",
                "first_peak": "",
                "first_peak_at": "Å",
                "first_minimum": "",
            },
            intervals={
                name: (value - CONFIDENT * error, value + CONFIDENT * error)
                for name, (value, error) in values.items()
                if math.isfinite(error)
            },
            n=1,
            n_of=1,
            failed=[],
            curves=[
                _curve("density", time, "time, ps", density, "density, g/cm³"),
                _curve("structure", rdf.r, "r(O–O), Å", rdf.g, "g(r)"),
                _curve(
                    "displacement of O",
                    lags * frame_ps,
                    "time, ps",
                    mean_squared_displacement(oxygen, lags),
                    "⟨Δr²⟩, Å²",
                ),
            ],
        )

    def _rdf(
        self, positions: Float[np.ndarray, "frames atoms 3"], cells: Float[np.ndarray, "frames 3 3"]
    ) -> RadialDistribution:
        trajectory = mdtraj.Trajectory(
            positions / 10, mdtraj_topology(topology_from_atoms(self._box))
        )
        trajectory.unitcell_vectors = cells / 10
        return radial_distribution(trajectory, "element O", "element O")


def _curve(
    panel: str,
    x: Float[np.ndarray, " points"],
    x_label: str,
    y: Float[np.ndarray, " points"],
    y_label: str,
) -> Curve:
    return Curve(panel=panel, label=panel, x=x, x_label=x_label, y=y, y_label=y_label)
