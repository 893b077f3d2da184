"""The contract of pair lists that follow a system."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Array, Bool

from sundog.system import System

Memory = dict[str, np.ndarray]
"""From which lists are built again, bit for bit, in another process."""


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
    def enlarged(self, system: System, asked: Any) -> "AbstractNeighbors":
        """Return these lists, built for what they were built for, with more room (host only).

        Args:
            system: the structures; the lists hold for their present state if these did.
            asked: later lists of the same structures, which say how much room was wanted.
        """

    @abstractmethod
    def memory(self) -> Memory:
        """Return what `recalled` needs, a small part of the lists (host only)."""

    @abstractmethod
    def recalled(self, system: System, memory: Mapping[str, np.ndarray]) -> "AbstractNeighbors":
        """Return the lists that a memory is of (host only).

        Args:
            system: the structures, in any state.
            memory: of lists that were allocated with the same cutoffs and skin as these.

        Raises:
            KeyError: the memory is of another kind of lists.
        """
