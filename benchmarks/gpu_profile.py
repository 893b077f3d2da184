"""Where the time on a device goes, kernel by kernel, from a trace by JAX's profiler."""

import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax

ROUNDS = 10
MOST = 40
"""Kernels that are listed; the rest is one row."""


def kernel_times(call: Callable[[], Any], atoms: int) -> list[dict[str, Any]]:
    """Return name, launches and µs/atom per call of the kernels that take longest.

    Args:
        call: what to trace, compiled already.
        atoms: to divide by.
    """
    call()
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            for _ in range(ROUNDS):
                call()
        (path,) = Path(folder).rglob("*.xplane.pb")
        data = jax.profiler.ProfileData.from_file(str(path))
    seconds, launches = defaultdict(float), defaultdict(int)
    for event in _on_device(data):
        seconds[event.name] += 1e-9 * event.duration_ns
        launches[event.name] += 1
    names = sorted(seconds, key=seconds.__getitem__, reverse=True)
    rows = [(name, launches[name], seconds[name]) for name in names[:MOST]]
    rest = names[MOST:]
    rows.append(("others", sum(launches[n] for n in rest), sum(seconds[n] for n in rest)))
    return [
        {"kernel": name[:80], "launches": count / ROUNDS, "us_per_atom": 1e6 * s / ROUNDS / atoms}
        for name, count, s in rows
    ]


def _on_device(data: Any) -> list[Any]:
    """Return what ran on streams of a GPU, or, for a trial, on the threads of a CPU."""
    on_gpu = [plane for plane in data.planes if plane.name.startswith("/device:GPU")]
    planes = on_gpu or [plane for plane in data.planes if plane.name == "/host:CPU"]
    lines = [line for plane in planes for line in plane.lines]
    start = "Stream" if on_gpu else "tf_XLA"
    return [event for line in lines if line.name.startswith(start) for event in line.events]
