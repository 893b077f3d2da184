"""Process in which one row is measured: `python -m sundog.bench.worker JOB RESULT`.

Start-up, compilation and peak memory therefore belong to the row alone. JOB is a JSON file with a
`Job`. RESULT is written: `Figures`, `{"prepared_steps": …}`, or `{"error": …, "exit_code": …}`.
"""

import json
import platform
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

from sundog.bench.rows import Figures
from sundog.bench.settings import BenchSettings
from sundog.errors import SundogError

USABLE = 0.8
"""Fraction of the time limit after which no new measurement is begun."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """Job of one process.

    Attributes:
        structure: Extxyz file of the case.
        kernels: Kernels to measure; None to write the thermal start to `start`.
        start: Extxyz file to write, or None.
        spawned: `time.time()` when the process was started.
        extras: Whether to measure the drift and check the forces, where the settings ask for it.
        settings: Settings of the benchmark.
    """

    structure: Path
    kernels: str | None
    start: Path | None
    spawned: float
    extras: bool
    settings: BenchSettings

    def to_json(self) -> str:
        """Return the job as text."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> "Job":
        """Return the job that `to_json` has written."""
        job = json.loads(text)
        start, settings = job.pop("start"), job.pop("settings")
        settings["data_dir"] = None  # the file of the structure is known
        return cls(
            **{**job, "structure": Path(job["structure"])},
            start=None if start is None else Path(start),
            settings=BenchSettings(**settings),
        )

    @property
    def deadline(self) -> float:
        """Time on `time.monotonic`'s clock after which no new measurement is begun."""
        used = time.time() - self.spawned
        return time.monotonic() - used + USABLE * self.settings.timeout_s


def prepare(job: Job) -> int:
    """Write the thermal start of a case and return the number of steps it took."""
    from sundog.bench.measure import load_for, thermal_start
    from sundog.forcefield.formulations.choice import with_kernels
    from sundog.io.extxyz import write_extxyz
    from sundog.io.reading import read_structures

    assert job.start is not None
    structures = read_structures(job.structure)
    fast, _ = with_kernels(load_for(job.settings, structures), "auto")
    wanted = job.settings.prepare_steps
    atoms, steps = thermal_start(structures[0], fast, wanted, job.deadline)
    write_extxyz(job.start, atoms)
    return steps


def measure(job: Job) -> Figures:
    """Return the figures of one row, measured in this process."""
    import jax

    from sundog.bench import measure as m
    from sundog.forcefield.formulations.choice import verified, with_kernels
    from sundog.io.reading import read_structures
    from sundog.kernels.cpu.library import threads
    from sundog.names import KernelName

    deadline, settings = job.deadline, job.settings
    structures = read_structures(job.structure)
    reference = m.load_for(settings, structures)
    fast, detail = with_kernels(reference, cast("KernelName", job.kernels))
    step_seconds: list[float] = []
    state = None
    if len(structures) == 1:
        state = m.state_of(structures[0], fast)
        system, pairs = state.system, state.neighbors.pairs
        dynamics = m.Steps(state, fast)
        dynamics.advance(1)
        startup_s = time.time() - job.spawned
        force_seconds, compile_s = _time_force(m.force_call(fast, system, pairs), job, deadline)
        step_seconds = m.time_steps(dynamics, settings, deadline)
        state = dynamics.state
    else:
        system, pairs = m.batch_of(structures, fast)
        call = m.force_call(fast, system, pairs)
        force_seconds, compile_s = _time_force(call, job, deadline)
        startup_s = None
    figures = Figures(
        kernels=detail.replace(",", " ").split()[0],
        kernels_detail=detail,
        electrostatics=reference.electrostatics,
        dispersion_tail=reference.tail is not None,
        force_seconds=force_seconds,
        step_seconds=step_seconds,
        compile_s=compile_s,
        startup_s=startup_s,
        peak_memory_mb=peak_memory_mb(),
        device=device_name(),
        threads=threads() if jax.default_backend() == "cpu" else None,
        jax=jax.__version__,
    )
    # Drift and check come last: their time and memory are not to count in the figures above.
    if job.extras and settings.drift and state is not None:
        drift = m.energy_drift(state, fast, min(step_seconds), deadline)
        figures = replace(figures, drift=drift)
    in_time = time.monotonic() < deadline
    if job.extras and settings.check and fast is not reference and in_time:
        said: list[str] = []
        sound = verified(fast, reference, system, said.append, said.append) is fast
        figures = replace(figures, **{"checked" if sound else "error": said[-1]})
    return figures


def _time_force(call: Callable[[], None], job: Job, deadline: float) -> tuple[list[float], float]:
    """Return the times of force calls, and of their compilation, in s."""
    from sundog.bench.measure import time_force

    begin = time.perf_counter()
    call()
    first = time.perf_counter() - begin
    seconds = time_force(call, job.settings.seconds, deadline)
    return seconds, first - min(seconds)


def peak_memory_mb() -> float:
    """Return the peak memory in MB (2²⁰ bytes) of the accelerator, if there is one, or process."""
    import jax

    statistics = jax.devices()[0].memory_stats() or {}
    if jax.default_backend() != "cpu" and "peak_bytes_in_use" in statistics:
        return statistics["peak_bytes_in_use"] / 2**20
    # The kernel's count is better: that of getrusage starts from the parent process's memory.
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else []:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def device_name() -> str:
    """Return the name of the accelerator, or else of the processor."""
    import jax

    if jax.default_backend() != "cpu":
        return jax.devices()[0].device_kind
    information = Path("/proc/cpuinfo")
    for line in information.read_text().splitlines() if information.exists() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _done(job: Job) -> dict[str, Any]:
    return {"prepared_steps": prepare(job)} if job.kernels is None else asdict(measure(job))


def main(arguments: list[str]) -> None:
    """Do the job of the first file and write its result to the second."""
    from sundog.numerics.precision import with_x64

    source, target = map(Path, arguments)
    job = Job.from_json(source.read_text())
    try:
        result = with_x64(_done)(job)
    except SundogError as error:
        result = {"error": str(error), "exit_code": error.exit_code}
    target.write_text(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1:])
