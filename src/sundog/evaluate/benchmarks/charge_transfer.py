"""Charge transfer: separated molecules keep their own charges, and attract as point charges do.

    E(r) = E∞ − k/r + O(1/r²),  k = −ke q_A q_B  for ions;  r between the centres of charge

The model is not told which atoms belong together. A model that only constrains the sum of all
charges may put a fraction of them on the wrong molecule, and then attracts by a wrong q_A q_B at
any distance; a model without charges has k = 0.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import molecule

from sundog.constants import COULOMB
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
from sundog.evaluate.benchmarks.tasks.paths import joined
from sundog.evaluate.models import AbstractModel
from sundog.units import KCAL_PER_MOL

CARD = Card(
    name="charge-transfer",
    title="Separated ions and molecules",
    source="Molecules of ase.build.molecule; the exact answer is that of point charges",
    licence="LGPL-2.1-or-later (ASE)",
    metric="Error of the charge of a molecule 50 Å away (e); error of the Coulomb constant of the "
    "asymptote (%); E(50 Å) + ke/50 Å less the molecules alone (kcal/mol)",
    protocol="Acetate with methylammonium, chloride with ammonium, the neutral pairs water with "
    "water and HF with ammonia, 3 to 50 Å apart; no fragments are told to the model. The "
    "constant is the slope of E against 1/r from 20 Å on.",
    data=NO_DATA,
    headline="coulomb_error_ions",
)
"""Card of the benchmark."""

DISTANCES = np.array([3.0, 3.5, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50])
"""Distances of the molecules in Å, from contact to where only charges interact."""

FAR = 20.0
"""Distance in Å from which on the asymptote is fitted."""


@dataclass(frozen=True)
class Pair:
    """Pair of molecules, with the atom of each between which the distance r is measured."""

    name: str
    a: Atoms
    b: Atoms
    ends: tuple[int, int]

    @property
    def charges(self) -> tuple[int, int]:
        """Total charges of both molecules in e."""
        return self.a.info.get("charge", 0), self.b.info.get("charge", 0)


def prepare(data_dir: Path | None) -> "ChargeTransferTask":
    """Return the task; no folder is needed."""
    return ChargeTransferTask(
        [
            Pair("acetate, methylammonium", acetate(), methylammonium(), (1, 1)),
            Pair("chloride, ammonium", _ion("Cl", -1), _ammonium(), (0, 0)),
            Pair("water, water", molecule("H2O"), molecule("H2O"), (0, 0)),
            Pair("HF, ammonia", molecule("HF"), molecule("NH3"), (0, 0)),
        ]
    )


class ChargeTransferTask(AbstractTask):
    """Task of pairs of molecules at growing distances."""

    items = "pairs"
    needs = "properties"

    def __init__(self, pairs: list[Pair]):
        """Make the task of pairs."""
        self.pairs = pairs

    def structures(self, model: AbstractModel) -> list[Atoms]:
        """Return for each pair both molecules alone, then both together at every distance."""
        found: list[Atoms] = []
        for pair in self.pairs:
            found += [pair.a, pair.b]
            found += [joined(pair.a, pair.b, float(r), pair.ends) for r in DISTANCES]
        return found

    def score(self, model: AbstractModel, answers: Answers) -> Score:
        """Return the errors of charges and asymptotes, the largest over ions and over molecules.

        Raises:
            InputError: No pair could be computed.
        """
        failed, groups, curves = [], {}, []
        each = 2 + len(DISTANCES)
        for number, pair in enumerate(self.pairs):
            first = number * each
            where = ("alone", "alone", *(f"at {r:g} Å" for r in DISTANCES))
            wrong = [
                FailedItem(f"{pair.name}, {place}", why)
                for n, place in enumerate(where, first)
                if (why := answers.reason(n))
            ]
            if wrong:
                failed += wrong
                continue
            energies = answers.energies[first : first + each] / KCAL_PER_MOL
            bound = energies[2:] - energies[:2].sum()
            charges = _charges(answers, range(first + 2, first + each), len(pair.a))
            groups[pair.name] = {"n": 1, **_measures(pair, bound, charges)}
            curves += _curves(pair, bound, charges)
        if not groups:
            raise none_computed(self.items, failed)
        metrics, units, missing = self._metrics(groups)
        return Score(
            metrics=metrics,
            units=units,
            n=len(groups),
            n_of=len(self.pairs),
            failed=failed,
            groups=groups,
            missing=missing,
            curves=curves,
        )

    def _metrics(self, groups: dict) -> tuple[dict[str, float], dict[str, str], dict[str, str]]:
        metrics, units, missing = {}, {}, {}
        wanted = (
            ("charge_error", "e", "the model has no charges"),
            ("coulomb_error", "%", ""),
            ("energy_error", "kcal/mol", ""),
        )
        for kind, ions in (("ions", True), ("molecules", False)):
            names = [p.name for p in self.pairs if p.name in groups and any(p.charges) == ions]
            for key, unit, why in wanted:
                values = [abs(groups[name][key]) for name in names if key in groups[name]]
                if key == "coulomb_error" and not ions:
                    continue  # there is no asymptote −k/r
                if values:
                    metrics[f"{key}_{kind}"], units[f"{key}_{kind}"] = max(values), unit
                elif not names:
                    missing[f"{key}_{kind}"] = "no pair of the kind could be computed"
                elif why:
                    missing[f"{key}_{kind}"] = why
        return metrics, units, missing


def _measures(pair: Pair, bound: np.ndarray, charges: np.ndarray | None) -> dict[str, float]:
    product = pair.charges[0] * pair.charges[1] * COULOMB / KCAL_PER_MOL
    found = {"energy_error": float(bound[-1] - product / DISTANCES[-1])}
    if product:
        far = DISTANCES >= FAR
        slope = np.polyfit(1 / DISTANCES[far], bound[far], 1)[0]
        found["coulomb_error"] = float(100 * (slope / product - 1))
    if charges is not None:
        found["charge_error"] = float(charges[-1] - pair.charges[0])
    return found


def _charges(answers: Answers, places: range, first: int) -> np.ndarray | None:
    """Return the charge of molecule A at each distance in e, if the model has charges."""
    each = [answers.of(place, "charges") for place in places]
    return None if each[0] is None else np.array([one[:first].sum() for one in each])  # type: ignore


def _curves(pair: Pair, bound: np.ndarray, charges: np.ndarray | None) -> list[Curve]:
    product = pair.charges[0] * pair.charges[1] * COULOMB / KCAL_PER_MOL
    kind = "ions" if product else "molecules"
    found = [
        Curve(
            panel=f"energy of {kind}",
            label=pair.name,
            x=DISTANCES,
            x_label="distance (Å)",
            y=bound,
            y_label="E − E(alone) (kcal/mol)",
            reference=product / DISTANCES if product else None,
        )
    ]
    if charges is not None:
        found.append(
            Curve(
                panel="charge of the first molecule",
                label=pair.name,
                x=DISTANCES,
                x_label="distance (Å)",
                y=charges,
                y_label="charge (e)",
            )
        )
    return found


def _ion(name: str, charge: int) -> Atoms:
    return Atoms(name, [[0, 0, 0]], info={"charge": charge})


def _ammonium() -> Atoms:
    """Return NH4⁺, a tetrahedron with bonds of 1.03 Å."""
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
    places = np.vstack([np.zeros(3), 1.03 * corners])
    return Atoms("NH4", places, info={"charge": 1})
