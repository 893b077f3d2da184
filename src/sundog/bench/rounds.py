"""Rounds of measurements: in each, every row in turn, in a fresh process.

Rows take turns, so that other work of the machine affects all of them alike. One process runs at
a time, and none beyond the time limit.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from ase import Atoms

from sundog.bench.cases import FILES, SOURCE_TREE, build_case
from sundog.bench.rows import Figures, Row, failed, merged
from sundog.bench.settings import BenchSettings
from sundog.bench.worker import Job
from sundog.errors import InputError
from sundog.io.extxyz import write_extxyz

PEER_SCRIPTS = Path("benchmarks", "peers")
"""Folder in the source tree with the scripts that time peers."""

PEER_REPEATS = 7
"""Number of timings of a peer per process, as many as keep it below a minute."""

PEER = "peer"
"""Name of the peer's kernels until it has stated its own."""

Report = Callable[[str], None]
"""Function that is called with lines of progress."""


Result = dict[str, Any]
"""JSON object that a process has written."""


class Peer(NamedTuple):
    """Other implementation: the Python of its environment and the script that times it."""

    python: Path
    script: Path


class Failure(NamedTuple):
    """Reason why a process gave no figures, with its exit code."""

    message: str
    exit_code: int


def find_peer(python: Path, script: str = "measure.py") -> Peer:
    """Return the peer of an environment.

    Args:
        python: Python of the environment.
        script: name of the script that times it.

    Raises:
        InputError: There is no such interpreter, or the script is not there.
    """
    if not python.is_file():
        raise InputError(
            "peers: there is no such Python", got=python, remedy="Make one with `make peers`"
        )
    scripts = [place / PEER_SCRIPTS / script for place in (Path.cwd(), SOURCE_TREE)]
    for one in scripts:
        if one.is_file():
            return Peer(python.absolute(), one)
    raise InputError(
        "peers: the script that times them is not there",
        got="looked for " + " and ".join(map(str, scripts)),
        remedy="Run it in the source tree",
    )


def bench(
    settings: BenchSettings,
    *,
    environment: Mapping[str, str],
    peer: Peer | None = None,
    report: Report = lambda line: None,
    save: Callable[[list[Row]], None] = lambda rows: None,
) -> list[Row]:
    """Measure every row and return them: by case, then kernels and treatments, then the peer.

    Args:
        settings: Settings of the benchmark.
        environment: Environment variables that every process gets in addition.
        peer: Other implementation that times the cases of water as well.
        report: Function that is called with a line after every process.
        save: Function that is called with the rows so far after every process.

    Raises:
        InputError: A case is unknown, or kernels are not available.
        FileFormatError: The file of a case is missing.
    """
    structures = {name: build_case(name, settings.data_dir) for name in settings.case_names}
    settings.refuse_unread(
        periodic=any(frames[0].pbc.any() for frames in structures.values()),
        files=not FILES.keys().isdisjoint(structures),
    )
    environment = {
        **os.environ,
        **environment,
        "JAX_ENABLE_COMPILATION_CACHE": "false",  # compile times are those of a first run
        "JAX_TRACEBACK_FILTERING": "off",  # the last line of a traceback is then the error
    }
    with TemporaryDirectory(prefix="sundog-bench-") as folder:
        runner = _Runner(settings, Path(folder), environment, peer)
        for case, frames in structures.items():
            _start_case(case, frames, runner, report)
        sizes = {case: sum(map(len, frames)) for case, frames in structures.items()}
        ways = list(product(settings.kernel_names, settings.treatments))
        rows = [
            _Measured(_asked(case, kernels, treatment, sizes[case], runner), [])
            for case in structures
            for kernels, treatment in (*ways, *([(None, None)] if peer else []))
            if kernels or case.startswith("water-")
        ]
        for number in range(settings.rounds):
            for place, row in enumerate(rows):
                if row.failure is None:
                    begin = time.monotonic()
                    rows[place], said = _measure_again(row, runner)
                    took = time.monotonic() - begin
                    name = f"{row.asked.case} {row.asked.kernels} {row.asked.chosen or ''}"
                    report(f"round {number + 1}, {name.rstrip()}: {said} ({took:.0f} s)")
                    save([one.row for one in rows])
    return [one.row for one in rows]


def _start_case(case: str, frames: list[Atoms], runner: "_Runner", report: Report) -> None:
    """Write the structure from which every row of a case starts."""
    write_extxyz(runner.structure(case), frames)
    if len(frames) == 1 and runner.settings.prepare_steps:
        begin = time.monotonic()
        steps = runner.prepare(case)
        report(f"{case}: thermal start, {steps} steps ({time.monotonic() - begin:.0f} s)")


def _asked(
    case: str, kernels: str | None, treatment: str | None, atoms: int, runner: "_Runner"
) -> Row:
    """Return a row before it is measured; no kernels means the peer."""
    return Row(
        case=case,
        atoms=atoms,
        kernels=kernels or PEER,
        precision=runner.settings.precision if kernels else "float32",
        prepared_steps=runner.prepared_steps.get(case, 0),
        cutoff_angstrom=runner.settings.cutoff_angstrom,
        chosen=treatment,
    )


