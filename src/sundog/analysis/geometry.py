"""Distances in any cell, triclinic ones included, exact beyond half its width as well.

Atoms are set into the cell, their images within reach beside it, and a k-d tree counts.
"""

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import KDTree

from sundog.topology.images import images_within


def in_cell(
    positions: Float[np.ndarray, "atoms 3"], cell: Float[np.ndarray, "3 3"]
) -> Float[np.ndarray, "atoms 3"]:
    """Return positions moved into the cell by lattice vectors."""
    fractional = positions @ np.linalg.inv(cell)
    return (fractional - np.floor(fractional)) @ cell


def with_images(
    positions: Float[np.ndarray, "atoms 3"], cell: Float[np.ndarray, "3 3"], reach: float
) -> tuple[Float[np.ndarray, "places 3"], Int[np.ndarray, " places"]]:
    """Return all places within reach of the cell where an atom or an image of it is, and the atoms.

    Args:
        positions: positions in Å, in the cell.
        cell: lattice vectors as rows in Å.
        reach: distance in Å.
    """
    fractional = positions @ np.linalg.inv(cell)
    number, image = images_within(fractional, cell, np.ones(3, bool), reach)
    return positions[number] + image @ cell, number


def count_pairs(
    first: Float[np.ndarray, "first 3"],
    second: Float[np.ndarray, "second 3"],
    cell: Float[np.ndarray, "3 3"],
    edges: Float[np.ndarray, " bins+1"],
) -> Float[np.ndarray, " bins"]:
    """Return the numbers of pairs of atoms, images included, by distance.

    Args:
        first: positions of one kind of atoms in Å.
        second: positions of the other kind in Å; an atom that is of both kinds is at distance 0.
        cell: lattice vectors as rows in Å.
        edges: edges of the bins in Å, ascending; pairs below the first count nowhere.
    """
    places, _ = with_images(in_cell(second, cell), cell, float(edges[-1]))
    counts = KDTree(in_cell(first, cell)).count_neighbors(KDTree(places), edges)
    return np.diff(np.asarray(counts, np.float64))


def neighbours(
    first: Float[np.ndarray, "first 3"],
    second: Float[np.ndarray, "second 3"],
    cell: Float[np.ndarray, "3 3"] | None,
    reach: float,
) -> tuple[Int[np.ndarray, " pairs"], Int[np.ndarray, " pairs"], Float[np.ndarray, "pairs 3"]]:
    """Return all pairs within reach: the one, the other, and the vector to it in Å.

    Args:
        first: positions of one kind of atoms in Å.
        second: positions of the other kind in Å.
        cell: lattice vectors as rows in Å; None without one.
        reach: distance in Å.
    """
    if cell is None:
        own, places, atoms = first, second, np.arange(len(second))
    else:
        own = in_cell(first, cell)
        places, atoms = with_images(in_cell(second, cell), cell, reach)
    found = KDTree(own).sparse_distance_matrix(KDTree(places), reach, output_type="ndarray")
    i, j = found["i"], found["j"]
    order = np.lexsort((j, i))
    i, j = i[order], j[order]
    return i, atoms[j], places[j] - own[i]


def angles(
    first: Float[np.ndarray, "*many 3"], second: Float[np.ndarray, "*many 3"]
) -> Float[np.ndarray, "*many"]:
    """Return the angles in degrees between vectors."""
    lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    cosine = (first * second).sum(axis=-1) / lengths
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))
