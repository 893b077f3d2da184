"""Nosé–Hoover chain on the momenta: p ← s p, with s from the chain's own dynamics."""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.engine.propagators.base import AbstractPropagator
from sundog.engine.reservoirs.chain import AtomChain
from sundog.engine.state import MDState


class NoseHoover(AbstractPropagator):
    """Thermostat of the atoms; `timestep` in internal time units."""

    timestep: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    chain: AtomChain

    def __call__(self, state: MDState) -> MDState:
        """Return the state with the links propagated and the momenta scaled."""
        state, factor = self.chain.act(state, state.kinetic_energy, self.timestep)
        momenta = state.momenta * factor[state.system.system_index][:, None]
        return replace(state, momenta=momenta)
