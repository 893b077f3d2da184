"""Drift: R ← R + dt p/m. Exact for free particles. Forces are stale afterwards."""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.engine.propagators.base import AbstractPropagator
from sundog.engine.state import MDState


class Drift(AbstractPropagator):
    """Move atoms by their present velocities; `timestep` in internal time units."""

    timestep: Float[Array, ""] = eqx.field(converter=jnp.asarray)

    def __call__(self, state: MDState) -> MDState:
        """Return the state with R + dt p/m."""
        step = self.timestep * state.momenta / state.masses[:, None]
        return replace(state, system=state.system.at(state.system.positions + step))
