"""Variables of multiple time steps: how the forces of a state count, and the mean virial.

    W̄ = Σ_k W_k / n,   W_k = W_short, and at the end of a cycle W_short + n W_long

n: steps of a cycle. The forces and the virial of a state at the end of a cycle are those of the
impulse, in which the long range counts n times; W̄ is the physical virial, with its short range
averaged over the cycle. Theory: `propagators.force`.
"""

from dataclasses import replace
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Int

from sundog.engine.reservoirs.base import AbstractReservoir, Variables
from sundog.engine.state import MDState, evaluate
from sundog.forcefield.base import AbstractForceField
from sundog.typing import Cells, PerSystem


class ImpulseVariables(eqx.Module):
    """Variables of multiple time steps.

    Attributes:
        long_range_weight: number of times that forces and virial of the state count the long range.
        mean_virial: W̄ in eV.
    """

    long_range_weight: Int[Array, ""]
    mean_virial: Cells


class Impulses(AbstractReservoir):
    """Keeper of the weight and of the mean virial; no energy is stored in it."""

    variables: ClassVar[Variables[ImpulseVariables]] = Variables(ImpulseVariables)

    def first(self, state: MDState) -> ImpulseVariables:
        """Return the variables of a state whose forces count everything once."""
        return ImpulseVariables(jnp.ones((), jnp.int64), state.virial)

    def energy(self, state: MDState) -> PerSystem:
        """Return zero."""
        return jnp.zeros_like(state.heat)


def with_mean_virial(state: MDState) -> MDState:
    """Return the state with the virial that its pressure is to be taken from."""
    if not Impulses.variables.are_in(state):
        return state
    return replace(state, virial=Impulses.variables.of(state).mean_virial)


def weight_of(state: MDState) -> int:
    """Return how often the forces of a state count the long range (host only)."""
    if not Impulses.variables.are_in(state):
        return 1
    return int(Impulses.variables.of(state).long_range_weight)


def with_physical_forces(state: MDState, force_field: AbstractForceField) -> MDState:
    """Return the state with forces and virial that count everything once (host only).

    Costs an evaluation only where impulses have left others.

    Args:
        state: state of any ensemble.
        force_field: force field with both ranges.
    """
    if not Impulses.variables.are_in(state):
        return state
    return evaluate(Impulses.variables.removed(state), force_field)
