"""Ensembles: a splitting made of propagators, the temperature of its baths and their reservoirs.

    NVE                    B A B                second order, symplectic
    NVT  Langevin          B A O A B            BAOAB: configurations accurate to dt⁴ in the
                                                harmonic limit
         Bussi             B A B V              stochastic velocity rescaling
         Nosé–Hoover       N B A B N            reversible
    NPT  rescaling         B C A O A B          stochastic cell rescaling, with Langevin
                           B C A B V            … or with Bussi
         MTK               H N K S D S K N H    Martyna–Tobias–Klein, reversible

B kick, A drift, O Ornstein–Uhlenbeck, V velocity rescaling, N Nosé–Hoover chain of the
atoms and H of the cell, C cell rescaling, K cell kick, S and D kick and drift in a moving
cell. The force is evaluated after the last drift. The cell is rescaled where positions
and virial belong together and the momenta are those of the half step, whose kinetic
energy has no error of second order. The recipes of thermostats and barostats stand with their
propagators; `engine.splitting` says how they make a step. Sources: Swope et al., J. Chem. Phys.
76, 637 (1982); Leimkuhler, Matthews, J. Chem. Phys. 138, 174102 (2013); the others with their
propagators.
"""

from dataclasses import replace
from importlib import import_module
from math import lcm
from pkgutil import iter_modules
from typing import TypeVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from sundog.engine import propagators
from sundog.engine.propagators.base import AbstractPropagator
from sundog.engine.propagators.drift import Drift
from sundog.engine.propagators.force import Force
from sundog.engine.propagators.kick import Kick
from sundog.engine.reservoirs.base import AbstractReservoir
from sundog.engine.reservoirs.impulses import Impulses
from sundog.engine.splitting import AbstractBarostat, AbstractThermostat, Splitting
from sundog.engine.state import MDState
from sundog.errors import InputError
from sundog.forcefield.base import AbstractForceField
from sundog.units import FEMTOSECOND

Recipe = TypeVar("Recipe", bound=AbstractThermostat | AbstractBarostat)


class Ensemble(eqx.Module):
    """Dynamics of an ensemble: the propagators of a step and what belongs to them.

    Attributes:
        propagators: applied in order, once per step.
        temperature: temperature of the baths in K, one or one per structure; None without a bath.
        reservoirs: reservoirs whose energies belong to the conserved one.
        conserved_momenta: momenta per structure that the dynamics keeps at rest.
    """

    propagators: tuple[AbstractPropagator, ...]
    temperature: Float[Array, "..."] | None = None
    reservoirs: tuple[AbstractReservoir, ...] = ()
    conserved_momenta: int = eqx.field(static=True, default=3)

    @property
    def cycle(self) -> int:
        """Steps after which all forces have been evaluated; states in between are not samples."""
        return lcm(*(one.cycle for one in self.propagators))

    def entered(self, state: MDState) -> MDState:
        """Return the state with this ensemble's temperatures, variables and forces (host only).

        What the state has of them already stays: the variables of the baths, and the
        temperatures also where replicas have exchanged them.

        Raises:
            InputError: the state has constraints that the recipe does not keep, or is in the
                middle of a cycle.
        """
        if state.constraints is not None and any(
            one.constrained() is not one for one in self.propagators
        ):
            raise InputError(
                "constraints: the state has rigid bonds, but the recipe would not keep them",
                remedy="Use constrained(ensemble)",
            )
        if self.temperature is not None:
            temperature = jnp.broadcast_to(self.temperature, state.heat.shape)
            if not np.array_equal(np.sort(temperature), np.sort(state.temperature)):
                state = replace(state, temperature=temperature)
        for one in self.propagators:
            state = one.entered(state)
        arrays = [one.variables.arrays(state, one.first(state)) for one in self.reservoirs]
        return replace(state, extended={k: v for own in arrays for k, v in own.items()})

    def reversed(self, state: MDState) -> MDState:
        """Return a state from which time runs backwards: momenta and rates change their signs."""
        state = replace(state, momenta=-state.momenta)
        for one in self.reservoirs:
            state = one.variables.reversed(state)
        return state


