"""Lipids of a bilayer by their graphs of bonds: phosphorus, glycerol, chains and their carbons.

A phospholipid is a molecule with one phosphorus and two acyl chains, carbons after the carbonyl of
an ester of glycerol. The glycerol carbon between the two others is sn-2; sn-1 is the one whose
oxygen does not lead to the phosphorus.
"""

from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sundog.analysis.atoms import neighbours_of
from sundog.analysis.observable import AbstractObservable
from sundog.topology.topology import Topology

SHORTEST_CHAIN = 6
"""Number of carbons of an acyl chain, its carbonyl included, at least."""

CHAINS = ("sn-1", "sn-2")
"""Names of the chains."""


class Lipid(NamedTuple):
    """Phospholipid.

    Attributes:
        phosphorus: its phosphorus.
        chains: carbons of sn-1 and sn-2, from the carbonyl carbon on, which is number 1.
    """

    phosphorus: int
    chains: tuple[tuple[int, ...], tuple[int, ...]]


FEWEST_LIPIDS = 4
"""Number of lipids below which there is no bilayer."""


def bilayer_of(observable: AbstractObservable) -> tuple[Lipid, ...]:
    """Return the phospholipids of what is observed; refuse fewer than make a bilayer."""
    found = lipids(observable.recording.topology)
    if len(found) < FEWEST_LIPIDS:
        raise observable.refuse(f"fewer than {FEWEST_LIPIDS} phospholipids")
    return found


@lru_cache(maxsize=8)
def lipids(topology: Topology) -> tuple[Lipid, ...]:
    """Return the phospholipids in the order of their phosphorus."""
    near, kinds = neighbours_of(topology), topology.numbers
    number = topology.connected
    phosphorus = np.flatnonzero(kinds == 15)
    alone = {k: int(p) for k, p in zip(number[phosphorus], phosphorus, strict=True)}
    counts = np.bincount(number[phosphorus], minlength=1)
    esters = defaultdict(list)
    for atom in np.flatnonzero(kinds == 6).tolist():
        if number[atom] not in alone or len(near[atom]) != 3:
            continue
        oxygens = [k for k in near[atom] if kinds[k] == 8]
        bridges = [k for k in oxygens if len(near[k]) == 2]
        if len(oxygens) == 2 and len(bridges) == 1:
            esters[number[atom]].append((atom, bridges[0]))
    found = []
    for molecule, p in alone.items():
        if counts[molecule] == 1 and len(esters[molecule]) == 2:
            chains = _chains(esters[molecule], near, kinds)
            if chains is not None:
                found.append(Lipid(p, chains))
    return tuple(sorted(found))


def _chains(
    esters: list[tuple[int, int]], near: list[list[int]], kinds: np.ndarray
) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Return sn-1 and sn-2 of two esters, or None where they are no acyl chains of glycerol."""
    by_place: dict[int, tuple[int, ...]] = {}
    for carbonyl, oxygen in esters:
        glycerol = next(k for k in near[oxygen] if k != carbonyl)
        carbons = sum(kinds[k] == 6 for k in near[glycerol])
        chain, before = [carbonyl], oxygen
        while True:
            after = [k for k in near[chain[-1]] if kinds[k] == 6 and k != before]
            if len(after) != 1:
                break
            before = chain[-1]
            chain.append(after[0])
        by_place[carbons] = tuple(chain)
    if set(by_place) != {1, 2} or min(map(len, by_place.values())) < SHORTEST_CHAIN:
        return None
    return by_place[1], by_place[2]


def tails(topology: Topology) -> np.ndarray:
    """Return the last halves of all chains: carbons in the middle of the bilayer."""
    return np.array(
        [k for one in lipids(topology) for chain in one.chains for k in chain[len(chain) // 2 :]]
    )


def centre(positions: np.ndarray, cell: np.ndarray, atoms: np.ndarray) -> float:
    """Return the middle of atoms along the normal, from 0 to 1 of the cell, by circular mean.

    Args:
        positions: positions in Å.
        cell: lattice vectors as rows in Å.
        atoms: atoms to average.
    """
    z = positions[atoms] @ np.linalg.inv(cell)[:, 2]
    return float(np.angle(np.exp(2j * np.pi * z).mean()) / (2 * np.pi)) % 1.0


def along_normal(positions: np.ndarray, cell: np.ndarray, middle: float) -> np.ndarray:
    """Return heights in Å over the middle of the bilayer along the normal of the first two vectors.

    Args:
        positions: positions in Å.
        cell: lattice vectors as rows in Å.
        middle: result of `centre`.
    """
    inverse = np.linalg.inv(cell)
    z = positions @ inverse[:, 2] - middle
    return (z - np.round(z)) / float(np.linalg.norm(inverse[:, 2]))
