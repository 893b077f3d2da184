"""Nosé–Hoover chains: thermostats that are variables of a deterministic dynamics.

    energy = Σ_k Q_k v_k²/2 + N_f kT ξ_1 + kT Σ_{k>1} ξ_k
    Q_1 = N_f kT τ²,  Q_k = kT τ²

N_f: degrees of freedom of what is thermostatted; τ: relaxation time. Source: Martyna,
Klein, Tuckerman, J. Chem. Phys. 97, 2635 (1992); the integrator is the one of Martyna,
Tuckerman, Tobias, Klein, Mol. Phys. 87, 1117 (1996), Yoshida's fourth order.
"""

from abc import abstractmethod
from dataclasses import replace
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.engine.reservoirs.base import AbstractReservoir
from sundog.engine.state import MDState
from sundog.typing import PerSystem
from sundog.units import BOLTZMANN

LINKS = 3
YOSHIDA = (1 / (2 - 2 ** (1 / 3)), 1 - 2 / (2 - 2 ** (1 / 3)), 1 / (2 - 2 ** (1 / 3)))


class AbstractChain(AbstractReservoir):
    """A chain on something whose kinetic energy it keeps at N_f kT/2.

    Attributes:
        relaxation_time: τ in internal time units.
        name: of its variables in the state.
    """

    relaxation_time: eqx.AbstractVar[Float[Array, ""]]
    name: ClassVar[str]

    @abstractmethod
    def degrees(self, state: MDState) -> PerSystem:
        """Return N_f."""

    def variables(self, state: MDState) -> dict[str, Array]:
        """Return links at rest."""
        zeros = jnp.zeros((*state.heat.shape, LINKS), state.heat.dtype)
        return {f"{self.name}_position": zeros, f"{self.name}_velocity": zeros}

    def energy(self, state: MDState) -> PerSystem:
        """Return the energy of the links in eV."""
        thermal = BOLTZMANN * state.temperature
        position = state.extended[f"{self.name}_position"]
        velocity = state.extended[f"{self.name}_velocity"]
        kinetic = 0.5 * jnp.sum(self._masses(state) * velocity**2, axis=1)
        first = self.degrees(state) * position[:, 0]
        return kinetic + thermal * (first + position[:, 1:].sum(axis=1))

    def act(
        self, state: MDState, kinetic: PerSystem, timestep: Float[Array, ""]
    ) -> tuple[MDState, PerSystem]:
        """Propagate the links and return by which factor they scale the momenta.

        Args:
            state: with the links.
            kinetic: kinetic energy of what is thermostatted, eV.
            timestep: in internal time units.
        """
        thermal = BOLTZMANN * state.temperature
        masses, degrees = self._masses(state), self.degrees(state)
        positions = list(state.extended[f"{self.name}_position"].T)
        velocities = list(state.extended[f"{self.name}_velocity"].T)
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
        extended = state.extended | {
            f"{self.name}_position": jnp.stack(positions, axis=1),
            f"{self.name}_velocity": jnp.stack(velocities, axis=1),
        }
        return replace(state, extended=extended), factor

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
    name: ClassVar[str] = "atom_chain"

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
    name: ClassVar[str] = "cell_chain"

    def degrees(self, state: MDState) -> PerSystem:
        """Return the number of modes."""
        return jnp.full_like(state.heat, self.modes)
