"""The contract of a propagator."""

from abc import abstractmethod

import equinox as eqx

from sundog.engine.constraints import Constraints
from sundog.engine.state import MDState
from sundog.errors import InputError


class AbstractPropagator(eqx.Module):
    """One factor exp(dt·L) of a Trotter splitting: a pure map of the state.

    Parameters are arrays, so that a change of temperature or timestep does not
    recompile the loop. Everything that an ensemble asks of a propagator is a method here, so
    that a propagator is one file; `sundog.testing.check_propagator` checks what it promises.
    """

    @property
    def cycle(self) -> int:
        """Number of steps in which it does all it has to do; runs are sampled at multiples."""
        return 1

    @abstractmethod
    def __call__(self, state: MDState) -> MDState:
        """Return the state after this factor (pure, jittable)."""

    def entered(self, state: MDState) -> MDState:
        """Return the state as the first step needs it (host only)."""
        return state

    def constrained(self) -> "AbstractPropagator":
        """Return the propagator that takes this one's place where bonds are rigid.

        That is the propagator itself where it keeps the lengths of rigid bonds: it scales all
        momenta of a structure alike, or draws them by `MDState.thermal_momenta`.

        Raises:
            InputError: no propagator does; this is the default.
        """
        raise InputError(
            "constraints: they cannot be kept in this ensemble",
            got=f"a recipe with {type(self).__name__}",
            expected="nve, nvt, or npt with stochastic cell rescaling",
            remedy="Choose another barostat, or leave the constraints out",
        )

    def with_impulses(self, every: int) -> "AbstractPropagator":
        """Return the propagator for forces whose long range comes in every `every`-th step.

        Raises:
            InputError: its force field has no long range of its own.
        """
        return self


def constraints_of(state: MDState) -> Constraints:
    """Return the rigid bonds of a state, for propagators that keep them.

    Raises:
        InputError: the state has none.
    """
    if state.constraints is None:
        raise InputError(
            "constraints: the recipe is for rigid bonds, but the state has none",
            remedy="Give them to the state first, `with_constraints(state, …)`",
        )
    return state.constraints
