"""Which atoms are bonded, and through which periodic image: found once, from covalent radii."""

from itertools import product
from typing import NamedTuple

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from jaxtyping import Bool, Float, Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components
from scipy.spatial import KDTree

BOND_STRETCH = 1.25
"""Two atoms are bonded up to this multiple of the sum of their covalent radii."""


class Bonds(NamedTuple):
    """Covalent bonds, each once for each pair of images.

    Attributes:
        first: the atom of lower index.
        second: the other one.
        image: cells from `second` to its image that is bonded to `first`.
    """

    first: Int[np.ndarray, " bonds"]
    second: Int[np.ndarray, " bonds"]
    image: Int[np.ndarray, "bonds 3"]


class Molecules(NamedTuple):
    """How the atoms of a structure fall into molecules.

    A network that is bonded to its own image, as a crystal or a polymer through
    the cell, cannot be whole: its atoms stand alone.

    Attributes:
        number: of each atom's molecule, from 0.
        image: cells to move each atom by, so that the molecules of the structure are whole.
        pbc: the directions that are periodic.
    """

    number: Int[np.ndarray, " atoms"]
    image: Int[np.ndarray, "atoms 3"]
    pbc: Bool[np.ndarray, " 3"]


def find_bonds(atoms: Atoms) -> Bonds:
    """Return the covalent bonds of a structure, periodic images respected."""
    radii = BOND_STRETCH * covalent_radii[atoms.numbers]
    reach = 2 * radii.max(initial=0.0)
    cell = atoms.cell.complete().array
    periodic = atoms.pbc & atoms.cell.array.any(axis=1)
    fractional = atoms.positions @ np.linalg.inv(cell)
    home = np.where(periodic, np.floor(fractional), 0.0).astype(np.int64)
    number, image = _with_images(fractional - home, cell, periodic, reach)
    inside = atoms.positions - home @ cell
    places = inside[number] + image @ cell
    near = KDTree(places).query_pairs(reach, output_type="ndarray")
    near = near[near[:, 0] < len(atoms)]  # of two images the bond is that of their atoms
    i, j = number[near].T
    close = np.linalg.norm(np.diff(places[near], axis=1)[:, 0], axis=1) < radii[i] + radii[j]
    once = close & (i <= j)
    cells = image[near[:, 1]] + home[i] - home[j]
    return Bonds(i[once], j[once], cells[once])


def _with_images(
    fractional: Float[np.ndarray, "atoms 3"],
    cell: Float[np.ndarray, "3 3"],
    periodic: Bool[np.ndarray, " 3"],
    reach: float,
) -> tuple[Int[np.ndarray, " places"], Int[np.ndarray, "places 3"]]:
    """Return atom and image of all places within `reach` of the cell, the cell's own first."""
    margin = np.where(periodic, reach * np.linalg.norm(np.linalg.inv(cell), axis=0), 0.0)
    several = [range(-n, n + 1) for n in np.ceil(margin).astype(int).tolist()]
    number, image = [np.arange(len(fractional))], [np.zeros_like(fractional, dtype=np.int64)]
    for shift in product(*several):
        moved = fractional + shift
        beside = (moved > -margin) & (moved < 1 + margin)
        found = np.flatnonzero((beside | ~periodic).all(axis=1))
        if any(shift):
            number.append(found)
            image.append(np.tile(np.array(shift), (len(found), 1)))
    return np.concatenate(number), np.concatenate(image)


def connected(first: np.ndarray, second: np.ndarray, atoms: int) -> Int[np.ndarray, " atoms"]:
    """Return for each atom the number of the molecule that bonds make it part of."""
    return connected_components(_graph(first, second, atoms), directed=False)[1]


def find_molecules(atoms: Atoms) -> Molecules:
    """Return the molecules of a structure; its atoms may be wrapped into the cell one by one."""
    bonds, count = find_bonds(atoms), len(atoms)
    index = connected(bonds.first, bonds.second, count)
    image = _images_along_tree(bonds, index)
    torn = (image[bonds.first] + bonds.image != image[bonds.second]).any(axis=1)
    in_network = np.isin(index, index[bonds.first[torn]])
    image[in_network] = 0
    alone = index.max(initial=-1) + 1 + np.arange(count)
    index = np.unique(np.where(in_network, alone, index), return_inverse=True)[1]
    return Molecules(index.reshape(count), image, atoms.pbc.copy())


def _images_along_tree(
    bonds: Bonds, index: Int[np.ndarray, " atoms"]
) -> Int[np.ndarray, "atoms 3"]:
    """Return the cells that bring each atom beside the one it is reached from, back to the first.

    One tree spans all molecules: its root, numbered after the atoms, reaches the first atom
    of each.
    """
    count = len(index)
    heads = np.unique(index, return_index=True)[1]
    first = np.concatenate([bonds.first, heads])
    second = np.concatenate([bonds.second, np.full(len(heads), count)])
    _, before = breadth_first_order(_graph(first, second, count + 1), count, directed=False)
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


def _graph(first: np.ndarray, second: np.ndarray, nodes: int) -> coo_array:
    return coo_array((np.ones(len(first)), (first, second)), shape=(nodes, nodes))
