"""Interaction energies of dimers, E(dimer) − E(monomers apart), by any model.

The network's embeddings of charge and spin take the totals over the whole structure. The
monomers of a force field are therefore computed as one structure, far apart: alone, an ion would
be embedded with its own charge and not with that of the dimer. For an ASE calculator they are
structures of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ase import Atoms
from jaxtyping import Float

from sundog.data.keys import APART, FRAGMENT, FRAGMENT_CHARGES
from sundog.errors import FileFormatError
from sundog.evaluate import statistics
from sundog.evaluate.benchmarks.tasks.base import (
    AbstractTask,
    Answers,
    FailedItem,
    Interval,
    Score,
    none_computed,
)
from sundog.evaluate.models import AbstractModel
from sundog.units import KCAL_PER_MOL

WORST = 20
"""Number of dimers in the list of the worst."""

STATISTICS = {
    "mae": statistics.mean_absolute,
    "rmse": statistics.root_mean_square,
    "me": statistics.mean_signed,
    "max": statistics.largest,
}
"""Statistics of the errors, by the name of the metric."""

Values = Float[np.ndarray, " dimers"]
"""Values by dimer, in kcal/mol."""


@dataclass(frozen=True, kw_only=True)
class Dimer:
    """Dimer with its reference interaction energy.

    Attributes:
        name: Name of the dimer.
        group: Name of the subset that it belongs to.
        atoms: Structure of the dimer; monomer A comes first.
        first: Number of atoms of monomer A.
        charges: Total charges of both monomers in e.
        reference: Reference interaction energy in kcal/mol.
        apart: Same atoms with the monomers far apart; by default B is moved along x.
        labels: Further numbers that metrics are selected by.
    """

    name: str
    group: str
    atoms: Atoms
    first: int
    charges: tuple[int, int]
    reference: float
    apart: Atoms | None = None
    labels: dict[str, float] = field(default_factory=dict)

    def __post_init__(self):
        """Refuse a dimer without a monomer.

        Raises:
            FileFormatError: Monomer A has none or all of the atoms.
        """
        if not 0 < self.first < len(self.atoms):
            raise FileFormatError(
                f"{self.name}: monomer A must have some of the atoms and not all",
                got=f"{self.first} of {len(self.atoms)}",
                remedy="Get the data again",
            )

    def together(self) -> Atoms:
        """Return the dimer with its charges."""
        return self._labelled(self.atoms)

    def separated(self) -> Atoms:
        """Return the dimer with monomer B far away."""
        if self.apart is not None:
            return self._labelled(self.apart)
        atoms = self._labelled(self.atoms)
        atoms.positions[self.first :, 0] += APART
        return atoms

    def monomers(self) -> tuple[Atoms, Atoms]:
        """Return both monomers as structures of their own."""
        parts = self.atoms[: self.first], self.atoms[self.first :]
        return tuple(
            Atoms(part.numbers, part.positions, info={"charge": charge})
            for part, charge in zip(parts, self.charges, strict=True)
        )  # pyright: ignore[reportReturnType]

    def _labelled(self, atoms: Atoms) -> Atoms:
        info = {"charge": sum(self.charges), FRAGMENT_CHARGES: self.charges}
        labelled = Atoms(atoms.numbers, atoms.positions, info=info)
        labelled.set_array(FRAGMENT, (np.arange(len(atoms)) >= self.first).astype(np.int64))
        return labelled


class DimerTask(AbstractTask):
    """Task of interaction energies of dimers, compared with reference values."""

    items = "dimers"
    needs = "energy"

    def __init__(
        self,
        dimers: Sequence[Dimer],
        selections: Mapping[str, np.ndarray] | None = None,
        missing: Mapping[str, str] | None = None,
    ):
        """Make the task of dimers.

        Args:
            dimers: Dimers, at least one.
            selections: Masks of the dimers that each set of metrics is made of, by the suffix of
                its metrics; by default one set of all dimers.
            missing: Reasons why the data at hand cannot give a metric, by its name.
        """
        self.missing = dict(missing or {})
        self.dimers = list(dimers)
        self.selections = (
            {"": np.ones(len(self.dimers), bool)} if selections is None else selections
        )

    def structures(self, model: AbstractModel) -> list[Atoms]:
        """Return all dimers, then all of their separated monomers."""
        together = [dimer.together() for dimer in self.dimers]
        if model.charges != "own":
            return together + [dimer.separated() for dimer in self.dimers]
        pairs = [dimer.monomers() for dimer in self.dimers]
        return together + [a for a, _ in pairs] + [b for _, b in pairs]

    def score(self, model: AbstractModel, answers: Answers) -> Score:
        """Return metrics in kcal/mol with their intervals, by group, and the worst dimers.

        Raises:
            InputError: No dimer could be computed.
        """
        values, failed = self.interactions(answers)
        errors = values - np.array([dimer.reference for dimer in self.dimers])
        known = np.isfinite(errors)
        if not known.any():
            raise none_computed(self.items, failed)
        metrics: dict[str, float] = {}
        intervals: dict[str, Interval] = {}
        for selection, members in self.selections.items():
            some = errors[members & known]
            for name, statistic in STATISTICS.items() if len(some) else ():
                key = f"{name}_{selection}" if selection else name
                metrics[key] = statistic(some)
                if name in ("mae", "rmse"):
                    intervals[key] = statistics.interval(some, statistic)
        return Score(
            metrics=metrics,
            units=dict.fromkeys(metrics, "kcal/mol"),
            intervals=intervals,
            n=int(known.sum()),
            n_of=len(self.dimers),
            failed=failed,
            groups=self._by_group(errors),
            worst=self._worst(values, errors),
            missing=self.missing,
            shown=[key for key in metrics if key.startswith("mae") or key == "rmse"],
        )

    def interactions(self, answers: Answers) -> tuple[Values, list[FailedItem]]:
        """Return the interaction energies in kcal/mol, and the dimers that have none."""
        count = len(self.dimers)
        parts = answers.energies.reshape(-1, count)
        values = (parts[0] - parts[1:].sum(axis=0)) / KCAL_PER_MOL
        reasons = {n % count: why for n in range(parts.size) if (why := answers.reason(n))}
        return values, [FailedItem(self.dimers[n].name, why) for n, why in reasons.items()]

    def _by_group(self, errors: Values) -> dict[str, dict[str, Any]]:
        groups = np.array([dimer.group for dimer in self.dimers])
        found = {}
        for group in dict.fromkeys(groups.tolist()):
            some = errors[(groups == group) & np.isfinite(errors)]
            if len(some):
                found[group] = {"n": len(some), **{k: f(some) for k, f in STATISTICS.items()}}
        return found

    def _worst(self, values: Values, errors: Values) -> list[dict[str, Any]]:
        order = [n for n in np.argsort(-np.abs(errors)) if np.isfinite(errors[n])][:WORST]
        return [
            {
                "name": self.dimers[n].name,
                "group": self.dimers[n].group,
                "reference": self.dimers[n].reference,
                "predicted": float(values[n]),
            }
            for n in order
        ]
