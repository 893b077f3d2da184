"""Ornstein–Uhlenbeck: friction and noise on the momenta, solved exactly.

    p ← c p + √((1 − c²) m kT) ξ,  c = exp(−γ dt),  ξ ~ N(0, 1)

γ: friction in inverse time units; T in K. Samples the Maxwell–Boltzmann
distribution exactly for any dt. Source: Leimkuhler, Matthews, Appl. Math. Res.
Express 2013, 34, the O of BAOAB.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.engine.propagators.base import AbstractPropagator
from sundog.engine.splitting import AbstractThermostat, Splitting
from sundog.engine.state import MDState
from sundog.units import FEMTOSECOND


class OrnsteinUhlenbeck(AbstractPropagator):
    """Langevin thermostat; the heat that it exchanges is added up in the state."""

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

    def constrained(self) -> "OrnsteinUhlenbeck":
        """Return the propagator itself: the noise is drawn on the surface of the constraints."""
        return self


@dataclass(frozen=True)
class Langevin(AbstractThermostat):
    """Friction and noise in the middle of a step of velocity Verlet: BAOAB.

    Attributes:
        friction_per_ps: friction γ in 1/ps.
    """

    name: ClassVar[str] = "langevin"
    barostats: ClassVar[tuple[str, ...]] = ("rescaling",)
    exchanges: ClassVar[bool] = True

    friction_per_ps: float = 1.0

    def added_to(self, step: Splitting) -> Splitting:
        """Return the step with the thermostat between two half drifts."""
        noise = OrnsteinUhlenbeck(step.timestep, self.friction_per_ps / (1000 * FEMTOSECOND))
        # The noise pushes the centre of mass as well.
        return replace(step, middle=(*step.middle, noise), conserved_momenta=0)
