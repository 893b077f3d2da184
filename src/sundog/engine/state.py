"""`MDState`: everything a trajectory needs to continue, in one value.

Positions and momenta are float64 whatever the force field's precision: a step
changes coordinates in their seventh digit. Time is in units of Å·√(amu/eV).
"""

from dataclasses import replace
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float, Int, PRNGKeyArray

from sundog.elements import standard_masses
from sundog.engine.constraints import Constraints
from sundog.errors import InputError
from sundog.forcefield.base import AbstractForceField
from sundog.neighbors.base import AbstractNeighbors
from sundog.numerics.segments import sum_per_system
from sundog.system import System
from sundog.typing import Cells, PerAtom, PerSystem, Positions
from sundog.units import BOLTZMANN


class Forces(NamedTuple):
    """Result of a force field for a state, in the units of the state."""

    forces: Float[Array | np.ndarray, "atoms 3"]
    virial: Float[Array | np.ndarray, "*systems 3 3"]
    energies: dict[str, Float[Array | np.ndarray, "*systems"]]
    dipole: Float[Array, "systems 3"] | None = None


class MDState(eqx.Module):
    """One value from which the trajectory continues bit for bit.

    Attributes:
        system: positions in Å (unwrapped) and cells.
        momenta: momenta in amu·Å per time unit.
        masses: masses in amu; one in padding.
        mobile: false for frozen atoms and padding, whose momenta stay zero.
        degrees: degrees of freedom of each structure: three for each mobile atom, less the
            constraints.
        forces: forces at `system` in eV/Å; with multiple time steps those of the impulse, in which
            the long range counts many times or not at all (`reservoirs.impulses`). So the virial.
        virial: dE/dε in eV at `system`; with constraints ε moves the centres of rigid clusters.
        energies: potential energy terms in eV at `system`, by name.
        heat: energy in eV that baths have put in so far, per structure.
        temperature: temperature of the baths in K.
        extended: variables of the reservoirs as named arrays; each reservoir reads and writes its
            own (`reservoirs.base.Variables`), nothing else knows the names.
        neighbors: pair lists.
        key: the only source of randomness.
        step: steps done.
        dipole: dipole of each structure about its centre of mass in e·Å at `system`, or None for a
            force field without charges.
        constraints: rigid bonds, or None; kept by the propagators of `ensembles.constrained`.
    """

    system: System
    momenta: Positions
    masses: PerAtom
    mobile: Bool[Array, " atoms"]
    degrees: PerSystem
    forces: Positions
    virial: Cells
    energies: dict[str, PerSystem]
    heat: PerSystem
    temperature: PerSystem
    extended: dict[str, Array]
    neighbors: AbstractNeighbors
    key: PRNGKeyArray
    step: Int[Array, ""]
    dipole: Float[Array, "systems 3"] | None = None
    constraints: Constraints | None = None

    @property
    def potential_energy(self) -> PerSystem:
        """Sum of all terms in eV."""
        return sum(self.energies.values(), start=jnp.zeros_like(self.heat))

    @property
    def kinetic_energy(self) -> PerSystem:
        """Σ p²/2m in eV."""
        per_atom = jnp.sum(self.momenta**2, axis=1) / (2 * self.masses)
        return self.sum_over_atoms(per_atom)

    @property
    def kinetic_tensor(self) -> Cells:
        """Σ p⊗p/m in eV, the kinetic part of −virial; of rigid clusters, that of their centres."""
        outer = self.momenta[:, :, None] * self.momenta[:, None, :] / self.masses[:, None, None]
        tensor = self.sum_over_atoms(outer)
        if self.constraints is None:
            return tensor
        return tensor - self.constraints.inner_kinetic_tensor(
            self.system, self.momenta, self.masses
        )

    @property
    def mobile_forces(self) -> Positions:
        """Forces in eV/Å, zero on what does not move."""
        return jnp.where(self.mobile[:, None], self.forces, 0.0)

    @property
    def largest_force(self) -> Float[Array, ""]:
        """Largest force on any atom that moves, in eV/Å."""
        return jnp.sqrt(jnp.max(jnp.sum(self.mobile_forces**2, axis=1)))

    @property
    def internal_pressure_volume(self) -> Cells:
        """P_int V = Σ p⊗p/m − dE/dε in eV, the pressure tensor times the volume."""
        return self.kinetic_tensor - self.virial

    def sum_over_atoms(self, values: Array) -> Array:
        """Return the sum of a per-atom quantity over each structure."""
        return sum_per_system(values, self.system.system_index, self.system.number_of_systems)

    def thermal_momenta(self, key: PRNGKeyArray) -> Positions:
        """Return momenta drawn from the Maxwell–Boltzmann distribution at the bath's temperature.

        Those of frozen atoms and of padding are zero; none changes the length of a rigid bond.
        """
        temperature = self.temperature[self.system.system_index]
        width = jnp.where(self.mobile, jnp.sqrt(self.masses * BOLTZMANN * temperature), 0.0)
        drawn = width[:, None] * jax.random.normal(key, self.momenta.shape, self.momenta.dtype)
        if self.constraints is None:
            return drawn
        return self.constraints.momenta_along(self.system, drawn, self.masses)

    def evaluated(self, force_field: AbstractForceField) -> "MDState":
        """Return the state with lists, forces and energies of its present positions."""
        state = self.with_lists()
        return state.with_forces(state.forces_by(force_field))

    def with_lists(self) -> "MDState":
        """Return the state with lists of its present positions."""
        return replace(self, neighbors=self.neighbors.update(self.system))

    def forces_by(self, force_field: AbstractForceField) -> Forces:
        """Return what a force field says of the present positions; lists are up to date."""
        prediction = force_field(self.system, self.neighbors.pairs)
        virial = prediction.virial
        if self.constraints is not None:
            forces = jnp.asarray(prediction.forces)
            inner = self.constraints.inner_virial(self.system, forces, self.masses)
            virial = virial - inner
        dipole = None if prediction.dipole is None else self._about_centre(prediction.dipole)
        return Forces(prediction.forces, virial, prediction.energies, dipole)

    def with_forces(self, forces: Forces) -> "MDState":
        """Return the state with these forces, virial and energies."""
        return replace(self, **forces._asdict())

    def _about_centre(
        self, dipole: Float[Array | np.ndarray, "systems 3"]
    ) -> Float[Array, "systems 3"]:
        """Return a dipole about the origin of the user's coordinates about the centre of mass."""
        weights = jnp.where(self.system.is_atom, self.masses, 0.0)
        moment = self.sum_over_atoms(weights[:, None] * self.system.positions)
        mass = jnp.maximum(self.sum_over_atoms(weights), 1e-30)
        centre = moment / mass[:, None] + self.system.origin
        return jnp.asarray(dipole) - self.system.total_charge[:, None] * centre


