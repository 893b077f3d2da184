"""Errors of a model on held-out structures: by label, by element and by group.

The loss is that of all structures at once, with the means of `loss`. Energies are those of an
atom, less the mean difference of their composition over the whole set.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from sundog.data.records import OF_ATOMS, Record
from sundog.elements import symbol
from sundog.train.batch import Batch

UNITS = {
    "energy": "eV/atom",
    "forces": "eV/Å",
    "stress": "eV/Å³",
    "dipole": "e·Å",
    "charges": "e",
    "hirshfeld_ratios": "",
}
"""Units of the errors."""


@dataclass
class Sums:
    """Sums of errors.

    Attributes:
        n: number of values.
        absolute: sum of their absolute values.
        squares: sum of their squares.
    """

    n: int = 0
    absolute: float = 0.0
    squares: float = 0.0

    def add(self, errors: np.ndarray) -> None:
        """Add errors."""
        self.n += errors.size
        self.absolute += float(np.abs(errors).sum())
        self.squares += float((errors**2).sum())

    def json(self) -> dict[str, float]:
        """Return number, mean absolute and root mean square error."""
        count = max(self.n, 1)
        return {"n": self.n, "mae": self.absolute / count, "rmse": (self.squares / count) ** 0.5}


@dataclass
class Errors:
    """Errors of one validation.

    Attributes:
        labels: sums by label.
        elements: sums by label of atoms and element.
        groups: sums by label and group.
        energies: group and error of each energy, by composition, until `finished`.
    """

    labels: dict[str, Sums] = field(default_factory=lambda: defaultdict(Sums))
    elements: dict[str, dict[str, Sums]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Sums))
    )
    groups: dict[str, dict[str, Sums]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Sums))
    )
    energies: dict[tuple, list[tuple[str, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(
        self,
        found: Mapping[str, jax.Array],
        batch: Batch,
        members: Sequence[Record],
        where: np.ndarray,
    ) -> None:
        """Add the errors of a batch.

        Args:
            found: differences between prediction and label, by label.
            batch: the batch.
            members: structures of the batch, in their order.
            where: rows of the atoms of all structures, one structure after another.
        """
        ends = np.cumsum([len(one.numbers) for one in members])
        places = np.split(where, ends[:-1])
        for name, differences in found.items():
            error, known = np.asarray(differences), np.asarray(batch.known[name])
            for place, (one, rows) in enumerate(zip(members, places, strict=True)):
                own = rows if name in OF_ATOMS else place
                self._add(name, one, error[own], known[own])

    def _add(self, name: str, one: Record, error: np.ndarray, known: np.ndarray) -> None:
        if not known.any():
            return
        if name == "energy":
            self.energies[one.formula].append((one.group, float(error)))
            return
        self.labels[name].add(error[known])
        if one.group:
            self.groups[name][one.group].add(error[known])
        if name in OF_ATOMS:
            for element in np.unique(one.numbers):
                mine = one.numbers == element
                self.elements[name][symbol(int(element))].add(error[mine][known[mine]])

    def finished(self) -> "Errors":
        """Return the errors once all batches are in: energies are compared by composition."""
        for same in self.energies.values():
            mean = float(np.mean([error for _, error in same]))
            for group, error in same if len(same) > 1 else ():
                self.labels["energy"].add(np.array(error - mean))
                if group:
                    self.groups["energy"][group].add(np.array(error - mean))
        self.energies.clear()
        return self

    def json(self) -> dict[str, Any]:
        """Return the errors for JSON."""

        def told(sums: Mapping[str, Sums]) -> dict[str, Any]:
            return {name: one.json() for name, one in sorted(sums.items())}

        return {
            "units": {name: UNITS[name] for name in sorted(self.labels)},
            "labels": told(self.labels),
            "elements": {name: told(one) for name, one in sorted(self.elements.items())},
            "groups": {name: told(one) for name, one in sorted(self.groups.items())},
        }


class MeanLoss:
    """Loss over many batches, each term a mean over all that has its label."""

    def __init__(self, weights: Mapping[str, float]):
        """Begin with the weights of the labels."""
        self._weights = weights
        self._sums: dict[str, list[float]] = {name: [0.0, 0.0] for name in weights}

    def add(self, terms: Mapping[str, jax.Array], batch: Batch) -> None:
        """Add a batch with its terms, which are means over its structures."""
        for name, term in terms.items():
            known = np.asarray(batch.known[name])
            count = _counted(known, name, batch)
            self._sums[name][0] += float(term) * count
            self._sums[name][1] += count

    @property
    def terms(self) -> dict[str, float]:
        """Mean of each term."""
        return {name: total / max(count, 1.0) for name, (total, count) in self._sums.items()}

    @property
    def value(self) -> float:
        """The loss."""
        return sum(self._weights[name] * term for name, term in self.terms.items())


def _counted(known: np.ndarray, name: str, batch: Batch) -> float:
    if name == "dipole":
        return float(known.sum())
    if name in OF_ATOMS:
        any_known = known.reshape(len(known), -1).any(axis=1)
        return float(len(np.unique(np.asarray(batch.system.system_index)[any_known])))
    return float(known.reshape(len(known), -1).any(axis=1).sum())
