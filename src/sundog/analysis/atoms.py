"""Kinds of atoms by the graph of bonds, with names only where there is no other way."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from sundog.topology.residue_names import amino_acid
from sundog.topology.topology import Topology


class Peptide(NamedTuple):
    """Backbone of a residue of a peptide.

    Attributes:
        n: nitrogen.
        ca: α carbon.
        c: carbonyl carbon.
        o: oxygen of the carbonyl.
        before: carbonyl carbon of the residue or cap before; −1 at the end of a chain.
        after: nitrogen of the residue or cap after; −1 at the end of a chain.
    """

    n: int
    ca: int
    c: int
    o: int
    before: int
    after: int


@lru_cache(maxsize=8)
def neighbours_of(topology: Topology) -> list[list[int]]:
    """Return the bonded atoms of every atom, ascending."""
    found: list[list[int]] = [[] for _ in range(len(topology))]
    for i, j in topology.pairs.tolist():
        found[i].append(j)
        found[j].append(i)
    return [sorted(one) for one in found]


def waters(topology: Topology) -> Bool[np.ndarray, " atoms"]:
    """Return which atoms belong to molecules of one oxygen and two hydrogens."""
    number, kinds = topology.connected, topology.numbers
    is_water = (
        (np.bincount(number) == 3)
        & (np.bincount(number, kinds == 1) == 2)
        & (np.bincount(number, kinds == 8) == 1)
    )
    return is_water[number]


def solute(topology: Topology) -> Int[np.ndarray, " atoms"]:
    """Return the heavy atoms of molecules of at least four heavy atoms: no water, no ions."""
    number = topology.connected
    heavy = topology.numbers > 1
    size = np.bincount(number, heavy)
    return np.flatnonzero(heavy & (size[number] >= 4))


@lru_cache(maxsize=8)
def backbone(topology: Topology) -> tuple[Peptide, ...]:
    """Return the residues of peptides in the order of their nitrogens' chain, found by bonds alone.

    A residue is N–Cα–C=O with Cα a carbon of four bonds, whose C is bonded to the nitrogen of an
    amide after it, or whose N is bonded to the carbonyl before it.
    """
    near, kinds = neighbours_of(topology), topology.numbers

    def carbonyl_oxygen(atom: int) -> int | None:
        if kinds[atom] != 6 or len(near[atom]) != 3:
            return None
        ends = [k for k in near[atom] if kinds[k] == 8 and len(near[k]) == 1]
        return ends[0] if ends else None

    carbonyls = {k: o for k in range(len(kinds)) if (o := carbonyl_oxygen(k)) is not None}
    found = []
    for c, o in carbonyls.items():
        for ca in (k for k in near[c] if kinds[k] == 6 and len(near[k]) == 4):
            nitrogens = [k for k in near[ca] if kinds[k] == 7]
            if len(nitrogens) != 1:
                continue
            n = nitrogens[0]
            before = [k for k in near[n] if k in carbonyls and k != c]
            after = [k for k in near[c] if kinds[k] == 7]
            if before or after:
                found.append(
                    Peptide(n, ca, c, o, before[0] if before else -1, after[0] if after else -1)
                )
    return tuple(_in_order(found))


def _in_order(found: list[Peptide]) -> list[Peptide]:
    """Return residues chain by chain, each from its first residue on."""
    by_n = {one.n: one for one in found}
    carbons = {one.c for one in found}
    ordered: list[Peptide] = []
    starts = [one for one in sorted(found) if one.before not in carbons]
    for start in [*starts, *sorted(found)]:  # a ring has no start
        one: Peptide | None = start
        while one is not None and one not in ordered:
            ordered.append(one)
            one = by_n.get(one.after)
    return ordered


def residue_labels(topology: Topology, atoms: Int[np.ndarray, " many"]) -> tuple[str, ...]:
    """Return name and number of the residues that atoms are in; numbers from 1 without names."""
    place = residue_of(topology)
    residues = topology.residues
    if topology.names is None:
        return tuple(str(k + 1) for k in range(len(atoms)))
    return tuple(f"{residues[k].name}{residues[k].number}" for k in place[atoms].tolist())


@lru_cache(maxsize=8)
def residue_of(topology: Topology) -> Int[np.ndarray, " atoms"]:
    """Return the residue of each atom, counted from 0."""
    sizes = [len(one.atom_names) for one in topology.residues]
    return np.repeat(np.arange(len(sizes)), sizes)


def protein(topology: Topology) -> Int[np.ndarray, " atoms"]:
    """Return the heavy atoms of peptides: residues with a backbone, or of an amino acid's name."""
    backbones = {residue_of(topology)[one.ca] for one in backbone(topology)}
    residues = topology.residues
    named = {k for k, one in enumerate(residues) if amino_acid(one.name) is not None}
    own = residue_of(topology)
    inside = np.isin(own, list(backbones | named)) if backbones else np.zeros(len(own), bool)
    return np.flatnonzero(inside & (topology.numbers > 1))


@lru_cache(maxsize=8)
def rings(topology: Topology, longest: int = 6) -> tuple[tuple[int, ...], ...]:
    """Return the rings of three and up to `longest` atoms that have no shorter way across."""
    near, kinds = neighbours_of(topology), topology.numbers
    heavy = [[k for k in one if kinds[k] > 1] for one in near]
    found = set()
    for start in np.flatnonzero(kinds > 1).tolist():
        stack: list[tuple[int, ...]] = [(start,)]
        while stack:
            path = stack.pop()
            for after in heavy[path[-1]]:
                if after == start and len(path) >= 3:
                    found.add(min(path, (path[0], *path[:0:-1])))
                elif after > start and after not in path and len(path) < longest:
                    stack.append((*path, after))
    # A ring with a bond across is two smaller ones.
    return tuple(sorted(ring for ring in found if not _has_chord(ring, near)))


def _has_chord(ring: tuple[int, ...], near: list[list[int]]) -> bool:
    return any(sum(k in near[atom] for k in ring) > 2 for atom in ring)
