"""Running a suite of benchmarks for several models.

What cannot be had is a cell of its own: `skipped` where data are missing, `failed` where a model
computes nothing of a benchmark, each with the reason. Damaged data are refused before anything
runs.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sundog.errors import InputError, MissingDataError
from sundog.evaluate.benchmarks.card import Card
from sundog.evaluate.benchmarks.run import Prepared, benchmark, judge, prepare
from sundog.evaluate.models import AbstractModel

SCHEMA = "sundog.suite/1"
"""Of the JSON; the number changes when a key changes its meaning or goes."""

Outcome = dict[str, Any]


@dataclass(frozen=True)
class Entrant:
    """A model that takes part.

    Attributes:
        model: to be judged.
        settings: how it was set up, for JSON.
        provenance: where it comes from and what it runs on, for JSON.
    """

    model: AbstractModel
    settings: dict[str, Any]
    provenance: dict[str, Any]


def run(
    suite: str,
    names: Sequence[str],
    entrants: Sequence[Entrant],
    data_dir: Path | None,
    *,
    report: Callable[[str], None],
    save: Callable[[Outcome], None],
) -> Outcome:
    """Return the outcome of a suite, ready for JSON.

    Args:
        suite: its name.
        names: of the benchmarks.
        entrants: models, no two of one name.
        data_dir: folder of the data.
        report: called with lines of progress.
        save: called with what there is whenever a model is through a benchmark.

    Raises:
        InputError: two models of one name, or no such benchmark.
        FileFormatError: data that are there are damaged.
    """
    begin = time.perf_counter()
    if len({entrant.model.name for entrant in entrants}) < len(entrants):
        raise InputError(
            "--calculator: two models of one name",
            got=", ".join(entrant.model.name for entrant in entrants),
            remedy="Give them names, as --calculator NAME=module:factory",
        )
    prepared = {name: _prepared(name, data_dir) for name in names}
    rows = [
        {
            "model": one.model.name,
            "settings": one.settings,
            "provenance": one.provenance,
            "cells": {},
        }
        for one in entrants
    ]
    outcome: Outcome = {
        "schema": SCHEMA,
        "suite": suite,
        "benchmarks": {name: asdict(benchmark(name).CARD) for name in names},
        "rows": rows,
    }
    for name, ready in prepared.items():
        if isinstance(ready, str):
            report(f"Skipped: {ready}")
        for entrant, row in zip(entrants, rows, strict=True):
            row["cells"][name] = _cell(ready, entrant.model, report)
            save(outcome | {"seconds": time.perf_counter() - begin})
    return outcome | {"seconds": time.perf_counter() - begin}


def structures_per_second(row: Outcome) -> float | None:
    """Return the speed of a model over all that it computed, None if that is nothing."""
    done = [cell["outcome"] for cell in row["cells"].values() if cell["status"] == "done"]
    if not done:
        return None
    return sum(one["structures"] for one in done) / sum(one["seconds_computing"] for one in done)


def _prepared(name: str, data_dir: Path | None) -> Prepared | str:
    """Return a benchmark, or which data of it are missing."""
    try:
        return prepare(name, data_dir)
    except MissingDataError as error:
        return str(error)


def _cell(ready: Prepared | str, model: AbstractModel, report: Callable[[str], None]) -> Outcome:
    if isinstance(ready, str):
        return {"status": "skipped", "reason": ready}
    try:
        found = judge(ready, model, report=report)
    except InputError as error:
        report(f"Failed: {error}")
        return {"status": "failed", "reason": str(error)}
    del found["card"]  # which is there once for all models
    return {"status": "done", **headline(ready.card, found), "outcome": found}


def headline(card: Card, outcome: Outcome) -> Outcome:
    """Return the one metric that stands in a table, with its interval."""
    name = card.headline
    return {
        "metric": name,
        "value": outcome["metrics"].get(name),
        "unit": outcome["units"].get(name),
        "interval": outcome["intervals"].get(name),
        "reason": outcome["missing"].get(name),
    }
