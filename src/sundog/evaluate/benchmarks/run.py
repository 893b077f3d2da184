"""Running a benchmark: prepare its data, compute, score; the outcome as one value."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from ase import Atoms

from sundog.errors import InputError
from sundog.evaluate.benchmarks.card import Card
from sundog.evaluate.benchmarks.names import BENCHMARKS
from sundog.evaluate.benchmarks.tasks.base import AbstractTask, Answers, Score
from sundog.evaluate.models import AbstractModel, Failure, Properties

SCHEMA = "sundog.benchmark/1"
"""Schema of the JSON; its number changes when a key is dropped or changes its meaning."""


class Benchmark(Protocol):
    """Module of a benchmark."""

    CARD: Card

    def prepare(self, data_dir: Path | None) -> AbstractTask:
        """Return the task, with the data that it needs.

        Raises:
            MissingDataError: The data are not in the folder.
            FileFormatError: The data are damaged.
        """
        ...


@dataclass(frozen=True)
class Prepared:
    """Benchmark whose data have been read, so that models can be judged by it."""

    card: Card
    task: AbstractTask


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Speed on a sample of the structures: in batches, and one structure at a time.

    Attributes:
        structures: Number of structures in the sample.
        seconds_batched: Wall time of the sample in batches in s, without compilation.
        seconds_one_by_one: Wall time of the sample one structure at a time in s, likewise.
    """

    structures: int
    seconds_batched: float
    seconds_one_by_one: float

    @property
    def structures_per_s(self) -> float:
        """Speed in batches, in structures per second."""
        return self.structures / self.seconds_batched

    @property
    def one_by_one_structures_per_s(self) -> float:
        """Speed one structure at a time, in structures per second."""
        return self.structures / self.seconds_one_by_one

    @property
    def batched_over_one_by_one(self) -> float:
        """Ratio of the speed in batches to that of one structure at a time."""
        return self.seconds_one_by_one / self.seconds_batched

    def json(self) -> dict[str, Any]:
        """Return the keys that the sample adds to the JSON of an outcome."""
        return {
            "sample": self.structures,
            "sample_structures_per_s": self.structures_per_s,
            "one_by_one_structures_per_s": self.one_by_one_structures_per_s,
            "batched_over_one_by_one": self.batched_over_one_by_one,
        }


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Outcome of a benchmark for one model.

    Attributes:
        card: Card of the benchmark.
        model: Name of the model.
        score: Metrics, and what they were made of.
        items: Word for the items that `score.n` counts, in the plural.
        charges: Use that the model makes of the charges of fragments.
        settings: Settings of the model; from `judge` only those that the benchmark chose.
        structures: Number of structures that the model computed.
        atoms: Number of atoms of these structures.
        seconds_computing: Wall time of the model's computations in s, compilation included.
        seconds: Wall time of the whole benchmark in s.
        sample: Speed on a sample, where it was asked for.
        provenance: Origin of the model and the machine it ran on, once they are known.
    """

    card: Card
    model: str
    score: Score
    items: str
    charges: str
    settings: Mapping[str, Any]
    structures: int
    atoms: int
    seconds_computing: float
    seconds: float
    sample: Sample | None = None
    provenance: Mapping[str, Any] | None = None

    @property
    def structures_per_s(self) -> float:
        """Speed in structures per second, compilation included."""
        return self.structures / self.seconds_computing

    def json(self) -> dict[str, Any]:
        """Return the outcome for JSON."""
        told = {
            "schema": SCHEMA,
            "benchmark": self.card.name,
            "model": self.model,
            **self.score.json(),
            "unit": next(iter(self.score.units.values())),
            "items": self.items,
            "charges": self.charges,
            "settings": dict(self.settings),
            "structures": self.structures,
            "atoms": self.atoms,
            "seconds_computing": self.seconds_computing,
            "structures_per_s": self.structures_per_s,
            "card": asdict(self.card),
            **({} if self.sample is None else self.sample.json()),
            "seconds": self.seconds,
        }
        return told | ({} if self.provenance is None else {"provenance": dict(self.provenance)})


def benchmark(name: str) -> Benchmark:
    """Return the module of a benchmark by its name.

    Raises:
        InputError: There is no benchmark of that name.
    """
    if name not in BENCHMARKS:
        raise InputError("benchmark: unknown", got=name, expected=", ".join(BENCHMARKS))
    module = name.replace("-", "_")
    return import_module(f"sundog.evaluate.benchmarks.{module}")  # pyright: ignore


def prepare(name: str, data_dir: Path | None) -> Prepared:
    """Return a benchmark with its data.

    Raises:
        InputError: There is no benchmark of that name.
        MissingDataError: Its data are not in the folder.
        FileFormatError: Its data are damaged.
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
    """Return the outcome of a benchmark, without its provenance.

    Args:
        name: Name of the benchmark.
        model: Model to judge.
        data_dir: Folder of the data.
        one_by_one: Number of structures to compute one at a time as well, to compare the speed.
        report: Function that is called with lines of progress.

    Raises:
        InputError: There is no such benchmark, or the model can compute none of its items.
        FileFormatError: The data are missing or damaged.
    """
    return judge(prepare(name, data_dir), model, one_by_one=one_by_one, report=report)


