"""Kick: p ← p + dt F. Exact for constant forces."""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.engine.propagators.base import AbstractPropagator
from sundog.engine.state import MDState


class Kick(AbstractPropagator):
    """Change momenta by the present forces; `timestep` in internal time units."""

    timestep: Float[Array, ""] = eqx.field(converter=jnp.asarray)

    def __call__(self, state: MDState) -> MDState:
        """Return the state with p + dt F."""
        return replace(
            state,
            momenta=state.momenta + self.timestep * state.mobile_forces,
        )
