"""Extensivity: the energies of distant molecules add up.

    ΔE(D) = [E(n copies on a cube of edge D) − n E(one)]/n

For neutral molecules ΔE falls as 1/D³ or faster, as the interaction of dipoles does. An ion and a
distant molecule interact as charge and dipole, as 1/D² and below 0.1 meV at 1,000 Å. A ΔE that
remains is an error of the model: a total charge that is spread over all atoms of a structure,
however far apart.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import molecule

from sundog.evaluate.benchmarks.card import NO_DATA, Card
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
    name="extensivity",
    title="Extensivity of far copies",
    source="Molecules of ase.build.molecule",
    licence="LGPL-2.1-or-later (ASE)",
    metric="|E(together) − Σ E(alone)| per molecule, meV",
    protocol="Water, methane and formic acid: two and eight copies at 20 to 1,000 Å. Acetate and "
    "methylammonium: each with one water and with seven. No fragments are told to the model; the "
    "structure has its total charge.",
    data=NO_DATA,
    headline="neutral",
)
"""Card of the benchmark."""

DISTANCES = (20.0, 50.0, 100.0, 300.0, 1000.0)
"""Edges of the cube in Å."""

CORNERS = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)])
"""Corners of the unit cube, on which the copies stand."""


@dataclass(frozen=True)
class Case:
    """Arrangement of molecules far apart.

    Attributes:
        name: Name in words.
        ion: Whether one of the molecules is charged.
        members: Numbers of the molecules.
    """

    name: str
    ion: bool
    members: tuple[int, ...]


def prepare(data_dir: Path | None) -> "ExtensivityTask":
    """Return the task; no folder is needed."""
    return ExtensivityTask()


class ExtensivityTask(AbstractTask):
    """Task of molecules alone and arranged at several distances."""

    items = "arrangements"
    needs = "energy"

    def __init__(self):
        """Make the molecules and their arrangements."""
        names = ("H2O", "CH4", "HCOOH")
        self.alone = [molecule(name) for name in names] + [acetate(), methylammonium()]
        cases = [
            Case(f"{count} {name}", False, (number,) * count)
            for number, name in enumerate(names)
            for count in (2, 8)
        ]
        for ion, name in ((3, "acetate"), (4, "methylammonium")):
            cases += [Case(f"{name}, {n} H2O", True, (ion,) + (0,) * n) for n in (1, 7)]
        self.cases = cases

    def structures(self, model: AbstractModel) -> list[Atoms]:
        """Return the molecules alone, then each arrangement at every distance."""
        return self.alone + [
            self._together(case, distance) for case in self.cases for distance in DISTANCES
        ]

    def score(self, model: AbstractModel, answers: Answers) -> Score:
        """Return the largest deviation at the largest distance, for molecules and with an ion.

        Raises:
            InputError: No arrangement could be computed.
        """
        energies, alone = answers.energies, len(self.alone)
        found = energies[alone:].reshape(len(self.cases), len(DISTANCES))
        failed, groups, curves = [], {}, []
        for number, case in enumerate(self.cases):
            apart = float(np.sum(energies[list(case.members)]))
            gaps = 1e3 * (found[number] - apart) / len(case.members)
            curves.append(
                Curve(
                    panel="with an ion" if case.ion else "neutral molecules",
                    label=case.name,
                    x=np.array(DISTANCES),
                    x_label="distance (Å)",
                    y=np.abs(gaps),
                    y_label="|ΔE| per molecule (meV)",
                    logarithmic=True,
                )
            )
            if np.isfinite(gaps).all():
                groups[case.name] = {"n": 1} | {
                    f"at_{distance:g}": float(gap)
                    for distance, gap in zip(DISTANCES, gaps, strict=True)
                }
                continue
            places = (*case.members, *(alone + number * len(DISTANCES) + k for k in range(5)))
            why = next(why for place in places if (why := answers.reason(place)))
            failed.append(FailedItem(case.name, why))
        if not groups:
            raise none_computed(self.items, failed)
        metrics: dict[str, float] = {}
        for key, ion in (("neutral", False), ("with_ion", True)):
            names = [case.name for case in self.cases if case.ion == ion and case.name in groups]
            for distance in (DISTANCES[-1], DISTANCES[0]) if names else ():
                worst = max(abs(groups[name][f"at_{distance:g}"]) for name in names)
                metrics[key if distance == DISTANCES[-1] else f"{key}_at_{distance:g}"] = worst
        return Score(
            metrics=metrics,
            units=dict.fromkeys(metrics, "meV"),
            n=len(groups),
            n_of=len(self.cases),
            failed=failed,
            groups=groups,
            curves=curves,
        )

    def _together(self, case: Case, distance: float) -> Atoms:
        found = Atoms()
        charge = 0
        for member, corner in zip(case.members, CORNERS, strict=False):
            one = self.alone[member].copy()
            one.positions += distance * corner
            charge += one.info.get("charge", 0)
            found += one
        found.info["charge"] = charge
        return found
