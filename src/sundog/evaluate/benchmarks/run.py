"""Running a benchmark: prepare, compute, score, and what comes out as JSON."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from sundog.errors import InputError
from sundog.evaluate import statistics
from sundog.evaluate.benchmarks.card import Card
from sundog.evaluate.benchmarks.dimers import Dimer, Values, interactions, structures_of
from sundog.evaluate.benchmarks.names import BENCHMARKS
from sundog.evaluate.models import AbstractModel

SCHEMA = "sundog.benchmark/1"
"""Of the JSON; the number changes when a key changes its meaning or goes."""

STATISTICS = {
    "mae": statistics.mean_absolute,
    "rmse": statistics.root_mean_square,
    "me": statistics.mean_signed,
    "max": statistics.largest,
}
WORST = 20
"""Dimers in the list of the worst."""

Outcome = dict[str, Any]


class Benchmark(Protocol):
    """What the file of a benchmark has."""

    CARD: Card

    def prepare(self, data_dir: Path | None) -> list[Dimer]:
        """Return the dimers."""
        ...

    def selections(self, dimers: list[Dimer]) -> Mapping[str, np.ndarray]:
        """Return which dimers each set of metrics is about."""
        ...


def benchmark(name: str) -> Benchmark:
    """Return a benchmark by its name.

    Raises:
        InputError: there is none of that name.
    """
    if name not in BENCHMARKS:
        raise InputError("--benchmark: unknown", got=name, expected=", ".join(BENCHMARKS))
    return import_module(f"sundog.evaluate.benchmarks.{name}")  # pyright: ignore


def run(
    name: str,
    model: AbstractModel,
    data_dir: Path | None,
    *,
    one_by_one: int = 0,
    report: Callable[[str], None],
) -> Outcome:
    """Return the outcome of a benchmark, ready for JSON but for its provenance.

    Args:
        name: of the benchmark.
        model: to be judged.
        data_dir: folder of the data.
        one_by_one: structures that are computed one at a time as well, to compare the speed.
        report: called with lines of progress.

    Raises:
        InputError: no such benchmark, or no structure that the model can describe.
        FileFormatError: the data are missing or damaged.
    """
    begin = time.perf_counter()
    chosen = benchmark(name)
    dimers = chosen.prepare(data_dir)
    structures = structures_of(model, dimers)
    report(f"{chosen.CARD.title}: {len(dimers)} dimers, {len(structures)} structures")
    computing = time.perf_counter()
    found = interactions(model, dimers, structures)
    computed = time.perf_counter() - computing
    outcome = {
        "schema": SCHEMA,
        "benchmark": name,
        "model": model.name,
        **score(chosen, dimers, found.values),
        "failed": [
            {"name": dimers[n].name, "reason": reason} for n, reason in found.failures.items()
        ],
        "charges": model.charges,
        "structures": found.structures,
        "atoms": sum(map(len, structures)),
        "seconds_computing": computed,
        "structures_per_s": found.structures / computed,
        "card": asdict(chosen.CARD),
    }
    if one_by_one:
        outcome |= speed(model, structures, one_by_one)
    return outcome | {"seconds": time.perf_counter() - begin}


def score(chosen: Benchmark, dimers: list[Dimer], values: Values) -> Outcome:
    """Return metrics in kcal/mol with their intervals, by group, and the worst dimers.

    Raises:
        InputError: no dimer has a value.
    """
    reference = np.array([dimer.reference for dimer in dimers])
    errors = values - reference
    known = np.isfinite(errors)
    if not known.any():
        raise InputError(
            f"{chosen.CARD.name}: the model computed none of the dimers",
            remedy="Look at what it supports: elements, charges, molecules without a cell",
        )
    metrics, intervals = {}, {}
    for selection, members in chosen.selections(dimers).items():
        some = errors[members & known]
        for name, statistic in STATISTICS.items() if len(some) else ():
            key = f"{name}_{selection}" if selection else name
            metrics[key] = statistic(some)
            if name in ("mae", "rmse"):
                intervals[key] = statistics.interval(some, statistic)
    groups = np.array([dimer.group for dimer in dimers])
    by_group = {}
    for group in dict.fromkeys(groups.tolist()):
        some = errors[(groups == group) & known]
        if len(some):
            by_group[group] = {"n": len(some), **{k: f(some) for k, f in STATISTICS.items()}}
    worst = [n for n in np.argsort(-np.abs(errors)) if known[n]][:WORST]
    return {
        "metrics": metrics,
        "intervals": intervals,
        "unit": "kcal/mol",
        "n": int(known.sum()),
        "n_of": len(dimers),
        "groups": by_group,
        "worst": [
            {
                "name": dimers[n].name,
                "group": dimers[n].group,
                "reference": float(reference[n]),
                "predicted": float(values[n]),
            }
            for n in worst
        ],
    }


def speed(model: AbstractModel, structures: Sequence[Any], count: int) -> Outcome:
    """Return the speed on a sample, all at once and one structure at a time.

    Everything is computed twice and the second time counts, so that no compilation does.
    """
    places = np.unique(np.linspace(0, len(structures) - 1, count).round().astype(int))
    sample = [structures[n] for n in places]
    seconds = {}
    for _ in range(2):
        begin = time.perf_counter()
        model(sample)
        middle = time.perf_counter()
        for one in sample:
            model([one])
        seconds = {"batched": middle - begin, "single": time.perf_counter() - middle}
    return {
        "sample": len(sample),
        "sample_structures_per_s": len(sample) / seconds["batched"],
        "one_by_one_structures_per_s": len(sample) / seconds["single"],
        "batched_over_one_by_one": seconds["single"] / seconds["batched"],
    }
