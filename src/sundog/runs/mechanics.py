"""`Mechanics`: masses of the atoms, and which of them are frozen, rigid or restrained.

Made from the structure and the settings alone, so that a resumed run has the same.
"""

import re
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from ase import Atoms
from ase.constraints import FixAtoms
from jaxtyping import Array, Bool, Int

from sundog.elements import standard_masses
from sundog.engine.constraints import Constraints, find_constraints
from sundog.engine.masses import deuterated, repartitioned
from sundog.engine.restraints.base import AbstractRestraint
from sundog.engine.restraints.distance import distance_restraint
from sundog.engine.restraints.droplet import droplet_restraint
from sundog.engine.restraints.position import position_restraint
from sundog.engine.state import atomic_masses
from sundog.errors import InputError, StructureError
from sundog.runs.settings import SimulationSettings
from sundog.system import System
from sundog.topology.selection import select
from sundog.topology.topology import Topology
from sundog.typing import PerAtom

SAME_MASS = 0.01
"""Difference in amu below which a mass counts as the standard one."""

UNREADABLE = (
    ValueError,
    TypeError,
    NameError,
    AttributeError,
    SyntaxError,
    RecursionError,
    re.error,
)
"""Exceptions with which mdtraj answers a text that is no selection, depending on where it stops."""


class Mechanics(NamedTuple):
    """Masses, constraints and restraints of the atoms of a run.

    Attributes:
        masses: masses in amu.
        frozen: atoms that do not move, or None.
        constraints: rigid bonds, or None.
        restraints: energies that hold atoms at their places or distances.
    """

    masses: PerAtom
    frozen: Bool[np.ndarray, " atoms"] | None
    constraints: Constraints | None
    restraints: tuple[AbstractRestraint, ...]

    @property
    def conserved_momenta(self) -> int:
        """Momenta per structure that a deterministic dynamics keeps: three, or none."""
        free = self.frozen is None and all(one.conserves_momentum for one in self.restraints)
        return 3 if free else 0


def mechanics_of(
    system: System, settings: SimulationSettings, topology: Topology, atoms: Atoms | None = None
) -> Mechanics:
    """Return masses, frozen atoms, constraints and restraints (host only).

    Args:
        system: batch of all replicas of one structure.
        settings: settings of the run.
        topology: topology of one replica, for bonds of hydrogens and for selections.
        atoms: structure of one replica, for its masses and fixed atoms.

    Raises:
        InputError: a selection without atoms, or settings that contradict.
        StructureError: masses or constraints that the structure cannot have.
    """
    masses = _masses(system, settings, atoms)
    hydrogens = topology.hydrogens.repeated(system.number_of_systems, len(topology))
    if settings.masses.deuterate:
        masses = deuterated(masses, system)
    if settings.masses.hydrogen_mass is not None:
        masses = repartitioned(masses, system, hydrogens, settings.masses.hydrogen_mass)
    frozen = _frozen(system, settings, topology, atoms)
    constraints = None
    if settings.masses.constraints is not None:
        constraints = find_constraints(
            system, hydrogens, settings.masses.constraints, frozen=frozen
        )
    restraints = _restraints(system, settings, topology)
    return Mechanics(jnp.asarray(masses), frozen, constraints, restraints)


def describe_mechanics(settings: SimulationSettings, atoms: Atoms) -> list[str]:
    """Return lines about what a structure says of its masses and of atoms that do not move."""
    said = []
    if atoms.has("masses"):
        other = np.abs(atoms.get_masses() - standard_masses()[atoms.numbers]) > SAME_MASS
        count = int(other.sum())
        if settings.masses.deuterate:
            said.append("Masses: those of the structure are not used, as deuterate=True is asked")
        elif count:
            first = int(np.flatnonzero(other)[0])
            said.append(
                f"Masses: from the structure; {count} atoms differ from the standard, the first "
                f"{atoms[first].symbol} {first} with {atoms.get_masses()[first]:g} amu"
            )
    if len(fixed := fixed_atoms(atoms)):
        said.append(f"Frozen: {len(fixed)} atoms that the structure holds fixed")
    return said


