"""Smoothness: agreement of forces with the energy, and steps that a cutoff makes.

    F(x) = −dE/dx   by differences of the fourth order, δ = 0.005 Å:
           E′ ≈ [8 (E(x+δ) − E(x−δ)) − (E(x+2δ) − E(x−2δ))]/12δ
    roughness    max |F(x−2h) − 4F(x−h) + 6F(x) − 4F(x+h) + F(x+2h)|/2h, which is the jump of the
                 curvature E″ where the path has one

On a smooth path the roughness is proportional to h³. Where the third derivative of E jumps it is
proportional to h, where E″ jumps it does not depend on h, and where the force jumps or is noisy it
is proportional to 1/h: the ratio of the roughness at 2h and at h is 8, 2, 1 and ½.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import molecule
from ase.data import s22

from sundog.evaluate.benchmarks.card import NO_DATA, Card
from sundog.evaluate.benchmarks.tasks import paths
from sundog.evaluate.benchmarks.tasks.base import (
    AbstractTask,
    Answers,
    Curve,
    FailedItem,
    Score,
    none_computed,
)
from sundog.evaluate.benchmarks.tasks.molecules import acetate, methylammonium
from sundog.evaluate.models import AbstractModel

CARD = Card(
    name="smoothness",
    title="Smoothness along stretched paths",
    source="Geometries of ase.data.s22 and ase.build.molecule, pulled apart",
    licence="LGPL-2.1-or-later (ASE)",
    metric="Largest |F + dE/dx| (meV/Å); roughness (meV/Å²), the fourth difference of the force, "
    "and by what factor it grows with twice the step: 8 on a smooth path, 2 where the third "
    "derivative of the energy jumps, 1 where the curvature does",
    protocol="Water dimer, benzene dimer and acetate with methylammonium from contact to 13 Å, "
    "a C–H bond of methane from 0.8 to 2 Å. Steps of 0.025 Å.",
    data=NO_DATA,
    headline="force_error",
)
"""Card of the benchmark."""

STEP = 0.025
"""Spacing h of the points of a path in Å."""

DELTA = 0.005
"""Step δ of the differences of the energy in Å."""

EVERY = 10
"""Number of points from one at which the force is compared with differences to the next."""

STENCIL = {-2: 1 / 12, -1: -8 / 12, 1: 8 / 12, 2: -1 / 12}
"""Weights of E(x + k δ) in δ dE/dx, by k."""


def prepare(data_dir: Path | None) -> "SmoothnessTask":
    """Return the task; no folder is needed."""
    far = 13.0
    water = s22.create_s22_system("Water_dimer")
    benzene = s22.create_s22_system("Benzene_dimer_parallel_displaced")
    ions = paths.joined(acetate(), methylammonium(), 3.0, (1, 1))
    methane = molecule("CH4")
    size = len(acetate())
    return SmoothnessTask(
        [
            paths.apart("water dimer", water, 3, _heavy(water, 3), _grid(2.6, far)),
            paths.apart("benzene dimer", benzene, 12, _heavy(benzene, 12), _grid(3.4, far)),
            paths.apart("acetate, methylammonium", ions, size, (1, size + 1), _grid(3.0, far)),
            paths.Path(
                name="C–H of methane",
                atoms=methane,
                moving=np.arange(5) == 1,
                direction=_unit(methane.positions[1] - methane.positions[0]),
                start=float(methane.get_distance(0, 1)),
                x=_grid(0.8, 2.0),
            ),
        ]
    )


class SmoothnessTask(AbstractTask):
    """Task of forces along paths with closely spaced points."""

    items = "points"
    needs = "properties"

    def __init__(self, along: Sequence[paths.Path]):
        """Make the task of paths whose points are `STEP` apart."""
        self.along = list(along)

    def structures(self, model: AbstractModel) -> list[Atoms]:
        """Return the points of each path, each time followed by those of the differences."""
        found: list[Atoms] = []
        for path in self.along:
            found += path.structures()
            found += [path.at(float(x) + k * DELTA) for x in path.x[::EVERY] for k in STENCIL]
        return found

    def score(self, model: AbstractModel, answers: Answers) -> Score:
        """Return the largest deviations, in all and by path.

        Raises:
            InputError: No path could be computed, or the model has no forces.
        """
        first = total = computed = 0
        failed, groups, curves = [], {}, []
        for path in self.along:
            count, tested = len(path.x), len(path.x[::EVERY])
            last = first + count + tested * len(STENCIL)
            total += count
            reasons = [why for n in range(first, last) if (why := answers.reason(n))]
            forces = [answers.of(n, "forces") for n in range(first, first + count)]
            energies = answers.energies[first + count : last].reshape(tested, len(STENCIL))
            if reasons or any(one is None for one in forces):
                why = reasons[0] if reasons else "the model has no forces"
                failed.append(FailedItem(path.name, why))
            else:
                along = np.array([path.force(one) for one in forces if one is not None])
                slopes = energies @ np.array(list(STENCIL.values())) / DELTA
                errors = 1e3 * np.abs(along[::EVERY] + slopes)
                groups[path.name] = {"n": count, **_measures(path, along, errors)}
                curves += _curves(path, along, errors)
                computed += count
            first = last
        if not groups:
            raise none_computed("paths", failed)
        names = ("force_error", "roughness", "roughness_ratio")
        worst = {name: max(group[name] for group in groups.values()) for name in names[:2]}
        worst["roughness_ratio"] = min(group[names[2]] for group in groups.values())
        return Score(
            metrics=worst,
            units=dict(zip(names, ("meV/Å", "meV/Å²", ""), strict=True)),
            n=computed,
            n_of=total,
            failed=failed,
            groups=groups,
            curves=curves,
        )


def _measures(path: paths.Path, along: paths.Along, errors: paths.Along) -> dict[str, float]:
    fine, coarse = (_roughness(along[::k], k * STEP) for k in (1, 2))
    return {
        "force_error": float(errors.max()),
        "force_error_at": float(path.x[::EVERY][errors.argmax()]),
        "roughness": float(fine.max()),
        "roughness_at": float(path.x[2 + fine.argmax()]),
        "roughness_ratio": float(coarse.max() / fine.max()),
    }


def _curves(path: paths.Path, along: paths.Along, errors: paths.Along) -> list[Curve]:
    return [
        Curve(
            panel="force along the path",
            label=path.name,
            x=path.x,
            x_label="distance (Å)",
            y=along,
            y_label="force (eV/Å)",
        ),
        Curve(
            panel="force against differences of the energy",
            label=path.name,
            x=path.x[::EVERY],
            x_label="distance (Å)",
            y=errors,
            y_label="|F + dE/dx| (meV/Å)",
            logarithmic=True,
        ),
    ]


def _roughness(along: paths.Along, step: float) -> paths.Along:
    """Return the roughness in meV/Å² at all but two points at either end."""
    return 1e3 * np.abs(np.diff(along, 4)) / (2 * step)


def _heavy(atoms: Atoms, first: int) -> tuple[int, int]:
    """Return the closest pair of heavy atoms of the two molecules."""
    heavy = atoms.numbers > 1
    apart = atoms.get_all_distances()[:first, first:]
    apart = np.where(heavy[:first, None] & heavy[first:], apart, np.inf)
    a, b = np.unravel_index(apart.argmin(), apart.shape)
    return int(a), int(b) + first


def _grid(begin: float, end: float) -> paths.Along:
    return begin + STEP * np.arange(round((end - begin) / STEP) + 1)


def _unit(line: np.ndarray) -> np.ndarray:
    return line / np.linalg.norm(line)
