"""Curves of dimers: position and depth of the minimum, and the repulsive wall.

The structures are those of S22, pulled apart and pushed together along the line between their
centres of mass with the molecules kept rigid.
"""

from pathlib import Path

import numpy as np
from ase import Atoms
from ase.data import s22
from scipy.interpolate import CubicSpline

from sundog.evaluate.benchmarks.card import DIMER_PROTOCOL, Card
from sundog.evaluate.benchmarks.tasks.base import (
    AbstractTask,
    Answers,
    Curve,
    Score,
    none_computed,
)
from sundog.evaluate.benchmarks.tasks.dimers import Dimer, DimerTask
from sundog.evaluate.models import AbstractModel
from sundog.units import KCAL_PER_MOL

CARD = Card(
    name="dimer-curves",
    title="Curves of the dimers of water and benzene",
    source="Geometries: S22, Jurečka et al., PCCP 2006, doi:10.1039/b600027d; depth at these: "
    "CCSD(T)/CBS, Takatani et al., J. Chem. Phys. 2010, doi:10.1063/1.3378024",
    licence="LGPL-2.1-or-later (ASE); cite the articles",
    metric="Mean absolute error of the energy at S22's geometry (kcal/mol); largest shift of the "
    "minimum from it (Å)",
    protocol="Rigid molecules, centres of mass 0.8 Å closer to 6 Å further than in S22. "
    + DIMER_PROTOCOL,
    data="Comes with ASE",
    headline="mae_depth",
)
"""Card of the benchmark."""

NAMES = ("Water_dimer", "Benzene_dimer_parallel_displaced", "Benzene_dimer_T-shaped")
"""Names of the dimers in ase.data.s22."""

SHIFTS = np.concatenate([np.arange(-0.8, 1.0, 0.1), np.arange(1.0, 2.0, 0.25), np.arange(2, 6.5)])
"""Shifts in Å, added to the distance of the centres of mass in S22."""


def prepare(data_dir: Path | None) -> "CurvesTask":
    """Return the task; no folder is needed."""
    return CurvesTask()


class CurvesTask(AbstractTask):
    """Task of dimers at closely spaced distances."""

    items = "dimers"
    needs = "energy"

    def __init__(self):
        """Make the dimers at every distance."""
        self.points = DimerTask([_dimer(name, float(shift)) for name in NAMES for shift in SHIFTS])

    def structures(self, model: AbstractModel) -> list[Atoms]:
        """Return the structures of all points."""
        return self.points.structures(model)

    def score(self, model: AbstractModel, answers: Answers) -> Score:
        """Return the errors of the minima.

        Raises:
            InputError: No curve could be computed.
        """
        values, failed = self.points.interactions(answers)
        groups, curves = {}, []
        for name, energies in zip(NAMES, values.reshape(len(NAMES), -1), strict=True):
            dimer = next(one for one in self.points.dimers if one.group == name)
            if np.isfinite(energies).all():
                groups[name] = {"n": 1, **_minimum(energies, dimer.reference)}
            curves.append(
                Curve(
                    panel=name.replace("_", " "),
                    label="model",
                    x=dimer.labels["distance"] + SHIFTS,
                    x_label="distance of the centres of mass (Å)",
                    y=energies,
                    y_label="interaction energy (kcal/mol)",
                    reference=np.where(np.isclose(SHIFTS, 0), dimer.reference, np.nan),
                )
            )
        if not groups:
            raise none_computed(self.items, failed)
        depths = [abs(group["depth_error"]) for group in groups.values()]
        shifts = [abs(group["shift"]) for group in groups.values()]
        return Score(
            metrics={
                "mae_depth": float(np.mean(depths)),
                "max_shift": max(shifts),
                "min_wall": min(group["wall"] for group in groups.values()),
            },
            units={"mae_depth": "kcal/mol", "max_shift": "Å", "min_wall": "kcal/mol"},
            n=len(groups),
            n_of=len(NAMES),
            failed=failed,
            groups=groups,
            curves=curves,
        )


def _dimer(name: str, shift: float) -> Dimer:
    atoms = s22.create_s22_system(name)
    first = int(s22.get_number_of_dimer_atoms(name)[0])
    line = atoms[first:].get_center_of_mass() - atoms[:first].get_center_of_mass()
    distance = float(np.linalg.norm(line))
    atoms.positions[first:] += shift * line / distance
    return Dimer(
        name=f"{name} {shift:+.2f} Å",
        group=name,
        atoms=atoms,
        first=first,
        charges=(0, 0),
        reference=s22.get_interaction_energy_cc(name) / KCAL_PER_MOL,
        labels={"distance": distance},
    )


def _minimum(energies: np.ndarray, reference: float) -> dict[str, float]:
    """Return depth and position of the minimum of a spline, and the height of the wall over it."""
    spline = CubicSpline(SHIFTS, energies)
    inside = [float(x) for x in spline.derivative().roots(extrapolate=False)]
    places = np.array([SHIFTS[0], *inside, SHIFTS[-1]])
    lowest = float(places[np.argmin(spline(places))])
    return {
        "depth_error": float(spline(0.0)) - reference,
        "shift": lowest,
        "minimum": float(spline(lowest)),
        "wall": float(energies[0] - spline(lowest)),
    }
