"""Connected atoms, and pairs of near places, in NumPy alone: what checks a structure starts fast.

SciPy has both. Importing it takes half a second, longer than all the rest of a refusal.
"""

from itertools import product

import numpy as np
from jaxtyping import Float, Int

HALF = [shift for shift in product((-1, 0, 1), repeat=3) if shift > (0, 0, 0)]
"""Half of the neighbours of a box; the others are these, seen from there."""


def components(
    first: Int[np.ndarray, " edges"], second: Int[np.ndarray, " edges"], nodes: int
) -> Int[np.ndarray, " nodes"]:
    """Return the number of the component of each node, in the order of their first nodes.

    Every node points to one of lower number in its component, until all point to the lowest.

    Args:
        first: One end of each edge.
        second: Other end of each edge.
        nodes: Number of nodes.
    """
    lowest = np.arange(nodes)
    while True:
        ends = lowest[first], lowest[second]
        lower = np.minimum(*ends)
        hooked = lowest.copy()
        for end in ends:
            np.minimum.at(hooked, end, lower)
        while (hooked != hooked[hooked]).any():
            hooked = hooked[hooked]
        if np.array_equal(hooked, lowest):
            return np.unique(lowest, return_inverse=True)[1].reshape(nodes)
        lowest = hooked


def near_pairs(places: Float[np.ndarray, "places 3"], reach: float) -> Int[np.ndarray, "pairs 2"]:
    """Return all pairs of places up to a distance of each other, the lower first, ascending.

    Places are sorted into boxes of that edge; partners are in the same box or one beside it.

    Args:
        places: Places.
        reach: Distance; nothing is within one that is not positive.
    """
    if not len(places) or not reach > 0:
        return np.zeros((0, 2), np.int64)
    box = np.floor((places - places.min(axis=0)) / reach).astype(np.int64)
    # Boxes beside the outermost are there and empty, so that no neighbour is on the other side.
    sizes = box.max(axis=0) + 3
    weights = np.array([sizes[1] * sizes[2], sizes[2], 1])
    key = (box + 1) @ weights
    order = np.argsort(key, kind="stable")
    keys, starts, counts = np.unique(key[order], return_index=True, return_counts=True)
    found = [_of_boxes(order, starts, counts, starts, counts)]
    found[0] = found[0][:, found[0][0] < found[0][1]]
    for shift in HALF:
        place = np.searchsorted(keys, keys + weights @ shift)
        place[place == len(keys)] = 0
        beside = np.flatnonzero(keys[place] == keys + weights @ shift)
        other = place[beside]
        found.append(_of_boxes(order, starts[beside], counts[beside], starts[other], counts[other]))
    pairs = np.sort(np.concatenate(found, axis=1), axis=0)
    apart = places[pairs[0]] - places[pairs[1]]
    pairs = pairs[:, np.einsum("ij,ij->i", apart, apart) <= reach * reach]
    return pairs[:, np.lexsort((pairs[1], pairs[0]))].T


def _of_boxes(
    order: Int[np.ndarray, " places"],
    starts: Int[np.ndarray, " boxes"],
    counts: Int[np.ndarray, " boxes"],
    other_starts: Int[np.ndarray, " boxes"],
    other_counts: Int[np.ndarray, " boxes"],
) -> Int[np.ndarray, "2 pairs"]:
    """Return each place of a box with each of another, for pairs of boxes in sorted places."""
    sizes = counts * other_counts
    ends = np.cumsum(sizes)
    within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - sizes, sizes)
    width = np.repeat(other_counts, sizes)
    one = np.repeat(starts, sizes) + within // np.maximum(width, 1)
    other = np.repeat(other_starts, sizes) + within % np.maximum(width, 1)
    return np.stack([order[one], order[other]])
