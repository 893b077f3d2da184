"""Evaluating a model on labelled structures."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from ase import Atoms

from sundog.data.labels import Labels
from sundog.errors import InputError
from sundog.evaluate.datasets.comparison import (
    UNITS,
    Comparison,
    composition,
    unit_slope,
)
from sundog.evaluate.models import AbstractModel

SCHEMA = "sundog.evaluation/1"
"""Of the JSON; the number changes when a key changes its meaning or goes."""

WORST = 20
ODD_UNITS = 3.0
"""Labels that exceed the predictions by more than this factor, or fall short, are told."""


def run(
    model: AbstractModel,
    structures: Sequence[Atoms],
    labels: Labels,
    *,
    advance: Callable[[int], None],
) -> tuple[dict[str, Any], Comparison]:
    """Return the outcome, ready for JSON but for its provenance, and the values behind it.

    Args:
        model: to be judged.
        structures: with labels.
        labels: where these are.
        advance: called with the number of structures done.

    Raises:
        InputError: nothing can be compared.
        FileFormatError: a label of the wrong shape.
    """
    begin = time.perf_counter()
    comparison = Comparison(structures, labels)
    failed: dict[int, str] = {}
    for number, found in enumerate(model.properties(structures)):
        if isinstance(found, str):
            failed[number] = found
        else:
            comparison.add(number, found)
        advance(1)
    seconds = time.perf_counter() - begin
    metrics = comparison.finished().metrics()
    if not metrics:
        reason = next(iter(failed.values()), "energies are compared within one composition")
        raise InputError("--data: nothing can be compared", got=f"{len(failed)} failures; {reason}")
    done = [atoms for n, atoms in enumerate(structures) if n not in failed]
    outcome = {
        "schema": SCHEMA,
        "model": model.name,
        "keys": dict(labels.keys),
        "metrics": metrics,
        "n": len(done),
        "n_of": len(structures),
        "without_label": comparison.missing,
        "failed": [{"structure": n, "reason": reason} for n, reason in failed.items()],
        "warnings": warnings(comparison),
        "worst": worst(comparison, structures),
        "seconds": seconds,
        "structures_per_s": len(done) / seconds,
        "atoms_per_s": sum(map(len, done)) / seconds,
    }
    return outcome, comparison


def warnings(comparison: Comparison) -> list[str]:
    """Return what a user should know of the labels."""
    told = [
        f"{quantity}: {count} structures have no label and count for nothing there"
        for quantity, count in comparison.missing.items()
        if count
    ]
    slope = unit_slope(comparison)
    if slope is not None and not 1 / ODD_UNITS < slope < ODD_UNITS:
        told.append(
            f"forces: labels are {slope:.3g} times the predictions; 23.06 would be kcal/mol/Å, "
            "0.0367 hartree/Å, 1000 meV/Å. See --unit"
        )
    return told


def worst(comparison: Comparison, structures: Sequence[Atoms]) -> dict[str, list[dict[str, Any]]]:
    """Return the structures with the largest RMS error of each quantity."""
    found = {}
    for quantity in UNITS:
        if quantity not in comparison.values:
            continue
        errors = comparison.per_structure(quantity)
        first = sorted(errors, key=errors.__getitem__, reverse=True)[:WORST]
        found[quantity] = [
            {
                "structure": n,
                "composition": composition(structures[n]),
                "source": structures[n].info.get("source"),
                "rmse": errors[n],
            }
            for n in first
        ]
    return found
