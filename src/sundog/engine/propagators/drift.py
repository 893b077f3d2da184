"""Drift: R ← R + dt p/m. Exact for free particles. Forces are stale afterwards.

Where bonds are rigid (g-BAOAB, RATTLE):

    R ← R + dt (p − Bᵀλ)/m with the lengths kept,   p ← the momenta by which R has moved,
    then without what would change the lengths

This map is reversible and symplectic on the surface of the constraints, so that a splitting
keeps its order. A cluster whose lengths cannot be kept stops with momenta that are not a
number, which ends the run as a blow-up. Sources: Andersen, J. Comput. Phys. 52, 24 (1983);
Leimkuhler, Matthews, Proc. R. Soc. A 472, 20160138 (2016), g-BAOAB with one drift per half
step; B, λ and the lengths: `engine.constraints`.
"""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.engine.propagators.base import AbstractPropagator, constraints_of
from sundog.engine.state import MDState


class Drift(AbstractPropagator):
    """Motion of the atoms at their present velocities; `timestep` in internal time units."""

    timestep: Float[Array, ""] = eqx.field(converter=jnp.asarray)

    def __call__(self, state: MDState) -> MDState:
        """Return the state with R + dt p/m."""
        step = self.timestep * state.momenta / state.masses[:, None]
        return replace(state, system=state.system.at(state.system.positions + step))

    def constrained(self) -> "ConstrainedDrift":
        """Return the drift on the surface of the constraints."""
        return ConstrainedDrift(self.timestep)


class ConstrainedDrift(AbstractPropagator):
    """Motion of atoms with rigid bonds; `timestep` in internal time units."""

    timestep: Float[Array, ""] = eqx.field(converter=jnp.asarray)

    def __call__(self, state: MDState) -> MDState:
        """Return the state at positions that keep the lengths."""
        rigid, before = constraints_of(state), state.system
        step = self.timestep * state.momenta / state.masses[:, None]
        moved = before.at(before.positions + step)
        correction, solved = rigid.positions_on(before, moved, state.masses)
        lost = rigid.marked(~solved, before.number_of_atoms)[:, None]
        after = before.at(jnp.where(lost, before.positions, moved.positions + correction))
        momenta = state.momenta + state.masses[:, None] * correction / self.timestep
        momenta = rigid.momenta_along(after, momenta, state.masses)
        return replace(state, system=after, momenta=jnp.where(lost, jnp.nan, momenta))

    def constrained(self) -> "ConstrainedDrift":
        """Return the propagator itself."""
        return self
