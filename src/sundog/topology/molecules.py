"""Molecules: what bonds hold together, and how to move it by lattice vectors into one piece.

The engine leaves positions unwrapped: atoms that diffuse walk out of the cell, as mean square
displacements need it. `wrap` moves each molecule by whole lattice vectors.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from sundog.topology.bonds import Bonds
from sundog.topology.cell import completed
from sundog.topology.graphs import components


class Molecules(NamedTuple):
    """Molecules of a structure.

    A network that is bonded to its own image, as a crystal or a polymer through the cell, cannot
    be whole: each of its atoms counts as a molecule.

    Attributes:
        number: Molecule of each atom, counted from 0.
        image: Cells to move each atom by, so that the molecules of the structure are whole.
        pbc: Periodicity along each lattice vector.
    """

    number: Int[np.ndarray, " atoms"]
    image: Int[np.ndarray, "atoms 3"]
    pbc: Bool[np.ndarray, " 3"]


def connected(bonds: Bonds, atoms: int) -> Int[np.ndarray, " atoms"]:
    """Return for each atom the number of the molecule or network that bonds make it part of."""
    return components(bonds.first, bonds.second, atoms)


def find_molecules(bonds: Bonds, pbc: Bool[np.ndarray, " 3"], atoms: int) -> Molecules:
    """Return the molecules of a structure.

    Args:
        bonds: Its bonds.
        pbc: Periodicity along each lattice vector.
        atoms: Number of its atoms.
    """
    index = connected(bonds, atoms)
    image = _images_along_tree(bonds, index)
    torn = (image[bonds.first] + bonds.image != image[bonds.second]).any(axis=1)
    in_network = np.isin(index, index[bonds.first[torn]])
    image[in_network] = 0
    alone = index.max(initial=-1) + 1 + np.arange(atoms)
    index = np.unique(np.where(in_network, alone, index), return_inverse=True)[1]
    return Molecules(index.reshape(atoms), image, pbc)


def wrap(
    positions: Float[np.ndarray, "atoms 3"],
    cell: Float[np.ndarray, "3 3"],
    molecules: Molecules,
) -> Float[np.ndarray, "atoms 3"]:
    """Return positions with molecules whole and their centres (mean positions) in the cell.

    Along a direction that is not periodic nothing moves. Molecules are those of the
    start: bonds that break or form later do not change what stays together.

    Args:
        positions: Positions in Å, unwrapped since `molecules` were found.
        cell: Lattice vectors of this frame as rows, Å.
        molecules: Molecules of the start.
    """
    if not molecules.pbc.any():
        return positions.copy()
    whole = positions + molecules.image @ cell
    atoms = np.bincount(molecules.number)
    sums = [np.bincount(molecules.number, weights=column) for column in whole.T]
    centres = np.stack(sums, axis=1) / atoms[:, None]
    fractional = centres @ np.linalg.inv(completed(cell))
    cells = np.where(molecules.pbc, np.floor(fractional), 0.0)
    return whole - (cells @ cell)[molecules.number]


def _images_along_tree(
    bonds: Bonds, index: Int[np.ndarray, " atoms"]
) -> Int[np.ndarray, "atoms 3"]:
    """Return the cells that bring each atom beside the one it is reached from, back to the first.

    One tree spans all molecules: its root, numbered after the atoms, reaches the first atom
    of each.
    """
    # Checks of a structure do not ask for whole molecules, and SciPy takes its time to import.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order

    count = len(index)
    heads = np.unique(index, return_index=True)[1]
    first = np.concatenate([bonds.first, heads])
    second = np.concatenate([bonds.second, np.full(len(heads), count)])
    shape = (count + 1, count + 1)
    graph = coo_array((np.ones(len(first)), (first, second)), shape=shape)
    _, before = breadth_first_order(graph, count, directed=False)
    parent = before[:count]
    parent[heads] = heads
    image = np.zeros((count, 3), dtype=np.int64)
    below = np.flatnonzero(parent != np.arange(count))
    # Of several images bonded to the same atom any one will do.
    keys, place = np.unique(bonds.first * count + bonds.second, return_index=True)
    low, high = np.minimum(below, parent[below]), np.maximum(below, parent[below])
    found = bonds.image[place[np.searchsorted(keys, low * count + high)]]
    image[below] = np.where((low == below)[:, None], -found, found)
    while (parent != parent[parent]).any():
        image += image[parent]
        parent = parent[parent]
    return image
