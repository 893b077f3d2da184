"""Nosé–Hoover chain on the momenta: p ← s p, with s from the chain's own dynamics."""

from dataclasses import dataclass, replace
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.engine.propagators.base import AbstractPropagator
from sundog.engine.reservoirs.chain import AtomChain
from sundog.engine.splitting import AbstractThermostat, Splitting
from sundog.engine.state import MDState
from sundog.units import FEMTOSECOND


class NoseHoover(AbstractPropagator):
    """Thermostat of the atoms; `timestep` in internal time units."""

    timestep: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    chain: AtomChain

    def __call__(self, state: MDState) -> MDState:
        """Return the state with the links propagated and the momenta scaled."""
        state, factor = self.chain.act(state, state.kinetic_energy, self.timestep)
        momenta = state.momenta * factor[state.system.system_index][:, None]
        return replace(state, momenta=momenta)

    def constrained(self) -> "NoseHoover":
        """Return the propagator itself, which scales all momenta of a structure alike."""
        return self


@dataclass(frozen=True)
class NoseHooverChain(AbstractThermostat):
    """Half a step of a Nosé–Hoover chain before and after a step of velocity Verlet; reversible.

    Attributes:
        thermostat_time_fs: relaxation time τ in fs.
    """

    name: ClassVar[str] = "nose-hoover"
    barostats: ClassVar[tuple[str, ...]] = ("mtk",)
    exchanges: ClassVar[bool] = False

    thermostat_time_fs: float = 100.0

    def added_to(self, step: Splitting) -> Splitting:
        """Return the step with the chain around it."""
        chain = AtomChain(self.thermostat_time_fs * FEMTOSECOND, step.conserved_momenta)
        thermostat = NoseHoover(step.timestep / 2, chain)
        return replace(step, outer=(*step.outer, thermostat), reservoirs=(*step.reservoirs, chain))
