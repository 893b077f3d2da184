"""`AbstractNeighbors`: the contract of pair lists that are updated along a trajectory."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, TypeAlias

import equinox as eqx
import numpy as np
from jaxtyping import Array, Bool

from sundog.errors import InputError
from sundog.neighbors.pairs import PairList
from sundog.system import System

Pairs: TypeAlias = Mapping[str, PairList] | eqx.Module
"""Pairs as a force field takes them.

They are pair lists by the name of their range, or a value with the lists that the kernels of
another formulation read.
"""

Memory = dict[str, np.ndarray]
"""Arrays by name from which lists can be built again, bit for bit, in another process."""


class AbstractNeighbors(eqx.Module):
    """Pair lists of any kind, as a value in the state of a simulation."""

    @property
    @abstractmethod
    def pairs(self) -> Pairs:
        """Pairs in the form that the force field that made the lists takes."""

    @property
    @abstractmethod
    def overflow(self) -> Bool[Array, ""]:
        """True when a list was too small; results since then are invalid."""

    @abstractmethod
    def update(self, system: System) -> "AbstractNeighbors":
        """Return lists that are valid for the present system (pure, jittable)."""

    @abstractmethod
    def enlarged(self, system: System, asked: Any) -> "AbstractNeighbors":
        """Return lists of the same positions as these, with more room (host only).

        Args:
            system: structures; where these lists were valid for them, the result is too.
            asked: later lists of the same structures, which overflowed and say how much room
                they needed.
        """

    @abstractmethod
    def memory(self) -> Memory:
        """Return the arrays that `recalled` needs, a small part of the lists (host only)."""

    @abstractmethod
    def recalled(self, system: System, memory: Mapping[str, np.ndarray]) -> "AbstractNeighbors":
        """Return the lists restored from a memory (host only).

        Args:
            system: structures, with any positions and cells.
            memory: memory of lists that were allocated with the same cutoffs and skin as these.

        Raises:
            KeyError: the memory is that of another kind of lists.
        """


def by_range(pairs: Pairs) -> Mapping[str, PairList]:
    """Return pair lists by the name of their range.

    Raises:
        InputError: the pairs are those of another formulation.
    """
    if not isinstance(pairs, Mapping):
        raise InputError(
            "pairs: the lists are those of another formulation",
            got=type(pairs).__name__,
            expected="lists by the name of their range, as the force field allocates them",
        )
    return pairs
