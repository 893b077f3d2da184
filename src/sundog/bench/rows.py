"""From the timings of all rounds to a row: medians, ranges, and what follows from them."""

import platform
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from statistics import median
from typing import Any

from sundog import __version__
from sundog.bench.cases import SOURCE_TREE
from sundog.bench.settings import TIMESTEP_FS

Figures = dict[str, Any]

MEASURED = (
    "force_us_per_atom",
    "step_us_per_atom",
    "compile_s",
    "peak_memory_mb",
    "force_spread",
    "step_spread",
    "ns_per_day",
    "startup_s",
    "drift",
)
TOLD = (
    "electrostatics",
    "dispersion_tail",
    "device",
    "threads",
    "jax",
    "kernels_detail",
    "checked",
    "error",
)
"""What a process says of itself."""


def merged(common: Mapping[str, Any], rounds: Sequence[Figures]) -> Figures:
    """Return a row of the figures that the processes of its rounds have left.

    Args:
        common: case, atoms, kernels, precision and what else is known beforehand.
        rounds: `force_seconds` and `step_seconds`, lists of timings; `compile_s`, `startup_s`,
            `peak_memory_mb`; in the first `drift` and `checked`.
    """
    first, atoms = rounds[0], common["atoms"]
    row: Figures = {**common, "kernels": first.get("kernels", common["kernels"])}
    row |= dict.fromkeys(MEASURED)
    for name in ("force", "step"):
        timings = [1e6 * t / atoms for one in rounds for t in one[f"{name}_seconds"]]
        row[f"{name}_timings"] = len(timings)
        if timings:
            row[f"{name}_us_per_atom"] = median(timings)
            row[f"{name}_spread"] = [min(timings), max(timings)]
    for name in ("compile_s", "startup_s", "peak_memory_mb"):
        known = [one[name] for one in rounds if one.get(name) is not None]
        row[name] = median(known) if known else None
    if row["step_us_per_atom"]:
        row["ns_per_day"] = ns_per_day(row["step_us_per_atom"] * atoms * 1e-6)
    row["drift"] = first.get("drift")
    row["rounds"] = len(rounds)
    row |= {name: first[name] for name in TOLD if first.get(name) is not None}
    if row.get("electrostatics") == "exact":
        row["cutoff_angstrom"] = None
    return row | _software()


def failed(common: Mapping[str, Any], message: str) -> Figures:
    """Return the row of kernels that gave no figures."""
    return {**common, **dict.fromkeys(MEASURED), "error": message, **_software()}


def ns_per_day(seconds_per_step: float) -> float:
    """Return the simulated time per day of wall time."""
    return TIMESTEP_FS * 1e-6 / seconds_per_step * 86400


def _software() -> Figures:
    return {"python": platform.python_version(), "sundog": __version__, "commit": _commit()}


@cache
def _commit() -> str | None:
    """Return the source tree's commit, marked when it has changes; None where unknown."""
    if not (SOURCE_TREE / ".git").exists():
        return None
    command = ["git", "-C", str(SOURCE_TREE), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
