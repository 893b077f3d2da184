"""Rows of the table: medians and ranges over the timings of all rounds."""

import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from statistics import median
from typing import Any

from sundog import __version__
from sundog.bench.cases import SOURCE_TREE
from sundog.bench.settings import TIMESTEP_FS

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
"""Keys of the figures in the JSON; null where they were not measured."""

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
"""Keys of what a process states about itself; left out of the JSON where it does not."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Figures that one process leaves of a row.

    Attributes:
        force_seconds: Time of a force call in s, in each of a few loops.
        step_seconds: Time of a step in s, in each of a few chunks; empty for a batch.
        kernels: Kernels that were used.
        compile_s: Time of the compilation of the force call in s.
        startup_s: Time from the start of the process to the first step in s.
        peak_memory_mb: Peak memory in MB (2²⁰ bytes).
        drift: Energy drift in meV/atom/ps.
        electrostatics: Treatment of the charges.
        dispersion_tail: Whether the dispersion beyond the cutoff was added.
        device: Name of the processor or accelerator.
        threads: Number of threads, on a CPU.
        jax: Version of JAX.
        kernels_detail: Description of the kernels.
        checked: Agreement of the forces with the reference, in words.
        error: Disagreement of the forces with the reference, in words.
    """

    force_seconds: Sequence[float]
    step_seconds: Sequence[float]
    kernels: str | None = None
    compile_s: float | None = None
    startup_s: float | None = None
    peak_memory_mb: float | None = None
    drift: float | None = None
    electrostatics: str | None = None
    dispersion_tail: bool | None = None
    device: str | None = None
    threads: int | None = None
    jax: str | None = None
    kernels_detail: str | None = None
    checked: str | None = None
    error: str | None = None

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Figures":
        """Return the figures that a process has written; keys of a peer's own are ignored."""
        return cls(**_known(cls, content))


@dataclass(frozen=True, kw_only=True)
class Row:
    """Row of the table: kernels and a treatment of the charges on a case.

    Attributes:
        case: Name of the case.
        atoms: Number of atoms.
        kernels: Kernels that were asked for, or were used once it is known.
        precision: Precision of the model's arithmetic.
        prepared_steps: Number of steps of the thermal start.
        cutoff_angstrom: Long-range cutoff in Å; None where all pairs are summed.
        chosen: Treatment of the charges that was asked for; None for the default.
        force_us_per_atom: Median time of a force call in µs per atom.
        step_us_per_atom: Median time of a step in µs per atom.
        compile_s: Median time of the compilation of the force call in s.
        peak_memory_mb: Median of the peak memory in MB (2²⁰ bytes).
        force_spread: Shortest and longest time of a force call in µs per atom.
        step_spread: Shortest and longest time of a step in µs per atom.
        ns_per_day: Simulated time in ns per day of wall time.
        startup_s: Median time from the start of a process to its first step in s.
        drift: Energy drift in the first round in meV/atom/ps.
        force_timings: Number of timings of the force call.
        step_timings: Number of timings of the step.
        rounds: Number of rounds that gave figures.
        electrostatics: Treatment of the charges, as the first process states it.
        dispersion_tail: Whether the dispersion beyond the cutoff was added.
        device: Name of the processor or accelerator.
        threads: Number of threads, on a CPU.
        jax: Version of JAX.
        kernels_detail: Description of the kernels.
        checked: Agreement of the forces with the reference, in words.
        error: Disagreement of the forces, or reason why a process failed, in words.
        failed: Whether a process failed, after which the row is not measured again.
    """

    case: str
    atoms: int
    kernels: str
    precision: str
    prepared_steps: int = 0
    cutoff_angstrom: float | None = None
    chosen: str | None = None
    force_us_per_atom: float | None = None
    step_us_per_atom: float | None = None
    compile_s: float | None = None
    peak_memory_mb: float | None = None
    force_spread: tuple[float, float] | None = None
    step_spread: tuple[float, float] | None = None
    ns_per_day: float | None = None
    startup_s: float | None = None
    drift: float | None = None
    force_timings: int = 0
    step_timings: int = 0
    rounds: int = 0
    electrostatics: str | None = None
    dispersion_tail: bool | None = None
    device: str | None = None
    threads: int | None = None
    jax: str | None = None
    kernels_detail: str | None = None
    checked: str | None = None
    error: str | None = None
    failed: bool = False

    @property
    def treatment(self) -> str | None:
        """Treatment of the charges, as far as it is known."""
        return self.electrostatics or self.chosen

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Row":
        """Return a row of a file that `json` was written to, by this version or an earlier one."""
        known = _known(cls, content)
        for name in ("force_spread", "step_spread"):
            if known.get(name) is not None:
                known[name] = tuple(known[name])
        return cls(**known)

    def json(self) -> dict[str, Any]:
        """Return the row for JSON, with the versions of the software that measured it."""
        row: dict[str, Any] = {} if self.chosen is None else {"electrostatics": self.treatment}
        row |= {
            "case": self.case,
            "atoms": self.atoms,
            "kernels": self.kernels,
            "precision": self.precision,
            "prepared_steps": self.prepared_steps,
            "cutoff_angstrom": self.cutoff_angstrom,
        }
        row |= {name: getattr(self, name) for name in MEASURED}
        if self.rounds:
            row |= {
                "force_timings": self.force_timings,
                "step_timings": self.step_timings,
                "rounds": self.rounds,
            }
            told = {name: getattr(self, name) for name in TOLD}
            row |= {name: value for name, value in told.items() if value is not None}
        elif self.error is not None:
            row["error"] = self.error
        return row | _software()


