"""`Neighbors`: all the pair lists of one system, by the range they serve."""

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
"""Å; atoms closer than this are taken for a mistake in the structure."""

WORTH_PRUNING = 1.2
"""A list is pruned at every step when its skin makes it longer than its pairs by this factor."""


class Neighbors(AbstractNeighbors):
    """Pair lists that follow a system through a simulation.

    Attributes:
        lists: with their skins.
        pruned: of those lists that are worth it, the pairs within the cutoff.
    """

    lists: dict[str, NeighborList]
    pruned: dict[str, Pruned]

    @property
    def pairs(self) -> dict[str, PairList]:
        """The lists as a force field takes them."""
        listed = {name: one.pairs for name, one in self.lists.items()}
        return listed | {name: one.pairs for name, one in self.pruned.items()}

    @property
    def overflow(self) -> Bool[Array, ""]:
        """True when a list was too small: what was computed since is void."""
        flags = [one.overflow for one in (*self.lists.values(), *self.pruned.values())]
        return jnp.any(jnp.stack([jnp.zeros((), bool), *flags]))

    def outdated(self, system: System) -> Bool[Array, ""]:
        """Return whether a pair within the cutoff could be missing from a list."""
        flags = [needs_rebuild(one, system) for one in self.lists.values()]
        return jnp.any(jnp.stack([jnp.zeros((), bool), *flags]))

    def update(self, system: System) -> "Neighbors":
        """Return lists that hold for the system as it is now (pure, jittable)."""
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
        """Return what it takes to build the same lists again (host only)."""
        memory = {
            f"{name}.{key}": value
            for name, one in self.lists.items()
            for key, value in remember(one).items()
        }
        for name, one in self.pruned.items():
            memory[f"{name}.pruned"] = np.asarray([len(one.pairs.i), int(one.most)])
        return memory

    def recalled(self, system: System, memory: Mapping[str, np.ndarray]) -> "Neighbors":
        """Return the lists that a memory is of; see `AbstractNeighbors.recalled` (host only)."""
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
        system: what to list.
        cutoffs: Å, by range; infinite for all pairs of a molecule.
        skin: Å added to every cutoff.

    Raises:
        CellError: an infinite cutoff in a periodic cell.
        CoincidentAtomsError: two atoms within `SMALLEST_DISTANCE`.
    """
    neighbors = allocate_unchecked(system, cutoffs, skin)
    check_no_overlap(system, neighbors.pairs)
    return neighbors


def allocate_unchecked(system: System, cutoffs: Mapping[str, float], skin: float) -> Neighbors:
    """Return the same lists of atoms that may coincide (host only); see `check_no_overlap`."""
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
    """Raise `CoincidentAtomsError` when two atoms are all but at one place (host only)."""
    listed = min(pairs.values(), key=lambda one: len(one.i), default=None)
    if listed is None or len(listed.i) == 0:
        return
    geometry = edges(system, listed, jnp.zeros_like(system.cell), system.positions.dtype)
    distances = np.where(np.asarray(listed.mask), np.asarray(geometry.distances), np.inf)
    closest = int(np.argmin(distances))
    refuse_coincidence(system, int(listed.i[closest]), int(listed.j[closest]), distances[closest])


def refuse_coincidence(system: System, i: int, j: int, distance: float) -> None:
    """Raise `CoincidentAtomsError` when the closest pair of atoms is too close (host only)."""
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
