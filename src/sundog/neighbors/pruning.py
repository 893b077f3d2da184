"""Pruning: from a list with a skin to the pairs that are within the cutoff now.

The skin and the room of the rows make a short list twice as long as its pairs. Where
every pair is expensive, as in the network, it pays to drop the rest at every step.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from sundog.neighbors.neighbor_list import NeighborList
from sundog.neighbors.pairs import PairList, edges
from sundog.system import System

HEADROOM = 1.1
"""Room for pairs relative to those at allocation; their total fluctuates little."""


class Pruned(eqx.Module):
    """The pairs of a list that were within its cutoff when last looked at.

    Attributes:
        pairs: flat, padded to fixed room.
        most: the most pairs there have been, which may be more than fit.
    """

    pairs: PairList
    most: Int[Array, ""]

    @property
    def overflow(self) -> Bool[Array, ""]:
        """True when pairs did not fit."""
        return self.most > self.pairs.i.shape[0]


def prune(listed: NeighborList, system: System, room: int, most: Int[Array, ""]) -> Pruned:
    """Return the pairs of `listed` within its cutoff (pure, jittable).

    Args:
        listed: up to date for the system.
        system: positions and cells.
        room: length of the result.
        most: the most pairs seen before.
    """
    pairs = listed.pairs
    near = pairs.mask & _within(pairs, system, listed.cutoff)
    count = jnp.sum(near, dtype=jnp.int32)
    (chosen,) = jnp.nonzero(near, size=room, fill_value=near.shape[0] - 1)
    mask = jnp.arange(room, dtype=jnp.int32) < count
    i = pairs.i[chosen]
    kept = PairList(
        i=i,
        j=jnp.where(mask, pairs.j[chosen], i),
        shift=jnp.where(mask[:, None], pairs.shift[chosen], 0),
        mask=mask,
    )
    return Pruned(kept, jnp.maximum(most, count))


def room_for(listed: NeighborList, system: System, least: int = 0) -> int:
    """Return a length with headroom for the pairs within the cutoff (host only).

    Args:
        listed: up to date for the system.
        system: concrete arrays.
        least: pairs that were asked for elsewhere.
    """
    near = listed.pairs.mask & _within(listed.pairs, system, listed.cutoff)
    return max(64, int(HEADROOM * max(int(near.sum()), least)))


def _within(pairs: PairList, system: System, cutoff: float) -> Bool[Array, " pairs"]:
    unstrained = jnp.zeros_like(system.cell)
    return edges(system, pairs, unstrained, system.positions.dtype).distances < cutoff
