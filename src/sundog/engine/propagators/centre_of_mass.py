"""Removal of the motion of the centre of mass of each structure, every so many steps.

Structures with frozen atoms are left alone: what is held does not drift.
"""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from sundog.engine.propagators.base import AbstractPropagator
from sundog.engine.state import MDState, without_drift


class RemoveDrift(AbstractPropagator):
    """Removal of the motion of each structure's centre of mass; the energy lost counts as heat.

    Attributes:
        every: steps between removals.
    """

    every: Int[Array, ""] = eqx.field(converter=jnp.asarray)

    def __call__(self, state: MDState) -> MDState:
        """Return the state, in every `every`-th step without drift."""
        due = (state.step + 1) % self.every == 0
        held = state.sum_over_atoms((state.system.is_atom & ~state.mobile).astype(jnp.float64))
        free = (held == 0)[state.system.system_index][:, None]
        momenta = jax.lax.cond(
            due,
            lambda: jnp.where(free, without_drift(state, state.momenta), state.momenta),
            lambda: state.momenta,
        )
        after = replace(state, momenta=momenta)
        return replace(after, heat=state.heat + after.kinetic_energy - state.kinetic_energy)

    def constrained(self) -> "RemoveDrift":
        """Return the propagator itself: a common velocity changes no length."""
        return self
