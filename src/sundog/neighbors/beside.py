"""Lists of kernels together with plain pair lists, for terms that have no kernels."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Array, Bool

from sundog.neighbors.base import AbstractNeighbors, Memory, Pairs
from sundog.neighbors.neighbors import Neighbors
from sundog.neighbors.pairs import PairList
from sundog.system import System

OF_PLAIN = "plain."
"""Prefix that marks the arrays of the plain lists among those of the others in a memory."""


class WithPlainLists(eqx.Module):
    """Argument of a force field some of whose terms have no kernels.

    Attributes:
        own: lists of the kernels.
        plain: plain lists by the name of their range.
    """

    own: Pairs
    plain: Mapping[str, PairList]


class WithPlainNeighbors(AbstractNeighbors):
    """Lists of kernels, with plain pair lists.

    Attributes:
        own: lists of the kernels.
        plain: plain lists.
    """

    own: AbstractNeighbors
    plain: Neighbors

    @property
    def pairs(self) -> WithPlainLists:
        """Pairs of both."""
        return WithPlainLists(self.own.pairs, self.plain.pairs)

    @property
    def overflow(self) -> Bool[Array, ""]:
        """True when a list was too small; results since then are invalid."""
        return self.own.overflow | self.plain.overflow

    def update(self, system: System) -> "WithPlainNeighbors":
        """Return lists that are valid for the present system (pure, jittable)."""
        return WithPlainNeighbors(self.own.update(system), self.plain.update(system))

    def enlarged(self, system: System, asked: Any) -> "WithPlainNeighbors":
        """Return the lists with more room where they overflowed (host only)."""
        own, plain = self.own, self.plain
        if asked.own.overflow:
            own = own.enlarged(system, asked.own)
        if asked.plain.overflow:
            plain = plain.enlarged(system, asked.plain)
        return WithPlainNeighbors(own, plain)

    def memory(self) -> Memory:
        """Return the arrays from which the same lists can be built again (host only)."""
        of_plain = {OF_PLAIN + name: array for name, array in self.plain.memory().items()}
        return self.own.memory() | of_plain

    def recalled(self, system: System, memory: Mapping[str, np.ndarray]) -> "WithPlainNeighbors":
        """Return the lists of a memory; see `AbstractNeighbors.recalled` (host only)."""
        of_plain = {
            k.removeprefix(OF_PLAIN): v for k, v in memory.items() if k.startswith(OF_PLAIN)
        }
        of_own = {k: v for k, v in memory.items() if not k.startswith(OF_PLAIN)}
        return WithPlainNeighbors(
            self.own.recalled(system, of_own), self.plain.recalled(system, of_plain)
        )
