"""Structures that are equal, and molecules that are nearly so however they are turned.

    d(A, B)² = 2/(N(N − 1)) Σ_k (r_k(A) − r_k(B))²

r_k(A): distances between atoms of a molecule A of N atoms, sorted within each pair of elements, in
Å. d is zero for molecules that are turned, moved, numbered otherwise or mirrored, and at most the
root mean square change of the distances. Molecules of one formula and charge are compared.
Candidates are those whose means of r_k over blocks differ by no more, which is necessary.
Periodic structures are compared for equality alone.
"""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree
from scipy.spatial.distance import pdist

from sundog.data.records import Record, Records

BLOCKS = 12
"""Number of means that are compared first."""

COMPARED = 50_000
"""Number of pairs of candidates that are compared at a time."""


class Hashed(Records, Protocol):
    """Structures with hashes, as a store has them."""

    digests: np.ndarray


def equal_structures(records: Hashed) -> Int[np.ndarray, " structures"]:
    """Return for each structure the number of the first one that is equal to it.

    Args:
        records: structures with hashes.
    """
    _, first, kind = np.unique(
        np.asarray(records.digests), axis=0, return_index=True, return_inverse=True
    )
    return first[kind.reshape(len(records))]


def near_structures(records: Hashed, within_angstrom: float) -> Int[np.ndarray, " structures"]:
    """Return the number of the group of each structure; those of a group are linked by nearness.

    Args:
        records: structures with hashes.
        within_angstrom: d below which two molecules are near.
    """
    firsts = equal_structures(records)
    edges = [np.stack([np.arange(len(records)), firsts])]
    by_formula: dict[tuple[tuple[int, int], ...], list[int]] = {}
    for number in np.unique(firsts).tolist():
        one = records[number]
        if not one.pbc.any() and len(one.numbers) > 1:
            by_formula.setdefault(one.formula, []).append(number)
    for numbers in by_formula.values():
        if len(numbers) > 1:
            edges += [*_near(records, np.array(numbers), within_angstrom)]
    i, j = np.concatenate(edges, axis=1)
    graph = coo_array((np.ones(len(i), bool), (i, j)), shape=(len(records), len(records)))
    return connected_components(graph, directed=False)[1]


def _near(
    records: Records, numbers: Int[np.ndarray, " same"], within: float
) -> Iterator[Int[np.ndarray, "2 pairs"]]:
    """Yield pairs of near molecules of one formula."""
    means = np.stack([_means(sorted_distances(records[n])) for n in numbers.tolist()])
    tree = KDTree(means)
    for first in range(0, len(numbers), 256):
        close = tree.query_ball_point(means[first : first + 256], within, return_sorted=True)
        a = np.repeat(np.arange(first, first + len(close)), [len(one) for one in close])
        b = np.concatenate([np.array(one, np.int64) for one in close])
        a, b = a[a < b], b[a < b]
        for begin in range(0, len(a), COMPARED):
            part = slice(begin, begin + COMPARED)
            yield numbers[_confirmed(records, numbers, np.stack([a[part], b[part]]), within)]


def _confirmed(
    records: Records, numbers: np.ndarray, pairs: Int[np.ndarray, "2 pairs"], within: float
) -> Int[np.ndarray, "2 near"]:
    """Return those of the pairs that are near in all distances."""
    needed, place = np.unique(pairs, return_inverse=True)
    place = place.reshape(pairs.shape)
    found = np.stack([sorted_distances(records[n]) for n in numbers[needed].tolist()])
    apart = np.sqrt(np.mean((found[place[0]] - found[place[1]]) ** 2, axis=1))
    return pairs[:, apart <= within]


def sorted_distances(one: Record) -> Float[np.ndarray, " pairs"]:
    """Return all distances of a molecule in Å, sorted within each pair of elements."""
    distances = pdist(one.positions)
    i, j = np.triu_indices(len(one.numbers), 1)
    low = np.minimum(one.numbers[i], one.numbers[j])
    high = np.maximum(one.numbers[i], one.numbers[j])
    return distances[np.lexsort((distances, high, low))]


def _means(distances: Float[np.ndarray, " pairs"]) -> Float[np.ndarray, " blocks"]:
    """Return means over blocks, so weighted that their distance is at most that of the whole."""
    edges = np.linspace(0, len(distances), min(BLOCKS, len(distances)) + 1).astype(int)
    sizes = np.diff(edges)
    return np.add.reduceat(distances, edges[:-1]) / np.sqrt(sizes * len(distances))
