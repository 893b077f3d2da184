"""Running a benchmark: prepare, compute, score, and what comes out as JSON."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from ase import Atoms

from sundog.errors import InputError
from sundog.evaluate.benchmarks.card import Card
from sundog.evaluate.benchmarks.names import BENCHMARKS
from sundog.evaluate.benchmarks.tasks.base import AbstractTask, Answers
from sundog.evaluate.models import AbstractModel

SCHEMA = "sundog.benchmark/1"
"""Of the JSON; the number changes when a key changes its meaning or goes."""

Outcome = dict[str, Any]


class Benchmark(Protocol):
    """What the file of a benchmark has."""

    CARD: Card

    def prepare(self, data_dir: Path | None) -> AbstractTask:
        """Return the task, with the data that it needs.

        Raises:
            MissingDataError: the data are not in the folder.
            FileFormatError: they are damaged.
        """
        ...


@dataclass(frozen=True)
class Prepared:
    """A benchmark that is ready to be asked of models."""

    card: Card
    task: AbstractTask


def benchmark(name: str) -> Benchmark:
    """Return a benchmark by its name.

    Raises:
        InputError: there is none of that name.
    """
    if name not in BENCHMARKS:
        raise InputError("--benchmark: unknown", got=name, expected=", ".join(BENCHMARKS))
    module = name.replace("-", "_")
    return import_module(f"sundog.evaluate.benchmarks.{module}")  # pyright: ignore


def prepare(name: str, data_dir: Path | None) -> Prepared:
    """Return a benchmark with its data.

    Raises:
        InputError: no such benchmark.
        MissingDataError: its data are not in the folder.
        FileFormatError: they are damaged.
    """
    chosen = benchmark(name)
    return Prepared(chosen.CARD, chosen.prepare(data_dir))


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
        InputError: no such benchmark, or nothing in it that the model can describe.
        FileFormatError: the data are missing or damaged.
    """
    return judge(prepare(name, data_dir), model, one_by_one=one_by_one, report=report)


def judge(
    prepared: Prepared,
    model: AbstractModel,
    *,
    one_by_one: int = 0,
    report: Callable[[str], None],
) -> Outcome:
    """Return the outcome of a benchmark that is prepared; arguments and errors as for `run`."""
    begin = time.perf_counter()
    card, task = prepared.card, prepared.task
    model, settings = _as_published(card, model, report)
    structures = task.structures(model)
    report(f"{card.title}: {len(structures)} structures, {model.name}")
    computing = time.perf_counter()
    answers = _answers(model, structures, task, report)
    computing = time.perf_counter() - computing
    pairs = zip(structures, answers.each, strict=True)
    computed = [atoms for atoms, one in pairs if not isinstance(one, str)]
    try:
        score = task.score(model, answers)
    except InputError as error:
        error.args = (f"{card.name}: {error.args[0]}",)
        raise
    outcome = {
        "schema": SCHEMA,
        "benchmark": card.name,
        "model": model.name,
        **vars(score),
        "shown": list(score.shown or score.metrics),
        "curves": [curve.json() for curve in score.curves],
        "unit": next(iter(score.units.values())),
        "items": task.items,
        "charges": model.charges,
        "settings": settings,
        "structures": len(computed),
        "atoms": sum(map(len, computed)),
        "seconds_computing": computing,
        "structures_per_s": len(computed) / computing,
        "card": asdict(card),
    }
    if one_by_one:
        outcome |= speed(model, structures, one_by_one)
    return outcome | {"seconds": time.perf_counter() - begin}


def _as_published(
    card: Card, model: AbstractModel, report: Callable[[str], None]
) -> tuple[AbstractModel, Outcome]:
    """Return the model under the Hamiltonian of the published values, and which that is."""
    if card.hamiltonian is None or (changed := model.under(card.hamiltonian)) is model:
        return model, {}
    electrostatics, cutoff = card.hamiltonian.electrostatics, card.hamiltonian.cutoff_angstrom
    report(
        f"{card.name}: electrostatics {electrostatics} ({cutoff:g} Å), as in the published values; "
        "--electrostatics chooses another"
    )
    return changed, {"electrostatics": electrostatics, "cutoff_angstrom": cutoff}


def _answers(
    model: AbstractModel,
    structures: Sequence[Atoms],
    task: AbstractTask,
    report: Callable[[str], None],
) -> Answers:
    if task.needs == "trajectory":
        assert task.settings is not None
        return Answers(list(model.trajectories(structures, task.settings, report)))
    if task.needs == "properties":
        return Answers(list(model.properties(structures)))
    found = model(structures)
    return Answers(
        [
            found.failures[n] if n in found.failures else {"energy": np.asarray(energy)}
            for n, energy in enumerate(found.energies)
        ]
    )


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
