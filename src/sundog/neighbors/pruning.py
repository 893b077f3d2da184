"""Pruning: selection of the pairs that are within the cutoff from a list with a skin.

The skin and the unused room of the rows make a short list twice as long as its pairs. Where
every pair is expensive, as in the network, it pays to drop the rest at every step.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from sundog.neighbors.neighbor_list import NeighborList
from sundog.neighbors.pairs import PairList, edges
from sundog.system import System

HEADROOM = 1.1
"""Factor of room for pairs relative to the allocation; their total number fluctuates little."""


class Pruned(eqx.Module):
    """Pairs of a list that were within its cutoff at the last update.

    Attributes:
        pairs: flat pair list, padded to a fixed length.
        most: largest number of pairs so far, which may exceed that length.
    """

    pairs: PairList
    most: Int[Array, ""]

    @property
    def overflow(self) -> Bool[Array, ""]:
        """True when there have been more pairs than there is room for."""
        return self.most > self.pairs.i.shape[0]


def prune(listed: NeighborList, system: System, room: int, most: Int[Array, ""]) -> Pruned:
    """Return the pairs of `listed` within its cutoff (pure, jittable).

    Args:
        listed: list that is valid for the system.
        system: positions and cells.
        room: length of the result.
        most: largest number of pairs so far.
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
        listed: list that is valid for the system.
        system: positions and cells, as concrete arrays.
        least: number of pairs that another list needed.
    """
    near = listed.pairs.mask & _within(listed.pairs, system, listed.cutoff)
    return max(64, int(HEADROOM * max(int(near.sum()), least)))


def _within(pairs: PairList, system: System, cutoff: float) -> Bool[Array, " pairs"]:
    unstrained = jnp.zeros_like(system.cell)
    return edges(system, pairs, unstrained, system.positions.dtype).distances < cutoff
