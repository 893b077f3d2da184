"""Groups of atoms that weights may not know, found in the bond graph.

A group belongs to a class; which classes weights are known to get wrong, and by how much, is said
by whoever knows the weights. Nothing is refused for it.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from sundog.perception.perceive import Perception, degrees
from sundog.perception.places import place
from sundog.topology.topology import Topology

HALOGENS = (9, 17, 35, 53)
"""Atomic numbers of halogens."""

LISTED = 8
"""Number of classes that a line names."""


class Neighbor(NamedTuple):
    """Neighbour of an atom.

    Attributes:
        atom: Its number.
        element: Its atomic number.
        order: Order of the bond.
        degree: Number of its own bonds.
    """

    atom: int
    element: int
    order: int
    degree: int


def find_groups(topology: Topology, perception: Perception) -> dict[str, list[int]]:
    """Return the atoms at the centre of unusual groups, by class.

    Args:
        topology: Topology of the structure.
        perception: Its valences.
    """
    numbers, degree = topology.numbers, degrees(topology)
    found: dict[str, list[int]] = defaultdict(list)
    around = _neighbors(topology, perception, degree)
    for atom, near in around.items():
        for name in _classes(int(numbers[atom]), int(perception.charges[atom]), near, around):
            found[name].append(atom)
    for atom in np.flatnonzero((numbers == 8) & (perception.charges == -1)).tolist():
        if [one.element for one in around.get(atom, ())] == [1]:
            found["hydroxide"].append(atom)
    return dict(found)


def blind_spots(
    topology: Topology, perception: Perception, errors: Mapping[str, tuple[float, float]]
) -> list[str]:
    """Return a line about the groups of a structure that weights are known to get wrong.

    Args:
        topology: Topology of the structure.
        perception: Its valences.
        errors: Lowest and highest mean absolute error of forces in eV/Å, by class.
    """
    groups = find_groups(topology, perception)
    known = sorted(groups.keys() & errors.keys(), key=lambda name: -errors[name][1])
    if not known:
        return []
    told = []
    for name in known[:LISTED]:
        low, high = errors[name]
        size = f"{low:g}" if low == high else f"{low:g} to {high:g}"
        times = f" ×{len(groups[name])}" if len(groups[name]) > 1 else ""
        told.append(f"{name}{times} ({place(topology, groups[name][0])}): {size}")
    more = f"; and {len(known) - LISTED} more" if len(known) > LISTED else ""
    return [
        "Known weak spots of these weights, with mean absolute errors of forces in eV/Å against "
        f"PBE0: {'; '.join(told)}{more}. Ordinary organic groups have 0.01 to 0.03"
    ]


def _neighbors(
    topology: Topology, perception: Perception, degree: Int[np.ndarray, " atoms"]
) -> dict[int, list[Neighbor]]:
    """Return the neighbours of atoms that may be at the centre of an unusual group.

    Carbon with single, aromatic or amide bonds, nitrogen and oxygen with carbon and hydrogen alone
    are left out, and with them most of any structure.
    """
    numbers, bonds = topology.numbers, topology.bonds
    ends = np.concatenate([bonds.first, bonds.second])
    others = np.concatenate([bonds.second, bonds.first])
    orders = np.concatenate([perception.orders] * 2)
    plain = np.isin(numbers, (1, 6))
    odd = ~np.isin(numbers, (1, 6, 7, 8))
    hetero = ~plain[ends] & ~plain[others]
    sum_of_orders = np.bincount(ends, orders, len(numbers))
    steep = (numbers == 6) & (degree > 0) & (sum_of_orders - degree >= 2)
    wanted = odd | steep
    wanted[ends[hetero]] = True
    wanted[ends[(orders == 3) & ~plain[ends]]] = True
    wanted[ends[np.isin(numbers[others], HALOGENS)]] = True
    wanted |= (numbers == 8) & (perception.charges == -1) & (degree == 1)
    order = np.argsort(ends, kind="stable")
    begin = np.searchsorted(ends[order], np.arange(len(numbers) + 1))
    around: dict[int, list[Neighbor]] = {}
    for atom in np.flatnonzero(wanted).tolist():
        own = order[begin[atom] : begin[atom + 1]]
        around[atom] = [
            Neighbor(int(j), int(numbers[j]), int(k), int(degree[j]))
            for j, k in zip(others[own], orders[own], strict=True)
        ]
    return around


def _classes(
    element: int, charge: int, near: list[Neighbor], around: Mapping[int, list[Neighbor]]
) -> list[str]:
    """Return the classes of groups that an atom is the centre of."""
    halogens = [one for one in near if one.element in HALOGENS]
    if element == 6:
        return _of_carbon(charge, near, halogens)
    if element == 7:
        return _of_nitrogen(near, halogens, around)
    if element == 8:
        if halogens:
            return ["oxygen with halogen"]
        return ["oxygen with oxygen"] if any(one.element == 8 for one in near) else []
    if element == 15:
        return _of_phosphorus(near, halogens)
    if element == 16:
        return _of_sulfur(near, halogens)
    if element in HALOGENS and halogens:
        return ["halogen with halogen"]
    return []


def _of_carbon(charge: int, near: list[Neighbor], halogens: list[Neighbor]) -> list[str]:
    found = []
    extra = sum(one.order - 1 for one in near)
    doubles = [one for one in near if one.order == 2]
    if len(doubles) == 2:
        sulfur = any(one.element == 16 for one in doubles)
        oxygen = all(one.element == 8 for one in doubles)
        found += ["CS2 or OCS"] if sulfur else [] if oxygen else ["cumulated double bonds"]
    if any(one.order == 3 and one.element == 7 for one in near):
        found.append("cyanide or isocyanide" if charge else "nitrile")
    if halogens:
        found.append("halogen at a multiple bond" if extra else "")
        if not extra and len(halogens) > 2:
            found.append("carbon with three or four halogens")
    return [name for name in found if name]


def _of_nitrogen(
    near: list[Neighbor], halogens: list[Neighbor], around: Mapping[int, list[Neighbor]]
) -> list[str]:
    if halogens:
        return ["nitrogen with halogen"]
    oxygens = [one for one in near if one.element == 8]
    ends = [one for one in oxygens if one.degree == 1]
    if len(ends) == 3:
        return ["nitrate"]
    if len(ends) == 2 or (ends and len(near) == 2 and len(oxygens) == 2):
        return ["nitro or nitrite group"]
    nitrogens = [one for one in near if one.element == 7]
    if len(nitrogens) == 2 and len(near) == 2:
        return ["azide"]
    if len(nitrogens) == 1 and len(near) == 2 and nitrogens[0].degree == 1:
        return ["nitrogen with multiple bonds to nitrogen"]
    if ends and len(near) == 2 and ends[0].order == 2:
        return ["nitroso group"]
    if ends:
        return ["N-oxide"]
    return ["nitrogen with a single bond to oxygen"] if oxygens else []


def _of_phosphorus(near: list[Neighbor], halogens: list[Neighbor]) -> list[str]:
    if halogens:
        return ["phosphorus with halogen"]
    valence = sum(one.order for one in near)
    if valence < 4:
        return ["trivalent phosphorus"]
    if valence == 4:
        return ["phosphonium"]
    oxygens = [one for one in near if one.element == 8]
    if len(near) == 4 and len(oxygens) == 4:
        return ["phosphate"]
    return ["pentavalent phosphorus other than phosphate"]


def _of_sulfur(near: list[Neighbor], halogens: list[Neighbor]) -> list[str]:
    if halogens:
        return ["sulfur with halogen"]
    valence = sum(one.order for one in near)
    if valence == 4:
        return ["S(IV), as sulfoxide"]
    return ["S(VI), as sulfone, sulfonamide or sulfate"] if valence == 6 else []
