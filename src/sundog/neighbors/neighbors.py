"""`Neighbors`: all the pair lists of one system, by the range they serve."""

from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool

from sundog.errors import CoincidentAtomsError
from sundog.elements import symbol
from sundog.neighbors.neighbor_list import NeighborList, allocate, reallocate, update
from sundog.neighbors.pairs import PairList, edges
from sundog.system import System

SMALLEST_DISTANCE = 0.1
"""Å; atoms closer than this are taken for a mistake in the structure."""


class Neighbors(eqx.Module):
    """Pair lists that follow a system through a simulation."""

    lists: dict[str, NeighborList]

    @property
    def pairs(self) -> dict[str, PairList]:
        """The lists as a force field takes them."""
        return {name: neighbors.pairs for name, neighbors in self.lists.items()}

    @property
    def overflow(self) -> Bool[Array, ""]:
        """True when a list was too small: what was computed since is void."""
        flags = [neighbors.overflow for neighbors in self.lists.values()]
        return jnp.any(jnp.stack([jnp.zeros((), bool), *flags]))

    def update(self, system: System) -> "Neighbors":
        """Return lists that hold for the system as it is now (pure, jittable)."""
        return Neighbors({name: update(one, system) for name, one in self.lists.items()})

    def enlarged(self, system: System) -> "Neighbors":
        """Return lists for `system` with more room where it was too little (host only)."""
        return Neighbors({name: reallocate(one, system) for name, one in self.lists.items()})


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
    neighbors = Neighbors({name: allocate(system, rc, skin) for name, rc in cutoffs.items()})
    check_no_overlap(system, neighbors.pairs)
    return neighbors


def check_no_overlap(system: System, pairs: Mapping[str, PairList]) -> None:
    """Raise `CoincidentAtomsError` when two atoms are all but at one place (host only)."""
    listed = min(pairs.values(), key=lambda one: len(one.i), default=None)
    if listed is None or len(listed.i) == 0:
        return
    geometry = edges(system, listed, jnp.zeros_like(system.cell), system.positions.dtype)
    distances = np.where(np.asarray(listed.mask), np.asarray(geometry.distances), np.inf)
    closest = int(np.argmin(distances))
    if distances[closest] >= SMALLEST_DISTANCE:
        return
    i, j = int(listed.i[closest]), int(listed.j[closest])
    index = np.asarray(system.system_index)
    first = int(np.argmax(index == index[i]))
    names = [f"{symbol(int(system.numbers[k]))} {k - first}" for k in (i, j)]
    raise CoincidentAtomsError(
        f"structure: atoms {names[0]} and {names[1]} (counted from 0) coincide",
        got=f"{distances[closest]:.3g} Å apart",
        expected=f"at least {SMALLEST_DISTANCE} Å",
        remedy="Remove duplicate atoms, and check the cell of a periodic structure",
    )
