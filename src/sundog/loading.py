"""Choice of the force field and its kernels by options, and lines of text about the choice."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from ase import Atoms
from numpy.typing import ArrayLike

from sundog.errors import InputError
from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.formulations.choice import ATOMS_TO_COMPARE, verified, with_kernels
from sundog.forcefield.so3lr import ForceField
from sundog.hamiltonian import PUBLISHED_CUTOFF, ModelOptions
from sundog.io.structures import system_from_atoms
from sundog.io.topologies import topology_from_atoms
from sundog.longrange.plan import Plan
from sundog.longrange.planned import PlannedNeighbors
from sundog.names import KernelName
from sundog.neighbors.base import AbstractNeighbors
from sundog.numerics.precision import with_x64
from sundog.system import System
from sundog.system import make_system as system_of_arrays
from sundog.topology.topology import Topology
from sundog.weights.checks import identity_of, passed, remember
from sundog.weights.load import load


def load_force_field(
    options: ModelOptions,
    structures: Sequence[Atoms],
    *,
    run: bool,
    topologies: Sequence[Topology] | None = None,
) -> tuple[ForceField, str]:
    """Return the force field for structures that are all periodic or all not, and a line about it.

    Args:
        options: options of the force field.
        structures: structures to be computed.
        run: whether atoms will be moved; single points are to be comparable with published ones.
        topologies: topologies of the structures, if they are known already.

    Raises:
        InputError: there are molecules and periodic structures, and no treatment is chosen; or a
            cutoff is given for molecules, which have none.
        WeightsError: the weights are missing or damaged.
    """
    electrostatics = options.electrostatics
    if electrostatics is None:
        periodic = {bool(atoms.pbc.any()) for atoms in structures}
        if len(periodic) > 1:
            raise InputError(
                "electrostatics: the file holds molecules and periodic structures, which by "
                "default are treated differently",
                remedy='Choose electrostatics="truncated" or "wolf" for all, or split the file',
            )
        electrostatics = "truncated" if periodic.pop() else "exact"
        if electrostatics == "exact" and options.cutoff_angstrom != PUBLISHED_CUTOFF:
            raise InputError(
                "cutoff_angstrom: not used, because molecules are computed without a cutoff",
                got=f"{options.cutoff_angstrom:g} Å",
                remedy='Leave it out, or choose electrostatics="truncated"',
            )
    tail, why = choose_tail(options.dispersion_tail, electrostatics, structures, run, topologies)
    force_field = load(options.decided(electrostatics, tail=tail))
    return force_field, f"{force_field.hamiltonian.describe()}; dispersion tail {why}"


def choose_tail(
    asked: Literal["auto", "on", "off"],
    electrostatics: str,
    structures: Sequence[Atoms],
    run: bool,
    topologies: Sequence[Topology] | None = None,
) -> tuple[bool, str]:
    """Return whether the mean dispersion beyond the cutoff is added, and a phrase with the reason.

    Args:
        asked: option of the user.
        electrostatics: treatment of the electrostatics.
        structures: structures to be computed.
        run: whether atoms will be moved.
        topologies: topologies of the structures, if they are known already.
    """
    if asked == "off":
        return False, "off (as asked)"
    if asked == "auto" and electrostatics == "exact":
        return False, "off (no cutoff)"
    if asked == "auto" and not run:
        return False, "off (single points, unless asked for)"
    if topologies is None:
        topologies = [topology_from_atoms(atoms) for atoms in structures]
    found = [topology.homogeneity for topology in topologies]
    doubts = [one.reason for one in found if not one.homogeneous]
    if asked == "auto":
        return not doubts, f"off ({doubts[0]})" if doubts else f"on ({found[0].reason})"
    if not doubts:
        return True, "on (as asked)"
    return True, f"on (as asked). Warning: it is made for homogeneous liquids, but {doubts[0]}"


def choose_kernels(
    force_field: ForceField,
    kernels: KernelName,
    system: System,
    report: Callable[[str], None],
) -> AbstractForceField:
    """Return the force field on the kernels asked for, checked on the structure at hand.

    Args:
        force_field: force field in the reference formulation.
        kernels: name of the kernels.
        system: structure to check the kernels on.
        report: called with lines about the choice and the check.

    Raises:
        InputError: the kernels were asked for by name and are not available.
    """
    fast, name = with_kernels(force_field, kernels)
    report(f"Kernels: {name}")
    return checked(fast, force_field, name, system, report, report)


def checked(
    fast: AbstractForceField,
    reference: ForceField,
    name: str,
    system: System,
    report: Callable[[str], None],
    warn: Callable[[str], None],
) -> AbstractForceField:
    """Return fast kernels if they agree with the reference on a structure, else the reference.

    A check that was passed on this machine with the same weights, build and kind of structure is
    not repeated, unless an energy term is the user's own code.

    Args:
        fast: force field on fast kernels.
        reference: the same force field in the reference formulation.
        name: name of the kernels, as returned by `with_kernels`.
        system: structure to compare them on.
        report: called with a line when they agree.
        warn: called with a line when they do not.
    """
    if fast is reference:
        return reference
    periodic = tuple(np.asarray(system.pbc)[0].tolist())
    large = system.number_of_atoms >= ATOMS_TO_COMPARE
    identity = identity_of(reference, name, (periodic, large))
    elements = set(np.unique(np.asarray(system.numbers)).tolist()) - {0}
    if reference.own_terms_alone and passed(identity, elements):
        # The check would have refused atoms at one place.
        fast.allocate_neighbors(system, 0.0)
        report("Kernels checked before on this machine")
        return fast
    chosen = verified(fast, reference, system, report, warn)
    if chosen is fast:
        remember(identity, elements)
    return chosen


def describe_electrons(system: System) -> str:
    """Return charge and multiplicity of a system of one structure in words."""
    charge, multiplicity = int(system.total_charge[0]), int(system.multiplicity[0])
    return f"charge {charge:+d}, multiplicity {multiplicity}"


def describe_boxes(planned: AbstractNeighbors | Plan | None) -> list[str]:
    """Return a line about the boxes around slabs, with lengths in Å; none without slabs."""
    plan = planned.plan if isinstance(planned, PlannedNeighbors) else planned
    if not isinstance(plan, Plan) or plan.vacuum is None:
        return []
    flat = np.asarray(plan.vacuum.across)
    heights = np.asarray(plan.heights)[flat.any(axis=1)]
    reach = np.asarray(plan.vacuum.room)[int(plan.stage)][flat]
    tallest = int(heights.argmax())
    return [
        f"Slab: ewald in a box {heights[tallest]:.1f} Å high, for atoms that span up to "
        f"{reach[tallest]:.1f} Å across it"
    ]


@with_x64
def make_system(
    structure: Atoms | ArrayLike, numbers: ArrayLike | None = None, **settings: Any
) -> System:
    """Check one structure and make a `System` of it.

    Args:
        structure: ASE atoms, or positions in Å, [atoms, 3].
        numbers: atomic numbers, [atoms], if positions are given.
        **settings: `total_charge`, `multiplicity` and `fragments`, and with positions `cell` and
            `pbc`, as for `system.make_system`. Charge and multiplicity in the `info` of ASE atoms
            are read.

    Raises:
        InputError: atomic numbers, cell or periodicity are given with ASE atoms, which have their
            own.
        StructureError: the structure is not valid, as for `system.make_system`.
    """
    if not isinstance(structure, Atoms):
        if numbers is None:
            raise InputError("numbers: they are needed beside positions")
        return system_of_arrays(structure, numbers, **settings)
    own = {"numbers": numbers, **settings}
    twice = [name for name in ("numbers", "cell", "pbc") if own.get(name) is not None]
    if twice:
        raise InputError(f"{twice[0]}: ASE atoms have their own", remedy="Leave it out")
    charge = settings.pop("total_charge", None)
    return system_from_atoms(structure, charge, **settings)
