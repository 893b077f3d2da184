"""Hashes of bond graphs: which structures are one molecule, and which share a scaffold.

Weisfeiler and Lehman's colours: each atom has its element; in each round it gets the hash of its
colour and the sorted colours of its neighbours, until no more colours appear. The hash of a
molecule is that of its sorted colours. Different molecules may share it, but conformers of one
molecule always do.

A scaffold is what is left of the heavy atoms when ends are cut off until there are none (Bemis,
Murcko, J. Med. Chem. 39, 2887 (1996), doi:10.1021/jm9602928): rings and what joins them. A molecule
without rings is its own scaffold.
"""

import hashlib

import numpy as np

from sundog.data.records import Record
from sundog.topology.bonds import find_bonds


def molecule_hash(one: Record) -> bytes:
    """Return the hash of the bond graph, 8 bytes; conformers of one molecule share it.

    Args:
        one: structure of one or several molecules.
    """
    bonds = find_bonds(one.numbers, one.positions, one.cell, one.pbc)
    return _colours(one.numbers, bonds.first, bonds.second)


def scaffold_hash(one: Record) -> bytes:
    """Return the hash of the scaffold, 8 bytes.

    Args:
        one: structure of one or several molecules.
    """
    bonds = find_bonds(one.numbers, one.positions, one.cell, one.pbc)
    i, j = bonds.first, bonds.second
    left = one.numbers > 1
    while True:
        kept = left[i] & left[j]
        degree = np.bincount(np.concatenate([i[kept], j[kept]]), minlength=len(left))
        ends = left & (degree < 2)
        if not ends.any():
            break
        left = left & ~ends
    if not left.any():
        return _colours(one.numbers, bonds.first, bonds.second)
    place = np.cumsum(left) - 1
    kept = left[i] & left[j]
    return _colours(one.numbers[left], place[i[kept]], place[j[kept]])


def _colours(numbers: np.ndarray, i: np.ndarray, j: np.ndarray) -> bytes:
    """Return the hash of a graph of elements."""
    beside: list[list[int]] = [[] for _ in numbers]
    for a, b in zip(i.tolist(), j.tolist(), strict=True):
        beside[a].append(b)
        beside[b].append(a)
    colours = [b"%d" % element for element in numbers.tolist()]
    kinds = len(set(colours))
    for _ in range(len(colours)):
        colours = [
            _hash(own, *sorted(colours[k] for k in near))
            for own, near in zip(colours, beside, strict=True)
        ]
        if len(set(colours)) == kinds:
            break
        kinds = len(set(colours))
    return _hash(*sorted(colours))


def _hash(*parts: bytes) -> bytes:
    return hashlib.blake2b(b"|".join(parts), digest_size=8).digest()
