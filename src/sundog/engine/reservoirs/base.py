"""The contract of a reservoir."""

from abc import abstractmethod

import equinox as eqx
from jaxtyping import Array

from sundog.engine.state import MDState
from sundog.typing import PerSystem


class AbstractReservoir(eqx.Module):
    """A bath with variables or an energy of its own, which propagators act on.

    Its energy belongs to the conserved quantity. A bath that only puts heat in, as a
    Langevin thermostat, books that in `MDState.heat` and needs no reservoir.
    """

    def variables(self, state: MDState) -> dict[str, Array]:
        """Return the first values of the variables it adds to `MDState.extended`."""
        return {}

    @abstractmethod
    def energy(self, state: MDState) -> PerSystem:
        """Return its energy in eV."""
