"""Pair lists and the plan of a sum in reciprocal space as one value, updated together."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Array, Bool

from sundog.longrange.plan import Plan
from sundog.neighbors.base import AbstractNeighbors, Memory, Pairs
from sundog.system import System

PLAN_PREFIX = "reciprocal."
"""Prefix that marks the arrays of the plan among those of the pair lists in a memory."""


class Planned(eqx.Module):
    """Argument of a force field that sums in reciprocal space.

    Attributes:
        pairs: pairs as the force field's formulation takes them.
        plan: plan of the sum in reciprocal space.
    """

    pairs: Pairs
    plan: Plan


class PlannedNeighbors(AbstractNeighbors):
    """Pair lists of any formulation, with a plan.

    Attributes:
        lists: pair lists.
        plan: plan of the sum in reciprocal space.
    """

    lists: AbstractNeighbors
    plan: Plan

    @property
    def pairs(self) -> Planned:
        """Pairs of the lists, with the plan."""
        return Planned(self.lists.pairs, self.plan)

    @property
    def overflow(self) -> Bool[Array, ""]:
        """True when a list was too small or a cell too large."""
        return self.lists.overflow | self.plan.overflow

    def update(self, system: System) -> "PlannedNeighbors":
        """Return lists and plan that are valid for the present system (pure, jittable)."""
        return PlannedNeighbors(self.lists.update(system), self.plan.update(system))

    def enlarged(self, system: System, asked: Any) -> "PlannedNeighbors":
        """Return the value with more room where it overflowed, unchanged elsewhere (host only)."""
        lists, plan = self.lists, self.plan
        if asked.lists.overflow:
            lists = lists.enlarged(system, asked.lists)
        if asked.plan.overflow:
            plan = plan.enlarged(asked.plan)
        return PlannedNeighbors(lists, plan)

    def memory(self) -> Memory:
        """Return the arrays that `recalled` needs (host only)."""
        plan_arrays = {PLAN_PREFIX + name: array for name, array in self.plan.memory().items()}
        return self.lists.memory() | plan_arrays

    def recalled(self, system: System, memory: Mapping[str, np.ndarray]) -> "PlannedNeighbors":
        """Return the lists and plan of a memory; see `AbstractNeighbors.recalled` (host only)."""
        plan_arrays = {
            k.removeprefix(PLAN_PREFIX): v for k, v in memory.items() if k.startswith(PLAN_PREFIX)
        }
        list_arrays = {k: v for k, v in memory.items() if not k.startswith(PLAN_PREFIX)}
        return PlannedNeighbors(
            self.lists.recalled(system, list_arrays), self.plan.recalled(plan_arrays)
        )


def with_plan(neighbors: AbstractNeighbors, plan: Plan | None) -> AbstractNeighbors:
    """Return the lists together with a plan, if there is one."""
    return neighbors if plan is None else PlannedNeighbors(neighbors, plan)


def apart(pairs: Pairs) -> tuple[Pairs, Plan | None]:
    """Return the pair lists that a force field is called with, and the plan if there is one."""
    return (pairs.pairs, pairs.plan) if isinstance(pairs, Planned) else (pairs, None)