def atomic_masses(system: System) -> PerAtom:
    """Return standard atomic masses in amu, one in padding."""
    table = standard_masses()
    return jnp.asarray(np.where(np.asarray(system.is_atom), table[np.asarray(system.numbers)], 1.0))


@eqx.filter_jit
def evaluate(state: MDState, force_field: AbstractForceField) -> MDState:
    """Return `state.evaluated(force_field)`, compiled."""
    return state.evaluated(force_field)


def bare_state(
    system: System,
    force_field: AbstractForceField,
    *,
    seed: int,
    masses: PerAtom | None = None,
    frozen: np.ndarray | None = None,
    skin: float = 0.5,
) -> MDState:
    """Return a state at rest, with pair lists but without forces (host only).

    Args:
        system: one or many structures.
        force_field: makes the lists.
        seed: seed of all randomness to come.
        masses: masses in amu; standard ones by default.
        frozen: true for atoms that do not move.
        skin: reserve in Å that is added to the cutoffs of the pair lists.

    Raises:
        StructureError: the force field cannot describe the system, or atoms coincide.
    """
    force_field.check(system)
    zeros = jnp.zeros_like(system.positions)
    mobile = system.is_atom if frozen is None else system.is_atom & ~jnp.asarray(frozen)
    return MDState(
        system=system,
        momenta=zeros,
        mobile=mobile,
        degrees=3
        * sum_per_system(mobile.astype(zeros.dtype), system.system_index, system.number_of_systems),
        masses=atomic_masses(system) if masses is None else masses,
        forces=zeros,
        virial=jnp.zeros_like(system.cell),
        energies={},
        heat=jnp.zeros_like(system.total_charge),
        temperature=jnp.zeros_like(system.total_charge),
        extended={},
        neighbors=force_field.allocate_neighbors(system, skin),
        key=jax.random.key(seed),
        step=jnp.zeros((), jnp.int64),
    )


