"""Kick: p ← p + dt F. Exact for constant forces; with rigid bonds followed by their projection.

Where bonds are rigid, what would change their lengths is taken out of the momenta (RATTLE,
`engine.constraints`).
"""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.engine.propagators.base import AbstractPropagator, constraints_of
from sundog.engine.state import MDState


class Kick(AbstractPropagator):
    """Change of the momenta by the present forces; `timestep` in internal time units."""

    timestep: Float[Array, ""] = eqx.field(converter=jnp.asarray)

    def __call__(self, state: MDState) -> MDState:
        """Return the state with p + dt F."""
        return replace(
            state,
            momenta=state.momenta + self.timestep * state.mobile_forces,
        )

    def constrained(self) -> "ConstrainedKick":
        """Return the kick by forces and constraint forces."""
        return ConstrainedKick(self.timestep)


class ConstrainedKick(AbstractPropagator):
    """Change of the momenta by forces and constraint forces; `timestep` in internal units."""

    timestep: Float[Array, ""] = eqx.field(converter=jnp.asarray)

    def __call__(self, state: MDState) -> MDState:
        """Return the state with momenta that keep the lengths."""
        rigid = constraints_of(state)
        kick = self.timestep * state.mobile_forces
        momenta = rigid.momenta_along(state.system, state.momenta + kick, state.masses)
        return replace(state, momenta=momenta)

    def constrained(self) -> "ConstrainedKick":
        """Return the propagator itself."""
        return self
