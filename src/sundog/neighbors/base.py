"""The contract of pair lists that follow a system."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
from jaxtyping import Array, Bool

from sundog.system import System


class AbstractNeighbors(eqx.Module):
    """Pair lists of one kind or another, a value in the state of a simulation."""

    @property
    @abstractmethod
    def pairs(self) -> Any:
        """What the force field that made the lists is called with."""

    @property
    @abstractmethod
    def overflow(self) -> Bool[Array, ""]:
        """True when a list was too small: what was computed since is void."""

    @abstractmethod
    def update(self, system: System) -> "AbstractNeighbors":
        """Return lists that hold for the system as it is now (pure, jittable)."""

    @abstractmethod
    def enlarged(self, system: System) -> "AbstractNeighbors":
        """Return lists for `system` with more room where it was too little (host only)."""