def initial_state(system: System, force_field: AbstractForceField, **kwargs: Any) -> MDState:
    """Return a state at rest with its forces; arguments and errors of `bare_state` (host only)."""
    return evaluate(bare_state(system, force_field, **kwargs), force_field)


def with_constraints(
    state: MDState, constraints: Constraints, force_field: AbstractForceField
) -> MDState:
    """Return the state on the surface of constraints, with the forces there (host only).

    Positions and momenta are moved onto it, and degrees of freedom are less.

    Args:
        state: state without constraints.
        constraints: result of `find_constraints`.
        force_field: evaluated once.

    Raises:
        InputError: the state has constraints already.
        StructureError: constrained atoms are frozen, or too far from their lengths.
    """
    if state.constraints is not None:
        raise InputError("constraints: the state has some already", remedy="Give all of them once")
    system = constraints.imposed(state.system, state.masses, state.mobile)
    rigid = replace(
        state,
        system=system,
        momenta=constraints.momenta_along(system, state.momenta, state.masses),
        degrees=state.degrees - constraints.count(system),
        constraints=constraints,
    )
    return evaluate(rigid, force_field)


def with_momenta(state: MDState, momenta: Positions) -> MDState:
    """Return the state with these momenta: none on frozen atoms, none along rigid bonds.

    Args:
        state: the state.
        momenta: momenta in amu·Å per time unit.
    """
    momenta = jnp.where(state.mobile[:, None], jnp.asarray(momenta, state.momenta.dtype), 0.0)
    if state.constraints is not None:
        momenta = state.constraints.momenta_along(state.system, momenta, state.masses)
    return replace(state, momenta=momenta)


def with_thermal_momenta(state: MDState, temperature: ArrayLike) -> MDState:
    """Return the state with Maxwell–Boltzmann momenta and each structure's centre at rest.

    The centre is left alone where atoms are frozen.

    Args:
        state: its key is split, so that the same seed gives the same momenta.
        temperature: temperature in K, one or one per structure.
    """
    key, draw = jax.random.split(state.key)
    temperature = jnp.broadcast_to(jnp.asarray(temperature, state.heat.dtype), state.heat.shape)
    state = replace(state, key=key, temperature=temperature)
    momenta = state.thermal_momenta(draw)
    if bool(jnp.all(state.mobile == state.system.is_atom)):
        momenta = without_drift(state, momenta)
    return replace(state, momenta=momenta)


def without_drift(state: MDState, momenta: Positions) -> Float[Array, "atoms 3"]:
    """Return momenta with the centre-of-mass velocity of each structure removed."""
    weights = jnp.where(state.system.is_atom, state.masses, 0.0)
    total_mass = jnp.maximum(state.sum_over_atoms(weights), 1e-30)
    velocity = state.sum_over_atoms(momenta) / total_mass[:, None]
    return momenta - weights[:, None] * velocity[state.system.system_index]