def fixed_atoms(atoms: Atoms) -> Int[np.ndarray, " fixed"]:
    """Return the atoms that a structure holds fixed, as by `move_mask` or selective dynamics.

    Raises:
        StructureError: it has other constraints, which no run keeps.
    """
    other = [one for one in atoms.constraints if not isinstance(one, FixAtoms)]
    if other:
        raise StructureError(
            "constraints: a run keeps atoms fixed as a whole, and no others of a structure",
            got=", ".join(sorted({type(one).__name__ for one in other})),
            remedy="Remove them from the structure; see `restrain` and `constraints`",
        )
    found = [one.get_indices() for one in atoms.constraints]
    return np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)


def _masses(system: System, settings: SimulationSettings, atoms: Atoms | None) -> PerAtom:
    """Return the masses of the structure where it has any, else the standard ones."""
    standard = atomic_masses(system)
    if atoms is None or not atoms.has("masses") or settings.masses.deuterate:
        return standard
    own = np.asarray(atoms.get_masses(), np.float64)
    bad = np.flatnonzero(~(np.isfinite(own) & (own > 0)))
    if len(bad):
        raise StructureError(
            "masses: the structure has a mass that is not positive",
            got=f"atom {bad[0]} (counted from 0) with {own[bad[0]]}",
            remedy="Correct or remove the masses in the structure",
        )
    return jnp.asarray(np.tile(own, system.number_of_systems))


def _frozen(
    system: System, settings: SimulationSettings, topology: Topology, atoms: Atoms | None
) -> Bool[np.ndarray, " atoms"] | None:
    """Return which atoms do not move: those selected, and those that the structure holds fixed."""
    frozen = np.zeros(system.number_of_atoms, bool)
    if settings.masses.freeze:
        frozen[_in_all_replicas(settings.masses.freeze, "freeze", topology, system)] = True
    if atoms is not None:
        own = np.zeros(len(atoms), bool)
        own[fixed_atoms(atoms)] = True
        frozen |= np.tile(own, system.number_of_systems)
    if frozen.all():
        got = settings.masses.freeze or "all atoms fixed in the structure"
        raise InputError("freeze: no atom is left to move", got=got)
    return frozen if frozen.any() else None


def _restraints(
    system: System, settings: SimulationSettings, topology: Topology
) -> tuple[AbstractRestraint, ...]:
    asked = settings.restraints
    constant = asked.restraint_ev_per_angstrom2
    found: list[AbstractRestraint] = []
    if asked.restrain:
        held = _in_all_replicas(asked.restrain, "restrain", topology, system)
        found.append(position_restraint(system, held, constant))
    if asked.droplet_radius_angstrom is not None:
        found.append(droplet_restraint(system, asked.droplet_radius_angstrom, constant))
    if asked.restrain_distances:
        size = system.number_of_atoms // system.number_of_systems
        pairs, lower, upper = [], [], []
        for text in asked.restrain_distances:
            i, j, low, high = _distance(text)
            for first in range(0, system.number_of_atoms, size):
                pairs.append((first + i, first + j))
                lower.append(low)
                upper.append(high)
        found.append(
            distance_restraint(system, pairs, constant, lower_angstrom=lower, upper_angstrom=upper)
        )
    return tuple(found)


def _in_all_replicas(
    selection: str, field: str, topology: Topology, system: System
) -> Int[np.ndarray | Array, " chosen"]:
    try:
        chosen = select(topology, selection)
    except UNREADABLE as error:
        raise InputError(
            f"{field}: not a selection of atoms",
            got=repr(selection),
            expected="mdtraj's selection language, as 'protein and backbone' or 'index 0 to 9'",
        ) from error
    if len(chosen) == 0:
        raise InputError(f"{field}: the selection holds no atom", got=repr(selection))
    size = system.number_of_atoms // system.number_of_systems
    firsts = np.arange(0, system.number_of_atoms, size)
    return (firsts[:, None] + chosen[None]).ravel()


def _distance(text: str) -> tuple[int, int, float, float]:
    try:
        i, j, low, high = text.replace(",", " ").split()
        return int(i), int(j), float(low), float(high)
    except ValueError as error:
        raise InputError(
            "restrain_distances: not a distance",
            got=repr(text),
            expected="two atoms counted from 0 and two bounds in Å, as '0 5 1.5 3.0'; inf for none",
        ) from error
