"""Search for the fastest cutoff of the dispersion and mesh that are accurate on a structure.

    error   RMS over all components of the forces, against those with `REFERENCE_CUTOFF` and a mesh
            of a tenth of the error asked for, in float64
    time    of one force call with pair lists as in a run, the fastest of a few loops

Cutoffs are tried from the shortest on, with a mesh planned for half the error, until one is
accurate enough. With that cutoff coarser meshes follow, since the planner does not know the
structure and is on the safe side. The mesh for an accuracy is planned by `longrange.planning`, as
in a run.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
from jaxtyping import Float

from sundog.bench.measure import force_call, time_force
from sundog.bench.settings import SKIN_ANGSTROM
from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.formulations.choice import with_kernels
from sundog.forcefield.so3lr import ForceField
from sundog.hamiltonian import LEAST_ACCURATE, MOST_ACCURATE, Hamiltonian, check_accuracy
from sundog.names import KernelName
from sundog.numerics.precision import with_x64
from sundog.system import System

CUTOFFS = (7.0, 8.0, 9.0, 10.0, 12.0, 14.0, 16.0)
"""Cutoffs of the dispersion that are tried, in Å."""

REFERENCE_CUTOFF = 20.0
"""Cutoff of the dispersion in Å that errors are measured against."""

COARSER = (2.0, 5.0, 10.0, 20.0)
"""Accuracies that coarser meshes are planned for, as multiples of the error asked for."""

ROUNDS = 3
"""Number of turns in which every row is timed."""

LONGEST_SECONDS = 60.0
"""Longest time in s that is spent on one row in each turn."""

Make = Callable[[Hamiltonian], ForceField]
"""Function that makes the force field of a Hamiltonian."""


@dataclass(frozen=True)
class Row:
    """Cutoff and mesh, with their measured error and time.

    Attributes:
        cutoff_angstrom: Cutoff of the dispersion in Å.
        ewald_accuracy: RMS error in eV/Å that the mesh is planned for.
        mesh: Number of mesh points along each lattice vector.
        order: Order of the B-splines.
        force_error: RMS error of the forces in eV/Å.
        microseconds_per_atom: Time of a force call in µs per atom.
    """

    cutoff_angstrom: float
    ewald_accuracy: float
    mesh: tuple[int, int, int]
    order: int
    force_error: float
    microseconds_per_atom: float


@with_x64
def tune(
    system: System,
    make: Make,
    base: Hamiltonian,
    *,
    accuracy: float,
    kernels: KernelName,
    seconds: float,
    report: Callable[[str], None],
) -> list[Row]:
    """Return the rows in the order in which they were measured.

    Args:
        system: One structure that is periodic along all directions.
        make: Function that makes the force fields.
        base: Hamiltonian with `ewald`, in the precision of the runs that are planned; its cutoff
            and the accuracy of its mesh are varied.
        accuracy: RMS error of the forces that is asked for in eV/Å.
        kernels: Kernels that the force fields use.
        seconds: Least time in s that a row is timed for.
        report: Function that is called with a line before every row.

    Raises:
        InputError: The accuracy is out of range for the precision, or the kernels are not
            available.
        CellError: The cell is not periodic, or too flat.
    """
    precision = base.precision
    check_accuracy(accuracy, precision)
    finest = max(accuracy / 10, MOST_ACCURATE["float64"])
    report(f"Reference: {REFERENCE_CUTOFF:g} Å, mesh for {finest:g} eV/Å, float64")
    exact = make(
        replace(base, cutoff_angstrom=REFERENCE_CUTOFF, ewald_accuracy=finest, precision="float64")
    )
    exact.check(system)
    reference = _Measured(with_kernels(exact, kernels)[0], system).forces

    tried: list[tuple[Row, _Measured]] = []

    def attempt(cutoff: float, ewald_accuracy: float) -> bool:
        """Measure a setting; return whether it is accurate enough."""
        fast, _ = with_kernels(
            make(replace(base, cutoff_angstrom=cutoff, ewald_accuracy=ewald_accuracy)), kernels
        )
        plan = fast.plan(system)
        assert plan is not None
        assert plan.order is not None
        mesh = (plan.stages[0], plan.order)
        if any((cutoff, *mesh) == (row.cutoff_angstrom, row.mesh, row.order) for row, _ in tried):
            return True  # done before, and it was accurate, since only then coarser ones follow
        report(f"Cutoff {cutoff:g} Å, mesh for {ewald_accuracy:g} eV/Å")
        one = _Measured(fast, system)
        error = float(np.sqrt(np.mean((one.forces - reference) ** 2)))
        tried.append((Row(cutoff, ewald_accuracy, *mesh, error, inf), one))
        return error <= accuracy

    fine = max(accuracy / 2, MOST_ACCURATE[precision])
    for cutoff in CUTOFFS:
        if attempt(cutoff, fine):
            for ewald_accuracy in sorted({min(k * accuracy, LEAST_ACCURATE) for k in COARSER}):
                if not attempt(cutoff, ewald_accuracy):
                    break
            break
    report(f"Timing of {len(tried)} settings in turns")
    return _timed(tried, seconds)


def _timed(tried: "Sequence[tuple[Row, _Measured]]", seconds: float) -> list[Row]:
    """Return the rows with their times, measured in turns so that other work affects all alike."""
    best = [inf] * len(tried)
    for _ in range(ROUNDS):
        for number, (_, one) in enumerate(tried):
            best[number] = min(best[number], one.seconds(seconds / ROUNDS))
    return [
        replace(row, microseconds_per_atom=1e6 * time / len(one.forces))
        for (row, one), time in zip(tried, best, strict=True)
    ]


def fastest(rows: Sequence[Row], accuracy: float) -> Row | None:
    """Return the fastest of the rows that are accurate enough, if any is."""
    good = [row for row in rows if row.force_error <= accuracy]
    return min(good, key=lambda row: row.microseconds_per_atom, default=None)


class _Measured:
    """Compiled force field on a structure, with its forces in eV/Å."""

    def __init__(self, force_field: AbstractForceField, system: System):
        lists = force_field.allocate_neighbors(system, SKIN_ANGSTROM)
        self._call = force_call(force_field, system, lists.pairs)
        self.forces: Float[np.ndarray, "atoms 3"] = np.asarray(self._call()[1])

    def seconds(self, least: float) -> float:
        """Return the seconds per call."""
        return min(time_force(self._call, least, time.monotonic() + LONGEST_SECONDS))
