"""Nosé–Hoover chains: thermostats that are variables of a deterministic dynamics.

    energy = Σ_k Q_k v_k²/2 + N_f kT ξ_1 + kT Σ_{k>1} ξ_k
    Q_1 = N_f kT τ²,  Q_k = kT τ²

N_f: degrees of freedom of what is thermostatted; τ: relaxation time. Source: Martyna,
Klein, Tuckerman, J. Chem. Phys. 97, 2635 (1992); the integrator is the one of Martyna,
Tuckerman, Tobias, Klein, Mol. Phys. 87, 1117 (1996), Yoshida's fourth order.
"""

from abc import abstractmethod
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.engine.reservoirs.base import AbstractReservoir, Variables
from sundog.engine.state import MDState
from sundog.typing import PerSystem
from sundog.units import BOLTZMANN

LINKS = 3
"""Number of thermostats in a chain, the usual one for systems of any stiffness."""

YOSHIDA = (1 / (2 - 2 ** (1 / 3)), 1 - 2 / (2 - 2 ** (1 / 3)), 1 / (2 - 2 ** (1 / 3)))
"""Shares of the timestep in Yoshida's splitting of fourth order."""


class ChainVariables(eqx.Module):
    """Variables of a chain.

    Attributes:
        position: ξ of each link.
        velocity: v of each link in inverse time units.
    """

    position: Float[Array, "systems links"]
    velocity: Float[Array, "systems links"]


class AbstractChain(AbstractReservoir):
    """A chain on something whose kinetic energy it keeps at N_f kT/2.

    Attributes:
        relaxation_time: τ in internal time units.
    """

    relaxation_time: eqx.AbstractVar[Float[Array, ""]]
    variables: ClassVar[Variables[ChainVariables]]

    @abstractmethod
    def degrees(self, state: MDState) -> PerSystem:
        """Return N_f."""

    def first(self, state: MDState) -> ChainVariables:
        """Return links at rest."""
        zeros = jnp.zeros((*state.heat.shape, LINKS), state.heat.dtype)
        return ChainVariables(position=zeros, velocity=zeros)

    def energy(self, state: MDState) -> PerSystem:
        """Return the energy of the links in eV."""
        thermal = BOLTZMANN * state.temperature
        links = self.variables.of(state)
        kinetic = 0.5 * jnp.sum(self._masses(state) * links.velocity**2, axis=1)
        first = self.degrees(state) * links.position[:, 0]
        return kinetic + thermal * (first + links.position[:, 1:].sum(axis=1))

    def act(
        self, state: MDState, kinetic: PerSystem, timestep: Float[Array, ""]
    ) -> tuple[MDState, PerSystem]:
        """Propagate the links and return by which factor they scale the momenta.

        Args:
            state: state with the links.
            kinetic: kinetic energy of what is thermostatted, eV.
            timestep: dt in internal time units.
        """
        thermal = BOLTZMANN * state.temperature
        masses, degrees = self._masses(state), self.degrees(state)
        links = self.variables.of(state)
        positions, velocities = list(links.position.T), list(links.velocity.T)
        factor = jnp.ones_like(kinetic)

        def push(k: int, dt: Float[Array, ""]) -> None:
            """Half a step of link k: its force, between two scalings by the next link."""
            force = (
                2 * kinetic * factor**2 - degrees * thermal
                if k == 0
                else masses[:, k - 1] * velocities[k - 1] ** 2 - thermal
            )
            drag = jnp.exp(-0.25 * dt * velocities[k + 1]) if k + 1 < LINKS else 1.0
            velocities[k] = (velocities[k] * drag + 0.5 * dt * force / masses[:, k]) * drag

        for weight in YOSHIDA:
            dt = weight * timestep
            for k in reversed(range(LINKS)):
                push(k, dt)
            factor = factor * jnp.exp(-dt * velocities[0])
            positions = [x + dt * v for x, v in zip(positions, velocities, strict=True)]
            for k in range(LINKS):
                push(k, dt)
        after = self.variables.put(
            state, position=jnp.stack(positions, axis=1), velocity=jnp.stack(velocities, axis=1)
        )
        return after, factor

    def _masses(self, state: MDState) -> Float[Array, "systems links"]:
        first = jnp.maximum(self.degrees(state), 1.0)[:, None]  # a structure of padding has none
        counts = jnp.concatenate([first, jnp.ones((len(first), LINKS - 1), first.dtype)], axis=1)
        return counts * (BOLTZMANN * state.temperature * self.relaxation_time**2)[:, None]


class AtomChain(AbstractChain):
    """A chain on the momenta of the atoms.

    Attributes:
        relaxation_time: τ in internal time units.
        conserved: momenta per structure that the dynamics keeps at rest.
    """

    relaxation_time: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    conserved: int = eqx.field(static=True)
    variables: ClassVar[Variables[ChainVariables]] = Variables(
        ChainVariables, "atom_chain_", odd=("velocity",)
    )

    def degrees(self, state: MDState) -> PerSystem:
        """Return the degrees of freedom of the atoms."""
        return state.degrees - self.conserved


class CellChain(AbstractChain):
    """A chain on the motion of the cell.

    Attributes:
        relaxation_time: τ in internal time units.
        modes: strains that the cell may make.
    """

    relaxation_time: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    modes: int = eqx.field(static=True)
    variables: ClassVar[Variables[ChainVariables]] = Variables(
        ChainVariables, "cell_chain_", odd=("velocity",)
    )

    def degrees(self, state: MDState) -> PerSystem:
        """Return the number of modes."""
        return jnp.full_like(state.heat, self.modes)
