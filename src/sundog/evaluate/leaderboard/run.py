"""Running a suite of benchmarks for several models; the outcome as one value.

Every model has a cell for every benchmark. A cell is `skipped` where data are missing and `failed`
where a model computes nothing of a benchmark, each with the reason. Damaged data are refused
before anything runs.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from sundog.errors import InputError, MissingDataError
from sundog.evaluate.benchmarks.card import Card
from sundog.evaluate.benchmarks.run import Outcome, Prepared, benchmark, judge, prepare
from sundog.evaluate.benchmarks.tasks.base import Interval
from sundog.evaluate.models import AbstractModel

SCHEMA = "sundog.suite/1"
"""Schema of the JSON; its number changes when a key is dropped or changes its meaning."""


@dataclass(frozen=True)
class Entrant:
    """Model that takes part.

    Attributes:
        model: Model to judge.
        settings: Settings of the model, for JSON.
        provenance: Origin of the model and the machine it runs on, for JSON.
    """

    model: AbstractModel
    settings: dict[str, Any]
    provenance: dict[str, Any]


@dataclass(frozen=True)
class Done:
    """Cell of a benchmark that a model was judged by."""

    outcome: Outcome
    status: ClassVar[str] = "done"

    @property
    def metric(self) -> str:
        """Name of the one metric that stands in a table."""
        return self.outcome.card.headline

    @property
    def value(self) -> float | None:
        """Value of that metric, None where the model cannot give it."""
        return self.outcome.score.metrics.get(self.metric)

    @property
    def unit(self) -> str | None:
        """Unit of that metric."""
        return self.outcome.score.units.get(self.metric)

    @property
    def interval(self) -> Interval:
        """95 % interval of that metric."""
        return self.outcome.score.intervals.get(self.metric)

    @property
    def reason(self) -> str | None:
        """Reason why that metric is missing."""
        return self.outcome.score.missing.get(self.metric)

    def json(self) -> dict[str, Any]:
        """Return the cell for JSON; the card is there once for all models and left out here."""
        return {
            "status": self.status,
            "metric": self.metric,
            "value": self.value,
            "unit": self.unit,
            "interval": self.interval,
            "reason": self.reason,
            "outcome": {k: v for k, v in self.outcome.json().items() if k != "card"},
        }


@dataclass(frozen=True)
class NotDone:
    """Cell of a benchmark that gave nothing, with the reason."""

    status: Literal["skipped", "failed"]
    reason: str

    def json(self) -> dict[str, Any]:
        """Return the cell for JSON."""
        return asdict(self)


Cell = Done | NotDone
"""Result of one model on one benchmark."""


@dataclass(frozen=True)
class Row:
    """Results of one model.

    Attributes:
        model: Name of the model.
        settings: Settings of the model.
        provenance: Origin of the model and the machine it ran on.
        cells: Results by benchmark, of those that have been run.
    """

    model: str
    settings: Mapping[str, Any]
    provenance: Mapping[str, Any]
    cells: Mapping[str, Cell]

    @property
    def structures_per_s(self) -> float | None:
        """Speed over all structures that the model computed, None if there are none."""
        done = [cell.outcome for cell in self.cells.values() if isinstance(cell, Done)]
        if not done:
            return None
        return sum(one.structures for one in done) / sum(one.seconds_computing for one in done)

    def json(self) -> dict[str, Any]:
        """Return the row for JSON."""
        cells = {name: cell.json() for name, cell in self.cells.items()}
        return {
            "model": self.model,
            "settings": dict(self.settings),
            "provenance": dict(self.provenance),
            "cells": cells,
        }


@dataclass(frozen=True)
class Suite:
    """Outcome of a suite, so far or as a whole.

    Attributes:
        name: Name of the suite.
        cards: Cards of its benchmarks, by name.
        rows: Results of each model.
        seconds: Wall time so far in s.
    """

    name: str
    cards: Mapping[str, Card]
    rows: Sequence[Row]
    seconds: float

    def json(self) -> dict[str, Any]:
        """Return the outcome for JSON."""
        return {
            "schema": SCHEMA,
            "suite": self.name,
            "benchmarks": {name: asdict(card) for name, card in self.cards.items()},
            "rows": [row.json() for row in self.rows],
            "seconds": self.seconds,
        }


def run(
    suite: str,
    names: Sequence[str],
    entrants: Sequence[Entrant],
    data_dir: Path | None,
    *,
    report: Callable[[str], None],
    save: Callable[[Suite], None],
) -> Suite:
    """Return the outcome of a suite.

    Args:
        suite: Name of the suite.
        names: Names of its benchmarks.
        entrants: Models, no two of one name.
        data_dir: Folder of the data.
        report: Function that is called with lines of progress.
        save: Function that is called with the outcome so far after every cell.

    Raises:
        InputError: Two models have one name, or there is no such benchmark.
        FileFormatError: Data that are there are damaged.
    """
    begin = time.perf_counter()
    if len({entrant.model.name for entrant in entrants}) < len(entrants):
        raise InputError(
            "calculator: two models of one name",
            got=", ".join(entrant.model.name for entrant in entrants),
            remedy="Give them names, as calculator=NAME=module:factory",
        )
    prepared = {name: _prepared(name, data_dir) for name in names}
    cards = {name: benchmark(name).CARD for name in names}
    cells: list[dict[str, Cell]] = [{} for _ in entrants]

    def so_far() -> Suite:
        rows = [
            Row(one.model.name, one.settings, one.provenance, dict(found))
            for one, found in zip(entrants, cells, strict=True)
        ]
        return Suite(suite, cards, rows, time.perf_counter() - begin)

    for name, ready in prepared.items():
        if isinstance(ready, NotDone):
            report(f"Skipped: {ready.reason}")
        for entrant, found in zip(entrants, cells, strict=True):
            found[name] = _cell(ready, entrant.model, report)
            save(so_far())
    return so_far()


def _prepared(name: str, data_dir: Path | None) -> Prepared | NotDone:
    """Return a benchmark, or which of its data are missing."""
    try:
        return prepare(name, data_dir)
    except MissingDataError as error:
        return NotDone("skipped", str(error))


def _cell(ready: Prepared | NotDone, model: AbstractModel, report: Callable[[str], None]) -> Cell:
    if isinstance(ready, NotDone):
        return ready
    try:
        return Done(judge(ready, model, report=report))
    except InputError as error:
        report(f"Failed: {error}")
        return NotDone("failed", str(error))
