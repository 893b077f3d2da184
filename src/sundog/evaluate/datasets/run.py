"""Evaluating a model on labelled structures; the outcome as one value."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ase import Atoms

from sundog.data.labels import Labels
from sundog.errors import InputError
from sundog.evaluate.datasets.comparison import (
    UNITS,
    Comparison,
    Metrics,
    composition,
    unit_slope,
)
from sundog.evaluate.models import AbstractModel, Failure
from sundog.io.results import name_of

SCHEMA = "sundog.evaluation/1"
"""Schema of the JSON; its number changes when a key is dropped or changes its meaning."""

WORST = 20
"""Number of structures in the list of the worst of each quantity."""

ODD_UNITS = 3.0
"""Factor between labels and predictions beyond which a warning asks for their unit."""


@dataclass(frozen=True, kw_only=True)
class WorstStructure:
    """Structure with a large error.

    Attributes:
        structure: Number of the structure, from 0.
        composition: Formula and charge.
        source: Origin or name of the structure, if it has any.
        rmse: RMS error of the quantity, in its unit.
    """

    structure: int
    composition: str
    source: Any
    rmse: float


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Outcome of an evaluation on labelled structures.

    Attributes:
        model: Name of the model.
        keys: Keys of the labels, by quantity.
        metrics: Errors of each quantity.
        n: Number of structures that the model computed.
        n_of: Number of structures.
        without_label: Number of structures without a label, by quantity.
        failed: Reasons why structures could not be computed, by their number.
        warnings: Sentences on labels that look wrong.
        worst: Structures with the largest errors, by quantity.
        seconds: Wall time of the model's computations in s, compilation included.
        atoms: Number of atoms of the structures that were computed.
        data: Name of the set.
        settings: Settings of the model.
        provenance: Origin of the model and the machine it ran on, once they are known.
    """

    model: str
    keys: Mapping[str, str]
    metrics: Mapping[str, Metrics]
    n: int
    n_of: int
    without_label: Mapping[str, int]
    failed: Mapping[int, str]
    warnings: Sequence[str]
    worst: Mapping[str, Sequence[WorstStructure]]
    seconds: float
    atoms: int
    data: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] | None = None

    @property
    def structures_per_s(self) -> float:
        """Speed in structures per second, compilation included."""
        return self.n / self.seconds

    @property
    def atoms_per_s(self) -> float:
        """Speed in atoms per second, compilation included."""
        return self.atoms / self.seconds

    def json(self) -> dict[str, Any]:
        """Return the outcome for JSON."""
        told = {
            "schema": SCHEMA,
            "model": self.model,
            "keys": dict(self.keys),
            "metrics": {name: found.json() for name, found in self.metrics.items()},
            "n": self.n,
            "n_of": self.n_of,
            "without_label": dict(self.without_label),
            "failed": [{"structure": n, "reason": why} for n, why in self.failed.items()],
            "warnings": list(self.warnings),
            "worst": {name: [vars(one) for one in found] for name, found in self.worst.items()},
            "seconds": self.seconds,
            "structures_per_s": self.structures_per_s,
            "atoms_per_s": self.atoms_per_s,
        }
        if self.provenance is None:
            return told
        origin = {"settings": dict(self.settings), "provenance": dict(self.provenance)}
        return told | {"data": self.data} | origin


def run(
    model: AbstractModel,
    structures: Sequence[Atoms],
    labels: Labels,
    *,
    advance: Callable[[int], None],
) -> tuple[Outcome, Comparison]:
    """Return the outcome, without its provenance, and the values behind it.

    Args:
        model: Model to judge.
        structures: Structures with labels.
        labels: Keys and unit of the labels.
        advance: Function that is called with the number of structures just done.

    Raises:
        InputError: Nothing can be compared.
        FileFormatError: A label has the wrong shape.
    """
    begin = time.perf_counter()
    comparison = Comparison(structures, labels)
    failed: dict[int, str] = {}
    for number, found in enumerate(model.properties(structures)):
        if isinstance(found, Failure):
            failed[number] = found.reason
        else:
            comparison.add(number, found)
        advance(1)
    seconds = time.perf_counter() - begin
    metrics = comparison.finished().metrics()
    if not metrics:
        reason = next(iter(failed.values()), "energies are compared within one composition")
        raise InputError("data: nothing can be compared", got=f"{len(failed)} failures; {reason}")
    done = [atoms for n, atoms in enumerate(structures) if n not in failed]
    outcome = Outcome(
        model=model.name,
        keys=labels.keys,
        metrics=metrics,
        n=len(done),
        n_of=len(structures),
        without_label=comparison.missing,
        failed=failed,
        warnings=warnings(comparison),
        worst=worst(comparison, structures),
        seconds=seconds,
        atoms=sum(map(len, done)),
    )
    return outcome, comparison


def warnings(comparison: Comparison) -> list[str]:
    """Return sentences on labels that are missing or look wrong."""
    told = [
        f"{quantity}: {count} structures have no label and count for nothing there"
        for quantity, count in comparison.missing.items()
        if count
    ]
    if "energy" in comparison.missing and "energy" not in comparison.values:
        told.append(
            "energy: no composition has two structures with a label, so that there are no relative "
            "energies to compare"
        )
    slope = unit_slope(comparison)
    if slope is not None and not 1 / ODD_UNITS < slope < ODD_UNITS:
        told.append(
            f"forces: labels are {slope:.3g} times the predictions; 23.06 would be kcal/mol/Å, "
            "0.0367 hartree/Å, 1000 meV/Å. See `unit`"
        )
    return told


def worst(comparison: Comparison, structures: Sequence[Atoms]) -> dict[str, list[WorstStructure]]:
    """Return the structures with the largest RMS error of each quantity."""
    found = {}
    for quantity in UNITS:
        if quantity not in comparison.values:
            continue
        errors = comparison.per_structure(quantity)
        first = sorted(errors, key=errors.__getitem__, reverse=True)[:WORST]
        found[quantity] = [
            WorstStructure(
                structure=n,
                composition=composition(structures[n]),
                source=structures[n].info.get("source") or name_of(structures[n]) or None,
                rmse=errors[n],
            )
            for n in first
        ]
    return found
