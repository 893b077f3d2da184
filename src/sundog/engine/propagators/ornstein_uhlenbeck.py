"""Ornstein–Uhlenbeck: friction and noise on the momenta, solved exactly.

    p ← c p + √((1 − c²) m kT) ξ,  c = exp(−γ dt),  ξ ~ N(0, 1)

γ: friction in inverse time units; T in K. Samples the Maxwell–Boltzmann
distribution exactly for any dt. Source: Leimkuhler, Matthews, Appl. Math. Res.
Express 2013, 34, the O of BAOAB.
"""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.engine.propagators.base import AbstractPropagator
from sundog.engine.state import MDState


class OrnsteinUhlenbeck(AbstractPropagator):
    """Langevin thermostat; the heat it exchanges is added up in the state."""

    timestep: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    friction: Float[Array, ""] = eqx.field(converter=jnp.asarray)

    def __call__(self, state: MDState) -> MDState:
        """Return the state with thermostatted momenta."""
        key, draw = jax.random.split(state.key)
        decay = jnp.exp(-self.friction * self.timestep)
        share = jnp.sqrt(-jnp.expm1(-2 * self.friction * self.timestep))
        noise = share * state.thermal_momenta(draw)
        after = replace(state, key=key, momenta=decay * state.momenta + noise)
        return replace(after, heat=state.heat + after.kinetic_energy - state.kinetic_energy)