def judge(
    prepared: Prepared,
    model: AbstractModel,
    *,
    one_by_one: int = 0,
    report: Callable[[str], None],
) -> Outcome:
    """Return the outcome of a benchmark that is prepared, without its provenance.

    Args:
        prepared: Benchmark with its data.
        model: Model to judge.
        one_by_one: Number of structures to compute one at a time as well, to compare the speed.
        report: Function that is called with lines of progress.

    Raises:
        InputError: The model can compute none of the items.
    """
    begin = time.perf_counter()
    card, task = prepared.card, prepared.task
    model, settings = _as_published(card, model, report)
    structures = task.structures(model)
    report(f"{card.title}: {len(structures)} structures, {model.name}")
    computing = time.perf_counter()
    answers = _answers(model, structures, task, report)
    computing = time.perf_counter() - computing
    pairs = zip(structures, answers.each, strict=True)
    computed = [atoms for atoms, one in pairs if not isinstance(one, Failure)]
    try:
        score = task.score(model, answers)
    except InputError as error:
        error.args = (f"{card.name}: {error.args[0]}",)
        raise
    return Outcome(
        card=card,
        model=model.name,
        score=score,
        items=task.items,
        charges=model.charges,
        settings=settings,
        structures=len(computed),
        atoms=sum(map(len, computed)),
        seconds_computing=computing,
        sample=speed(model, structures, one_by_one) if one_by_one else None,
        seconds=time.perf_counter() - begin,
    )


def _as_published(
    card: Card, model: AbstractModel, report: Callable[[str], None]
) -> tuple[AbstractModel, dict[str, Any]]:
    """Return the model under the Hamiltonian of the published values, and its settings."""
    if card.hamiltonian is None or (changed := model.under(card.hamiltonian)) is model:
        return model, {}
    electrostatics, cutoff = card.hamiltonian.electrostatics, card.hamiltonian.cutoff_angstrom
    report(
        f"{card.name}: electrostatics {electrostatics} ({cutoff:g} Å), as in the published values; "
        "give `electrostatics` to choose another treatment"
    )
    return changed, {"electrostatics": electrostatics, "cutoff_angstrom": cutoff}


def _answers(
    model: AbstractModel,
    structures: Sequence[Atoms],
    task: AbstractTask,
    report: Callable[[str], None],
) -> Answers:
    """Return what the task needs of the model, structure by structure."""
    if task.needs == "trajectory":
        assert task.settings is not None
        return Answers(list(model.trajectories(structures, task.settings, report)))
    if task.needs == "properties":
        return Answers(list(model.properties(structures)))
    found = model(structures)
    return Answers(
        [
            Failure(found.failures[n]) if n in found.failures else Properties(energy=float(energy))
            for n, energy in enumerate(found.energies)
        ]
    )


def speed(model: AbstractModel, structures: Sequence[Any], count: int) -> Sample:
    """Return the speed on a sample, all at once and one structure at a time.

    Everything is computed twice and the second time counts, so that compilation does not.

    Args:
        model: Model to time.
        structures: Structures that the sample is taken from, evenly.
        count: Number of structures in the sample.
    """
    places = np.unique(np.linspace(0, len(structures) - 1, count).round().astype(int))
    sample = [structures[n] for n in places]
    batched = one_by_one = 0.0
    for _ in range(2):
        begin = time.perf_counter()
        model(sample)
        middle = time.perf_counter()
        for one in sample:
            model([one])
        batched, one_by_one = middle - begin, time.perf_counter() - middle
    return Sample(structures=len(sample), seconds_batched=batched, seconds_one_by_one=one_by_one)