def _measure_again(row: "_Measured", runner: "_Runner") -> tuple["_Measured", str]:
    """Return a row with the figures of one more process, and these in a few words."""
    asked = row.asked
    outcome = runner.run(asked.case, asked.kernels, asked.chosen, first=not row.rounds)
    if isinstance(outcome, Failure):
        return row._replace(failure=outcome.message), outcome.message
    timings = {"force": outcome.force_seconds, "step": outcome.step_seconds}
    said = ", ".join(
        f"{name} {1e6 * median(seconds) / asked.atoms:.4g} µs/atom"
        for name, seconds in timings.items()
        if seconds
    )
    return row._replace(rounds=[*row.rounds, outcome]), said


class _Measured(NamedTuple):
    """Row as asked for, with the figures of the rounds so far.

    Attributes:
        asked: Row without figures.
        rounds: Figures of each round.
        failure: Reason why the row is not measured again, if a process failed.
    """

    asked: Row
    rounds: list[Figures]
    failure: str | None = None

    @property
    def row(self) -> Row:
        """Row as it goes into the table and the JSON file."""
        if not self.rounds:
            return failed(self.asked, self.failure or "not measured")
        row = merged(self.asked, self.rounds)
        return row if self.failure is None else failed(row, self.failure)


class _Runner:
    """Runner of processes, one at a time, that reads the results they leave."""

    def __init__(
        self,
        settings: BenchSettings,
        folder: Path,
        environment: Mapping[str, str],
        peer: Peer | None,
    ):
        """Make a runner.

        Args:
            settings: Settings of the benchmark.
            folder: Folder for structures, jobs and results.
            environment: Environment variables of the processes.
            peer: Other implementation, if it is timed as well.
        """
        self.settings = settings
        self.prepared_steps: dict[str, int] = {}
        self._folder = folder
        self._environment = environment
        self._peer = peer

    def structure(self, case: str) -> Path:
        """Return the file of a case; it holds the structure as built, later its thermal start."""
        return self._folder / f"{case}.extxyz"

    def prepare(self, case: str) -> int:
        """Make the thermal start of a case and return the number of steps it took.

        Raises:
            InputError: The thermal start cannot be made.
        """
        path = self.structure(case)
        outcome = self._work(None, self.settings.treatments[0], path, start=path)
        if isinstance(outcome, Failure):
            raise InputError(f"{case}: no thermal start, {outcome.message}")
        self.prepared_steps[case] = outcome["prepared_steps"]
        return outcome["prepared_steps"]

    def run(
        self, case: str, kernels: str, treatment: str | None, *, first: bool
    ) -> Figures | Failure:
        """Measure a row once and return its figures.

        Args:
            case: Name of the case.
            kernels: Kernels to measure, or `PEER`.
            treatment: Treatment of the charges, None for the default.
            first: Whether it is the first round, in which drift and forces are checked.

        Raises:
            InputError: The process refuses its input.
        """
        if kernels == PEER:
            outcome = self._run_peer(case)
        else:
            outcome = self._work(kernels, treatment, self.structure(case), extras=first)
            if isinstance(outcome, Failure) and outcome.exit_code == InputError.exit_code:
                raise InputError(outcome.message)
        return outcome if isinstance(outcome, Failure) else Figures.from_json(outcome)

    def _work(
        self,
        kernels: str | None,
        treatment: str | None,
        structure: Path,
        start: Path | None = None,
        extras: bool = True,
    ) -> Result | Failure:
        job = Job(
            structure=structure,
            kernels=kernels,
            start=start,
            spawned=time.time(),
            extras=extras,
            settings=replace(self.settings, electrostatics=treatment),
        )
        source = self._folder / "job.json"
        source.write_text(job.to_json())
        module = "sundog.bench.worker"
        return self._start([sys.executable, "-P", "-m", module, str(source)])

    def _run_peer(self, case: str) -> Result | Failure:
        assert self._peer is not None
        command = [str(self._peer.python), str(self._peer.script), "--case", case]
        command += ["--structure", str(self.structure(case)), "--repeats", str(PEER_REPEATS)]
        return self._start([*command, "--json"])

    def _start(self, command: list[str]) -> Result | Failure:
        """Run a command, with the file for its result as last argument; return the result."""
        target = self._folder / "result.json"
        target.unlink(missing_ok=True)
        limit = self.settings.timeout_s
        try:
            done = subprocess.run(
                [*command, str(target)],
                env=dict(self._environment),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                timeout=limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Failure(f"not done after {limit:g} s (timeout_s)", 1)
        if not target.is_file():
            print(done.stderr, file=sys.stderr)  # a bug or a crash, of which every line may matter
            lines = done.stderr.strip().splitlines() or ["killed, perhaps for want of memory"]
            return Failure(f"the process ended with {done.returncode}: {lines[-1]}", 1)
        result = json.loads(target.read_text())
        result = result[0] if isinstance(result, list) else result
        if "exit_code" in result:
            return Failure(result["error"], result["exit_code"])
        return result