def constrained(ensemble: Ensemble) -> Ensemble:
    """Return the recipe for a state `with_constraints`.

    Raises:
        InputError: a propagator that keeps no constraints, as Martyna–Tobias–Klein's.
    """
    rigid = tuple(one.constrained() for one in ensemble.propagators)
    return replace(ensemble, propagators=rigid)


def with_impulses(ensemble: Ensemble, every: int) -> Ensemble:
    """Return the recipe with the long range in every `every`-th step (multiple time steps).

    The recipe is not `constrained` yet. A run of it begins and is sampled at multiples of
    `every` steps.

    Raises:
        InputError: the force field has no long range of its own.
    """
    if every == 1:
        return ensemble
    return replace(
        ensemble,
        propagators=tuple(one.with_impulses(every) for one in ensemble.propagators),
        reservoirs=(*ensemble.reservoirs, Impulses()),
    )


def recipes(kind: type[Recipe]) -> dict[str, type[Recipe]]:
    """Return the recipes of a kind by name: those in the files of `engine.propagators`."""
    found: dict[str, type[Recipe]] = {}
    for file in iter_modules(propagators.__path__, f"{propagators.__name__}."):
        module = import_module(file.name)
        for one in vars(module).values():
            if isinstance(one, type) and issubclass(one, kind) and one.__module__ == file.name:
                found[one.name] = one
    return found


def nve(
    force_field: AbstractForceField, timestep_fs: float, conserved_momenta: int = 3
) -> Ensemble:
    """Return velocity Verlet at constant energy and volume.

    Args:
        force_field: force field whose forces act.
        timestep_fs: timestep in fs.
        conserved_momenta: momenta per structure that the dynamics keeps at rest.
    """
    step = _velocity_verlet(timestep_fs, conserved_momenta)
    return Ensemble(step.propagators(Force(force_field)), conserved_momenta=conserved_momenta)


def nvt(
    force_field: AbstractForceField,
    timestep_fs: float,
    temperature_kelvin: ArrayLike,
    thermostat: AbstractThermostat,
    conserved_momenta: int = 3,
) -> Ensemble:
    """Return dynamics at constant temperature and volume.

    Args:
        force_field: force field whose forces act.
        timestep_fs: timestep in fs.
        temperature_kelvin: temperature in K, one or one per structure.
        thermostat: recipe of the thermostat of the atoms.
        conserved_momenta: momenta per structure that forces and thermostat keep at rest, if the
            thermostat keeps any.
    """
    step = thermostat.added_to(_velocity_verlet(timestep_fs, conserved_momenta))
    return _ensemble(force_field, step, temperature_kelvin)


def npt(
    force_field: AbstractForceField,
    timestep_fs: float,
    temperature_kelvin: ArrayLike,
    thermostat: AbstractThermostat,
    barostat: AbstractBarostat,
    conserved_momenta: int = 3,
) -> Ensemble:
    """Return dynamics at constant temperature and pressure.

    Args:
        force_field: force field whose forces act.
        timestep_fs: timestep in fs.
        temperature_kelvin: temperature in K, one or one per structure.
        thermostat: recipe of the thermostat of the atoms.
        barostat: recipe of the barostat of the cell.
        conserved_momenta: momenta per structure that forces and baths keep at rest, if the
            thermostat keeps any.

    Raises:
        InputError: the two do not go together.
    """
    if barostat.name not in thermostat.barostats:
        raise InputError(
            "thermostat: it does not go with the barostat",
            got=f'thermostat="{thermostat.name}" with barostat="{barostat.name}"',
            expected=f"one of {', '.join(thermostat.barostats) or 'none'} with it",
        )
    step = thermostat.added_to(_velocity_verlet(timestep_fs, conserved_momenta))
    return _ensemble(force_field, barostat.added_to(step), temperature_kelvin)


def _velocity_verlet(timestep_fs: float, conserved_momenta: int) -> Splitting:
    dt = timestep_fs * FEMTOSECOND
    return Splitting(dt, conserved_momenta, kick=(Kick(dt / 2),), drift=Drift)


def _ensemble(
    force_field: AbstractForceField, step: Splitting, temperature_kelvin: ArrayLike
) -> Ensemble:
    return Ensemble(
        step.propagators(Force(force_field)),
        jnp.asarray(temperature_kelvin, jnp.float64),
        step.reservoirs,
        step.conserved_momenta,
    )
