"""What a state remembers of multiple time steps: how its forces count, and the mean virial.

    W̄ = Σ_k W_k / n,   W_k = W_short, and at the end of a cycle W_short + n W_long

n: steps of a cycle. The forces and the virial of a state at the end of a cycle are those of the
impulse, in which the long range counts n times; W̄ is the physical virial, with its short range
averaged over the cycle. Theory: `propagators.impulse_force`.
"""

from dataclasses import replace

import jax.numpy as jnp
from jaxtyping import Array

from sundog.engine.reservoirs.base import AbstractReservoir
from sundog.engine.state import MDState, evaluate
from sundog.forcefield.base import AbstractForceField
from sundog.typing import PerSystem

WEIGHT, MEAN_VIRIAL = "long_range_weight", "mean_virial"
"""Names in the state: how often its forces and virial count the long range, and W̄ in eV."""


class Impulses(AbstractReservoir):
    """Keeps `WEIGHT` and `MEAN_VIRIAL`; no energy is stored in it."""

    def variables(self, state: MDState) -> dict[str, Array]:
        """Return those of a state whose forces count everything once."""
        return {WEIGHT: jnp.ones((), jnp.int64), MEAN_VIRIAL: state.virial}

    def energy(self, state: MDState) -> PerSystem:
        """Return zero."""
        return jnp.zeros_like(state.heat)


def with_mean_virial(state: MDState) -> MDState:
    """Return the state with the virial that its pressure is to be taken from."""
    return replace(state, virial=state.extended.get(MEAN_VIRIAL, state.virial))


def with_physical_forces(state: MDState, force_field: AbstractForceField) -> MDState:
    """Return the state with forces and virial that count everything once (host only).

    Costs an evaluation only where impulses have left others.

    Args:
        state: from any ensemble.
        force_field: all of it.
    """
    if WEIGHT not in state.extended:
        return state
    own = {k: v for k, v in state.extended.items() if k not in (WEIGHT, MEAN_VIRIAL)}
    return evaluate(replace(state, extended=own), force_field)
