"""The process in which one row is measured: `python -m sundog.bench.worker JOB RESULT`.

Start-up, compilation and peak memory are therefore the row's own. JOB is a JSON file with a
`Job`, RESULT is written: the figures, or `{"error": …, "exit_code": …}`.
"""

import json
import platform
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from sundog.bench.settings import BenchSettings
from sundog.errors import SundogError

USABLE = 0.8
"""Part of the time limit after which nothing new is begun."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What one process is to do.

    Attributes:
        structure: extxyz file of the case.
        kernels: to measure; None to write the thermal start to `start`.
        start: extxyz file to write, or None.
        spawned: `time.time()` when the process was started.
        extras: whether to measure the drift and check the forces, where the settings ask for it.
        settings: of the benchmark.
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
        settings["data_dir"] = None  # the structure is at hand
        return cls(
            **{**job, "structure": Path(job["structure"])},
            start=None if start is None else Path(start),
            settings=BenchSettings(**settings),
        )

    @property
    def deadline(self) -> float:
        """When to begin nothing more, on `time.monotonic`'s clock."""
        used = time.time() - self.spawned
        return time.monotonic() - used + USABLE * self.settings.timeout_s


def prepare(job: Job) -> dict[str, Any]:
    """Write the thermal start of a case."""
    from sundog.bench.measure import load_for, thermal_start
    from sundog.forcefield.formulations.choice import with_kernels
    from sundog.io.extxyz import write_extxyz
    from sundog.io.structures import read_structures

    assert job.start is not None
    structures = read_structures(job.structure)
    fast, _ = with_kernels(load_for(job.settings, structures), "auto")
    wanted = job.settings.prepare_steps
    atoms, steps = thermal_start(structures[0], fast, wanted, job.deadline)
    write_extxyz(job.start, atoms)
    return {"prepared_steps": steps}


def measure(job: Job) -> dict[str, Any]:
    """Return the figures of one row in this process; times in s."""
    import jax

    from sundog.bench import measure as m
    from sundog.forcefield.formulations.choice import verified, with_kernels
    from sundog.io.structures import read_structures
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
    figures = {
        "kernels": detail.replace(",", " ").split()[0],
        "kernels_detail": detail,
        "electrostatics": reference.electrostatics,
        "dispersion_tail": reference.tail is not None,
        "force_seconds": force_seconds,
        "step_seconds": step_seconds,
        "compile_s": compile_s,
        "startup_s": startup_s,
        "peak_memory_mb": peak_memory_mb(),
        "drift": None,
        "device": device_name(),
        "threads": threads() if jax.default_backend() == "cpu" else None,
        "jax": jax.__version__,
    }
    # What follows is no part of the figures above: it uses time and memory of its own.
    if job.extras and settings.drift and state is not None:
        figures["drift"] = m.energy_drift(state, fast, min(step_seconds), deadline)
    in_time = time.monotonic() < deadline
    if job.extras and settings.check and fast is not reference and in_time:
        said: list[str] = []
        sound = verified(fast, reference, system, said.append, said.append) is fast
        figures["checked" if sound else "error"] = said[-1]
    return figures


def _time_force(call: Callable[[], None], job: Job, deadline: float) -> tuple[list[float], float]:
    """Return the times of the force call and of its compilation."""
    from sundog.bench.measure import time_force

    begin = time.perf_counter()
    call()
    first = time.perf_counter() - begin
    seconds = time_force(call, job.settings.seconds, deadline)
    return seconds, first - min(seconds)


def peak_memory_mb() -> float:
    """Return the peak memory in MB (2²⁰ bytes), of the accelerator if any, else of the process."""
    import jax

    statistics = jax.devices()[0].memory_stats() or {}
    if jax.default_backend() != "cpu" and "peak_bytes_in_use" in statistics:
        return statistics["peak_bytes_in_use"] / 2**20
    # The kernel's own count: getrusage's starts from what the parent process had.
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else []:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def device_name() -> str:
    """Return what computes: the accelerator's or the processor's name."""
    import jax

    if jax.default_backend() != "cpu":
        return jax.devices()[0].device_kind
    information = Path("/proc/cpuinfo")
    for line in information.read_text().splitlines() if information.exists() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def main(arguments: list[str]) -> None:
    """Do the job of one file and write its result to the other."""
    from sundog.numerics.precision import with_x64

    source, target = map(Path, arguments)
    job = Job.from_json(source.read_text())
    try:
        result = with_x64(prepare if job.kernels is None else measure)(job)
    except SundogError as error:
        result = {"error": str(error), "exit_code": error.exit_code}
    target.write_text(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1:])
