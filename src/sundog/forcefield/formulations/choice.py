"""Choice of the formulation of a force field: one Hamiltonian, several ways to compute it.

    reference   the formulas as they stand in `model` and `terms`, differentiated by JAX: the
                oracle of the others, and the one to train and to take second derivatives of
    plain       tabulated filters and hand-written derivatives in JAX, for every device
    cpu         compiled kernels
    gpu         fused kernels for NVIDIA GPUs, in float32
    auto        cpu where it can be had, else plain

A fast one is compared with the reference on the user's own structure before it is used.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from sundog.errors import InputError, UnavailableError
from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.formulations.cpu import on_cpu
from sundog.forcefield.formulations.ordered import OrderedForceField
from sundog.forcefield.formulations.plain import on_plain
from sundog.forcefield.prediction import Prediction
from sundog.forcefield.so3lr import ForceField
from sundog.kernels.cpu import library
from sundog.kernels.plain.species import ATOMS_WORTH_TABLES
from sundog.names import KernelName, Precision
from sundog.neighbors.base import AbstractNeighbors
from sundog.numerics.precision import with_x64
from sundog.system import System

KERNELS: tuple[KernelName, ...] = ("reference", "plain", "cpu", "gpu")
"""Names of the formulations, without the choice `auto` among them."""

LARGEST_DEVIATION = {"float64": 2e-6, "float32": 1e-3}
"""Largest deviation in eV/Å between forces of two correct formulations, by precision: in float64
the error bound of the tables, in float32 several times the rounding of either."""

ATOMS_TO_COMPARE = ATOMS_WORTH_TABLES
"""A larger structure is compared on this many of its atoms, cut out around one of them: so many
that they go the way of all of them."""

VACUUM = 6.0
"""Distance in Å between a piece that was cut out of a periodic structure and its images."""


@with_x64
def with_kernels(force_field: ForceField, kernels: KernelName) -> tuple[AbstractForceField, str]:
    """Return the force field on other kernels, and a line that says which and why (host only).

    Args:
        force_field: the reference formulation.
        kernels: name of the formulation, or `auto`.

    Raises:
        InputError: unknown kernels, or kernels that are asked for by name and cannot be had.
    """
    if kernels not in get_args(KernelName):
        raise InputError("kernels: unknown", got=kernels, expected=", ".join(get_args(KernelName)))
    if kernels == "reference":
        return force_field, "reference"
    if kernels == "plain":
        return on_plain(force_field), "plain"
    if kernels == "gpu":
        return _on_gpu(force_field), "gpu"
    try:
        fast = on_cpu(force_field)
    except UnavailableError as error:
        if kernels == "cpu":
            raise _refusal(kernels, error.reason) from error
        return on_plain(force_field), f"plain, because {error.reason}"
    return fast, f"cpu ({fast.instruction_set})"


def unavailable(kernels: KernelName, precision: Precision) -> str | None:
    """Return why kernels cannot be used here in some precision, or None (host only)."""
    if kernels == "cpu":
        return library.why_unavailable()
    if kernels != "gpu":
        return None
    # Late, because Pallas takes its time to import.
    from sundog.kernels.gpu.device import why_unavailable

    return why_unavailable(precision)


def _refusal(kernels: KernelName, reason: str) -> InputError:
    return InputError(f"kernels: {reason}", got=kernels, remedy="Or use plain, or auto")


def _on_gpu(force_field: ForceField) -> AbstractForceField:
    if reason := unavailable("gpu", force_field.precision):
        raise _refusal("gpu", reason)
    from sundog.forcefield.formulations.gpu import on_gpu

    return on_gpu(force_field)


@with_x64
def verified(
    fast: AbstractForceField,
    reference: ForceField,
    system: System,
    report: Callable[[str], None],
    warn: Callable[[str], None],
) -> AbstractForceField:
    """Return `fast` if it agrees with the reference on a structure, else the reference.

    Args:
        fast: force field that is to be used.
        reference: force field that it stands for.
        system: the structure at hand, or a piece of which is taken.
        report: called with a line when they agree.
        warn: called with a line when they do not.
    """
    if fast is reference:
        return reference
    piece, used = _piece(system), fast
    if isinstance(fast, OrderedForceField) and system.number_of_atoms >= fast.least_atoms:
        used = replace(fast, least_atoms=0)
    expected, found = (_predict(one, piece) for one in (reference, used))
    deviation = float(jnp.max(jnp.abs(found.forces - expected.forces)))
    allowed = LARGEST_DEVIATION[reference.precision]
    if reference.ewald is not None:
        # The reference sums exactly; the largest error of many is a few times their RMS.
        allowed += 10 * reference.ewald.accuracy
    # Forces beyond the usual round in proportion.
    allowed *= max(1.0, float(jnp.max(jnp.abs(expected.forces))) / 10)
    atoms = piece.number_of_atoms
    verdict = f"forces of {atoms} atoms deviate by {deviation:.1e} eV/Å from the reference's"
    if deviation <= allowed:
        report(f"Kernels checked: {verdict}")
        return fast
    warn(
        f"Warning: kernels not used, because {verdict} (allowed {allowed:.0e}); the reference "
        "formulation runs instead, slowly. Please report this"
    )
    return reference


def _predict(force_field: AbstractForceField, system: System) -> Prediction:
    neighbors = force_field.allocate_neighbors(system, 0.0)
    return _compute(force_field, system, neighbors)


@eqx.filter_jit
def _compute(
    force_field: AbstractForceField, system: System, neighbors: AbstractNeighbors
) -> Prediction:
    return force_field(system, neighbors.pairs)


def _piece(system: System) -> System:
    """Return the first structure, or of a large one a cluster of atoms around its first.

    The cluster is periodic along the same directions, in a box with some vacuum.
    """
    first = np.asarray(system.is_atom) & (np.asarray(system.system_index) == 0)
    atoms = np.flatnonzero(first)
    cell = system.cell[:1]
    if len(atoms) > ATOMS_TO_COMPARE:
        positions = np.asarray(system.positions)[atoms]
        distances = np.linalg.norm(positions - positions[0], axis=1)
        atoms = np.sort(atoms[np.argsort(distances, kind="stable")[:ATOMS_TO_COMPARE]])
        extent = np.ptp(np.asarray(system.positions)[atoms], axis=0)
        cell = jnp.asarray(np.diag(extent + VACUUM)[None], cell.dtype)
    return replace(
        system,
        positions=system.positions[atoms],
        numbers=system.numbers[atoms],
        cell=cell,
        pbc=system.pbc[:1],
        total_charge=system.total_charge[:1],
        multiplicity=system.multiplicity[:1],
        system_index=jnp.zeros(len(atoms), system.system_index.dtype),
        origin=system.origin[:1],
        fragment_index=None,
        fragment_charge=None,
    )
