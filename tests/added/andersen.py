"""Andersen's thermostat: a thermostat that a user adds, in one file.

    p ← √(m kT) ξ with probability 1 − exp(−ν dt), atom by atom,   ξ ~ N(0, 1)

ν: rate of the collisions with the bath. Source: Andersen, J. Chem. Phys. 72, 2384 (1980).
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


class Collisions(AbstractPropagator):
    """Collisions of the atoms with the bath; the heat that they exchange is counted."""

    timestep: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    rate: Float[Array, ""] = eqx.field(converter=jnp.asarray)

    def __call__(self, state: MDState) -> MDState:
        key, draw, choose = jax.random.split(state.key, 3)
        uniform = jax.random.uniform(choose, state.masses.shape)
        hit = state.mobile & (uniform < -jnp.expm1(-self.rate * self.timestep))
        momenta = jnp.where(hit[:, None], state.thermal_momenta(draw), state.momenta)
        after = replace(state, key=key, momenta=momenta)
        return replace(after, heat=state.heat + after.kinetic_energy - state.kinetic_energy)


@dataclass(frozen=True)
class Andersen(AbstractThermostat):
    """Collisions after each step of velocity Verlet, at the rate of Langevin's friction."""

    name: ClassVar[str] = "andersen"
    barostats: ClassVar[tuple[str, ...]] = ("rescaling",)
    exchanges: ClassVar[bool] = True

    friction_per_ps: float = 1.0

    def added_to(self, step: Splitting) -> Splitting:
        collisions = Collisions(step.timestep, self.friction_per_ps / (1000 * FEMTOSECOND))
        return replace(step, last=(*step.last, collisions), conserved_momenta=0)
