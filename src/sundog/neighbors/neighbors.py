"""`Neighbors`: all pair lists of a system, by the name of their range."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool

from sundog.elements import symbol
from sundog.errors import CoincidentAtomsError
from sundog.neighbors.base import AbstractNeighbors, Memory
from sundog.neighbors.neighbor_list import (
    NeighborList,
    allocate,
    needs_rebuild,
    reallocate,
    recall,
    remember,
    update,
)
from sundog.neighbors.pairs import PairList, edges
from sundog.neighbors.pruning import Pruned, prune, room_for
from sundog.system import System

SMALLEST_DISTANCE = 0.1
"""Distance in Å below which two atoms are refused as a mistake in the structure.

No chemical bond is this short: that of H₂ has 0.74 Å.
"""

WORTH_PRUNING = 1.2
"""Ratio of listed pairs to pairs within the cutoff from which on a list is pruned at every step."""


class Neighbors(AbstractNeighbors):
    """Pair lists of atoms that are updated along a trajectory.

    Attributes:
        lists: lists with their skins, by the name of their range.
        pruned: pairs within the cutoff, of those lists for which pruning pays.
    """

    lists: dict[str, NeighborList]
    pruned: dict[str, Pruned]

    @property
    def pairs(self) -> dict[str, PairList]:
        """Pairs of each range, pruned where that pays."""
        listed = {name: one.pairs for name, one in self.lists.items()}
        return listed | {name: one.pairs for name, one in self.pruned.items()}

    @property
    def overflow(self) -> Bool[Array, ""]:
        """True when a list was too small; results since then are invalid."""
        flags = [one.overflow for one in (*self.lists.values(), *self.pruned.values())]
        return jnp.any(jnp.stack([jnp.zeros((), bool), *flags]))

    def outdated(self, system: System) -> Bool[Array, ""]:
        """Return whether a pair within the cutoff could be missing from a list."""
        flags = [needs_rebuild(one, system) for one in self.lists.values()]
        return jnp.any(jnp.stack([jnp.zeros((), bool), *flags]))

    def update(self, system: System) -> "Neighbors":
        """Return lists that are valid for the present system (pure, jittable)."""
        lists = {name: update(one, system) for name, one in self.lists.items()}
        pruned = {
            name: prune(lists[name], system, len(one.pairs.i), one.most)
            for name, one in self.pruned.items()
        }
        return Neighbors(lists, pruned)

    def enlarged(self, system: System, asked: Any) -> "Neighbors":
        """Return these lists with more room; see `AbstractNeighbors.enlarged` (host only)."""
        lists = {
            name: reallocate(one, system, asked.lists[name]) for name, one in self.lists.items()
        }
        return _with_pruned(lists, system, {n: int(one.most) for n, one in asked.pruned.items()})

    def memory(self) -> Memory:
        """Return the arrays from which the same lists can be built again (host only)."""
        memory = {
            f"{name}.{key}": value
            for name, one in self.lists.items()
            for key, value in remember(one).items()
        }
        for name, one in self.pruned.items():
            memory[f"{name}.pruned"] = np.asarray([len(one.pairs.i), int(one.most)])
        return memory

    def recalled(self, system: System, memory: Mapping[str, np.ndarray]) -> "Neighbors":
        """Return the lists of a memory; see `AbstractNeighbors.recalled` (host only)."""
        lists = {}
        for name, one in self.lists.items():
            own = {k.removeprefix(f"{name}."): v for k, v in memory.items() if k.startswith(name)}
            lists[name] = recall(one, system, own)
        pruned = {}
        for name in self.pruned:
            room, most = memory[f"{name}.pruned"].tolist()
            pruned[name] = prune(lists[name], system, room, jnp.asarray(most, jnp.int32))
        return Neighbors(lists, pruned)


def allocate_neighbors(system: System, cutoffs: Mapping[str, float], skin: float) -> Neighbors:
    """Return lists with room for `system` and some headroom (host only).

    Args:
        system: structures, as concrete arrays.
        cutoffs: cutoff of each range in Å; infinite for all pairs of each molecule.
        skin: distance beyond every cutoff that is listed too, in Å.

    Raises:
        CellError: a cutoff is infinite and a structure periodic.
        CoincidentAtomsError: two atoms are within `SMALLEST_DISTANCE`.
    """
    neighbors = allocate_unchecked(system, cutoffs, skin)
    check_no_overlap(system, neighbors.pairs)
    return neighbors


def allocate_unchecked(system: System, cutoffs: Mapping[str, float], skin: float) -> Neighbors:
    """Return the lists without a check for coincident atoms (host only).

    Args:
        system: structures, as concrete arrays.
        cutoffs: cutoff of each range in Å; infinite for all pairs of each molecule.
        skin: distance beyond every cutoff that is listed too, in Å.
    """
    lists = {name: allocate(system, cutoff, skin) for name, cutoff in cutoffs.items()}
    return _with_pruned(lists, system, {})


def _with_pruned(
    lists: dict[str, NeighborList], system: System, asked: Mapping[str, int]
) -> Neighbors:
    pruned = {}
    for name, listed in lists.items():
        if (1 + listed.skin / listed.cutoff) ** 3 > WORTH_PRUNING:
            most = jnp.zeros((), jnp.int32)
            room = room_for(listed, system, asked.get(name, 0))
            pruned[name] = prune(listed, system, room, most)
    return Neighbors(lists, pruned)


def check_no_overlap(system: System, pairs: Mapping[str, PairList]) -> None:
    """Refuse structures in which two atoms coincide (host only).

    Args:
        system: structures, as concrete arrays.
        pairs: pairs of each range, of which the shortest list is searched.

    Raises:
        CoincidentAtomsError: two atoms are within `SMALLEST_DISTANCE`.
    """
    listed = min(pairs.values(), key=lambda one: len(one.i), default=None)
    if listed is None or len(listed.i) == 0:
        return
    geometry = edges(system, listed, jnp.zeros_like(system.cell), system.positions.dtype)
    distances = np.where(np.asarray(listed.mask), np.asarray(geometry.distances), np.inf)
    closest = int(np.argmin(distances))
    refuse_coincidence(system, int(listed.i[closest]), int(listed.j[closest]), distances[closest])


def refuse_coincidence(system: System, i: int, j: int, distance: float) -> None:
    """Refuse a closest pair of atoms that coincide (host only).

    Args:
        system: structures, as concrete arrays.
        i: first atom, counted over the whole batch.
        j: second atom, counted over the whole batch.
        distance: distance between the two in Å.

    Raises:
        CoincidentAtomsError: the distance is less than `SMALLEST_DISTANCE`.
    """
    if distance >= SMALLEST_DISTANCE:
        return
    index = np.asarray(system.system_index)
    first = int(np.argmax(index == index[i]))
    names = [f"{symbol(int(system.numbers[k]))} {k - first}" for k in (i, j)]
    raise CoincidentAtomsError(
        f"structure: atoms {names[0]} and {names[1]} (counted from 0) coincide",
        got=f"{distance:.3g} Å apart",
        expected=f"at least {SMALLEST_DISTANCE} Å",
        remedy="Remove duplicate atoms, and check the cell of a periodic structure",
    )
