"""Drift, kick and cell rescaling on the surface of the constraints (g-BAOAB, RATTLE).

    ConstrainedDrift      R ← R + dt (p − Bᵀλ)/m with the lengths kept, p ← what it moved by,
                          then without what would change the lengths
    ConstrainedKick       p ← p + dt F, then likewise
    WholeClusterRescaling the cell takes the centres of mass of the clusters along, and the
                          inverse scaling their momenta; shape and inner motion stay

Each map is reversible and the drift symplectic on the surface, so that a splitting keeps its
order. Noise needs nothing: the state's thermal momenta are drawn on the surface already.
Sources: Andersen, J. Comput. Phys. 52, 24 (1983); Leimkuhler, Matthews, Proc. R. Soc. A 472,
20160138 (2016), g-BAOAB with one drift per half step; lengths: `engine.constraints`.

A cluster whose lengths cannot be kept stops with momenta that are not a number, which ends
the run as a blow-up.
"""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.engine.constraints import Constraints
from sundog.engine.propagators.base import AbstractPropagator
from sundog.engine.propagators.stochastic_cell_rescaling import StochasticCellRescaling
from sundog.engine.state import MDState
from sundog.errors import InputError


class ConstrainedDrift(AbstractPropagator):
    """Move atoms with rigid bonds; `timestep` in internal time units. Forces are stale then."""

    timestep: Float[Array, ""] = eqx.field(converter=jnp.asarray)

    def __call__(self, state: MDState) -> MDState:
        """Return the state at positions that keep the lengths."""
        rigid, before = _constraints(state), state.system
        step = self.timestep * state.momenta / state.masses[:, None]
        moved = before.at(before.positions + step)
        correction, solved = rigid.positions_on(before, moved, state.masses)
        lost = rigid.marked(~solved, before.number_of_atoms)[:, None]
        after = before.at(jnp.where(lost, before.positions, moved.positions + correction))
        momenta = state.momenta + state.masses[:, None] * correction / self.timestep
        momenta = rigid.momenta_along(after, momenta, state.masses)
        return replace(state, system=after, momenta=jnp.where(lost, jnp.nan, momenta))


class ConstrainedKick(AbstractPropagator):
    """Change momenta by forces and constraint forces; `timestep` in internal time units."""

    timestep: Float[Array, ""] = eqx.field(converter=jnp.asarray)

    def __call__(self, state: MDState) -> MDState:
        """Return the state with momenta that keep the lengths."""
        rigid = _constraints(state)
        kick = self.timestep * state.mobile_forces
        momenta = rigid.momenta_along(state.system, state.momenta + kick, state.masses)
        return replace(state, momenta=momenta)


class WholeClusterRescaling(AbstractPropagator):
    """Stochastic cell rescaling that leaves clusters as they are."""

    rescaling: StochasticCellRescaling

    def __call__(self, state: MDState) -> MDState:
        """Return the state in its new cell."""
        rigid, after = _constraints(state), self.rescaling(state)
        positions = rigid.moved_whole(state.system, after.system, state.masses)
        momenta = rigid.moving_whole(state.momenta, after.momenta, state.masses)
        whole = replace(after, system=after.system.at(positions), momenta=momenta)
        # The heat was booked for momenta of atoms.
        heat = after.heat + whole.kinetic_energy - after.kinetic_energy
        return replace(whole, heat=heat)


def _constraints(state: MDState) -> Constraints:
    if state.constraints is None:
        raise InputError(
            "constraints: the recipe is for rigid bonds, but the state has none",
            remedy="Give them to the state first, `with_constraints(state, …)`",
        )
    return state.constraints