def merged(asked: Row, rounds: Sequence[Figures]) -> Row:
    """Return a row with the figures that the processes of its rounds have left.

    Args:
        asked: Row without figures.
        rounds: Figures of each round; drift and check are taken from the first.
    """
    first, atoms = rounds[0], asked.atoms
    force = [1e6 * t / atoms for one in rounds for t in one.force_seconds]
    step = [1e6 * t / atoms for one in rounds for t in one.step_seconds]
    step_us = median(step) if step else None
    return replace(
        asked,
        kernels=first.kernels or asked.kernels,
        cutoff_angstrom=None if first.electrostatics == "exact" else asked.cutoff_angstrom,
        force_us_per_atom=median(force) if force else None,
        step_us_per_atom=step_us,
        compile_s=_median([one.compile_s for one in rounds]),
        peak_memory_mb=_median([one.peak_memory_mb for one in rounds]),
        force_spread=(min(force), max(force)) if force else None,
        step_spread=(min(step), max(step)) if step else None,
        ns_per_day=ns_per_day(step_us * atoms * 1e-6) if step_us else None,
        startup_s=_median([one.startup_s for one in rounds]),
        drift=first.drift,
        force_timings=len(force),
        step_timings=len(step),
        rounds=len(rounds),
        **{name: getattr(first, name) for name in TOLD},
    )


def failed(row: Row, message: str) -> Row:
    """Return a row of which a process failed, with what it has so far."""
    return replace(row, error=message, failed=True)


def ns_per_day(seconds_per_step: float) -> float:
    """Return the simulated time in ns per day of wall time."""
    return TIMESTEP_FS * 1e-6 / seconds_per_step * 86400


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _known(of: type, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a JSON object whose keys are fields of a dataclass."""
    names = {field.name for field in fields(of)}
    return {name: value for name, value in content.items() if name in names}


def _software() -> dict[str, str | None]:
    return {"python": platform.python_version(), "sundog": __version__, "commit": _commit()}


@cache
def _commit() -> str | None:
    """Return the source tree's commit, marked if files have changed; None where unknown."""
    if not (SOURCE_TREE / ".git").exists():
        return None
    command = ["git", "-C", str(SOURCE_TREE), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
