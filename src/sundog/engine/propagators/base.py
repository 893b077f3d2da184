"""The contract of a propagator."""

from abc import abstractmethod

import equinox as eqx

from sundog.engine.state import MDState


class AbstractPropagator(eqx.Module):
    """One factor exp(dt·L) of a Trotter splitting: a pure map of the state.

    Parameters are arrays, so that a change of temperature or timestep does not
    recompile the loop.
    """

    @abstractmethod
    def __call__(self, state: MDState) -> MDState:
        """Return the state after this factor."""
