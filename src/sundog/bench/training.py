"""Speed of a step of training: `sundog bench --training`.

Each row is measured in processes of its own, `python -m sundog.bench.training JOB RESULT`, which
take turns. Molecules are butanes, of 14 atoms, whose atoms were moved at random; the model has the
published shape and random parameters. Neither reading nor batches are timed, nor the first step.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from sundog.bench.rounds import Peer
from sundog.bench.settings import BenchSettings
from sundog.errors import SimulationError

PEER = "so3krates-torch"
"""Name of the row of the other implementation."""

LAYOUTS = ("flat", "ring")
"""Layouts of batches that are measured."""

MOLECULES = ("trans-butane", "isobutane")
"""Molecules of the batch, by their names in ASE."""

KICK = 0.05
"""Standard deviation in Å by which coordinates are moved."""


@dataclass(frozen=True)
class TrainingRow:
    """Figures of a layout.

    Attributes:
        layout: layout of the batch, or name of the peer.
        batch: number of molecules.
        atoms: number of atoms of each.
        structures_per_s: median over all timings.
        range_per_s: lowest and highest of them.
        structures_per_cpu_s: median per second of processor, for busy machines.
        compile_s: time of the first step in s, compilation included.
        peak_mb: peak memory in MB.
        processors: processors that the process may use.
    """

    layout: str
    batch: int
    atoms: int
    structures_per_s: float
    range_per_s: tuple[float, float]
    structures_per_cpu_s: float
    compile_s: float
    peak_mb: float
    processors: int

    def json(self) -> dict[str, Any]:
        """Return the figures for JSON."""
        return {"schema": "sundog.bench-training/1", **asdict(self)}

    def describe(self) -> str:
        """Return the figures in words."""
        low, high = self.range_per_s
        return (
            f"{self.layout}: {self.structures_per_s:.1f} structures/s ({low:.1f} to {high:.1f}), "
            f"{self.structures_per_cpu_s:.1f} per second of processor; batch {self.batch} of "
            f"{self.atoms} atoms, {self.processors} processors, {self.peak_mb:.0f} MB, first step "
            f"{self.compile_s:.0f} s"
        )


def measure_training(
    settings: BenchSettings,
    batch: int,
    *,
    environment: Mapping[str, str],
    peer: Peer | None = None,
) -> list[TrainingRow]:
    """Return a row for each layout, then one for the peer.

    Args:
        settings: rounds, seconds and time limit.
        batch: number of molecules in a batch.
        environment: variables that processes get beside those of this one.
        peer: so3krates-torch, timed in turn with sundog.

    Raises:
        SimulationError: a process gave no figures.
    """
    here = [sys.executable, "-P", "-m", "sundog.bench.training"]
    commands: dict[str, list[str]] = dict.fromkeys(LAYOUTS, here)
    if peer is not None:
        commands[PEER] = [str(peer.python), str(peer.script)]
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in commands}
    with TemporaryDirectory() as folder:
        for _ in range(settings.rounds):
            for layout, command in commands.items():
                job = {"layout": layout, "batch": batch, "seconds": settings.seconds}
                target = Path(folder) / "result.json"
                target.unlink(missing_ok=True)
                done = _one(command, job, target, settings.timeout_s, environment)
                found[layout].append(done)
    return [_merged(layout, batch, results) for layout, results in found.items()]


def _one(
    command: Sequence[str],
    job: Mapping[str, Any],
    target: Path,
    limit: float,
    environment: Mapping[str, str],
) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [*command, json.dumps(job), str(target)],
            env={**os.environ, **environment},
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SimulationError(
            f"bench: a row was not done after {limit:g} s",
            got=job["layout"],
            remedy="Raise timeout_s",
        ) from error
    if not target.is_file():
        lines = done.stderr.strip().splitlines() or ["killed, perhaps for want of memory"]
        raise SimulationError(f"bench: the process of {job['layout']} failed", got=lines[-1])
    return json.loads(target.read_text())


def _merged(layout: str, batch: int, results: list[dict[str, Any]]) -> TrainingRow:
    wall = [batch / one for result in results for one in result["wall_s"]]
    cpu = [batch / one for result in results for one in result["cpu_s"]]
    return TrainingRow(
        layout,
        batch,
        results[0]["atoms"],
        median(wall),
        (min(wall), max(wall)),
        median(cpu),
        median(result["compile_s"] for result in results),
        max(result["peak_mb"] for result in results),
        len(os.sched_getaffinity(0)),
    )


def main(job: Mapping[str, Any], target: Path) -> None:
    """Measure one layout and write the figures.

    Args:
        job: layout, batch and seconds.
        target: file for the figures.
    """
    import jax

    from sundog.numerics.precision import x64
    from sundog.weights.programs import keep_programs

    keep_programs()
    with x64():
        step, state, batch, atoms = _prepared(job["layout"], job["batch"])
        wall, cpu, began = [], [], time.perf_counter()
        first, enough = 0.0, False
        while not enough:
            start, used = time.perf_counter(), time.process_time()
            state, _ = step(state, [batch])
            jax.block_until_ready(state)
            wall.append(time.perf_counter() - start)
            cpu.append(time.process_time() - used)
            first = first or wall[0]
            enough = len(wall) > 3 and time.perf_counter() - began - first > job["seconds"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {
        "wall_s": wall[1:],
        "cpu_s": cpu[1:],
        "compile_s": first,
        "peak_mb": peak,
        "atoms": atoms,
    }
    target.write_text(json.dumps(figures))


def _prepared(layout: str, count: int) -> tuple[Any, Any, Any, int]:
    """Return step, state and batch, and the number of atoms of a molecule."""
    import equinox as eqx
    import jax
    import numpy as np
    from ase.build import molecule

    from sundog.data.records import Record, RecordList
    from sundog.forcefield.so3lr import assemble
    from sundog.hamiltonian import Hamiltonian
    from sundog.model.hyperparameters import Hyperparameters
    from sundog.model.so3krates import initialize
    from sundog.terms.zbl import initialize_zbl
    from sundog.train.batch import make_batch
    from sundog.train.order import Plan
    from sundog.train.settings import Batches, Data, Loss, Optimizer
    from sundog.train.step import begin, step_of
    from sundog.train.survey import survey

    rng = np.random.default_rng(0)
    records = RecordList()
    for number in range(count):
        atoms = molecule(MOLECULES[number % len(MOLECULES)])
        n = len(atoms)
        labels = {
            "forces": rng.normal(size=(n, 3)),
            "dipole": rng.normal(size=3),
            "hirshfeld_ratios": rng.uniform(0.5, 1.0, n),
        }
        places = atoms.positions + KICK * rng.normal(size=(n, 3))
        cell, pbc, numbers = np.zeros((3, 3)), np.zeros(3, bool), atoms.numbers.astype(np.int32)
        records.append(Record(numbers, places, cell, pbc, 0.0, 1.0, labels, number))
    h, loss = Hyperparameters(), Loss()
    network = eqx.filter_jit(initialize)(h, jax.random.key(0))
    force_field = assemble(network, initialize_zbl(h.cutoff, h.zbl_cutoff), Hamiltonian())
    names, cutoffs = tuple(loss.weights), force_field.cutoffs
    found = survey(records, cutoffs, names, Data(), lambda line: None)
    large = Batches(batch_structures=count + 1, batch_atoms=10**6, batch_pairs=10**8, layout=layout)  # pyright: ignore[reportArgumentType]
    (planned,) = Plan(found, np.arange(count), large, seed=0).epoch(0)
    batch = make_batch(records.gather(planned.members, names), planned.shape, cutoffs, names)
    state, recipe = begin(force_field, Optimizer(), loss, steps=1000)
    recipe = recipe.expanded(Data().shortest_distance_angstrom)
    return step_of(recipe), state, batch, len(records[0].numbers)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), Path(sys.argv[2]))
