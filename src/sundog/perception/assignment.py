"""The cheapest multiple bonds and states of a small group of atoms, exactly.

Groups that are alike, as the amides of a protein or the tails of lipids, are solved once: the atoms
of a group are put in an order that follows from their neighbourhoods, and what is then the same to
the last number has the same solution.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from sundog.perception.states import EXCESS, NET_CHARGE, OPEN, State, fitting

LONG_BOND = 4
"""Cost of a multiple bond where the length is rather that of a single one."""

KEPT = 4096
"""Number of different groups whose solutions are kept."""

ROUNDS = 8
"""Number of bonds over which neighbourhoods are looked at for the order of atoms."""


class Group(NamedTuple):
    """Atoms that multiple bonds may join.

    Attributes:
        kinds: Atomic number and number of bonds of each atom.
        limits: Largest sum of bond orders beyond single of each atom.
        bonds: Two atoms, the largest order beyond single, and whether it is long, of each bond.
    """

    kinds: tuple[tuple[int, int], ...]
    limits: tuple[int, ...]
    bonds: tuple[tuple[int, int, int, int], ...]


class Solution(NamedTuple):
    """Solution of a group.

    Attributes:
        charges: Formal charge of each atom, e.
        open_valences: Bonds that each atom lacks.
        excess_valences: Bonds that each atom has too many.
        extra: Order of each bond beyond single.
    """

    charges: Int[np.ndarray, " atoms"]
    open_valences: Int[np.ndarray, " atoms"]
    excess_valences: Int[np.ndarray, " atoms"]
    extra: Int[np.ndarray, " bonds"]


def solve(group: Group) -> Solution:
    """Return the cheapest charges and bond orders of a group of atoms."""
    order = _order(group)
    place = {atom: k for k, atom in enumerate(order)}
    moved = [
        (min(place[i], place[j]), max(place[i], place[j]), most, long)
        for i, j, most, long in group.bonds
    ]
    by_place = sorted(range(len(moved)), key=moved.__getitem__)
    found = _solve(
        Group(
            tuple(group.kinds[k] for k in order),
            tuple(group.limits[k] for k in order),
            tuple(moved[k] for k in by_place),
        )
    )
    back = np.argsort(order)
    extra = np.empty(len(moved), np.int64)
    extra[by_place] = found.extra
    return Solution(
        found.charges[back], found.open_valences[back], found.excess_valences[back], extra
    )


def _order(group: Group) -> list[int]:
    """Return the atoms in an order that follows from elements and neighbours, then from theirs."""
    around: list[list[tuple[int, int, int]]] = [[] for _ in group.kinds]
    for i, j, most, long in group.bonds:
        around[i].append((j, most, long))
        around[j].append((i, most, long))
    labels = [hash((*kind, most)) for kind, most in zip(group.kinds, group.limits, strict=True)]
    for _ in range(min(ROUNDS, len(labels))):
        labels = [
            hash((own, *sorted(hash((labels[j], most, long)) for j, most, long in near)))
            for own, near in zip(labels, around, strict=True)
        ]
    return sorted(range(len(labels)), key=labels.__getitem__)


@lru_cache(KEPT)
def _solve(group: Group) -> Solution:
    """Return the solution of a group whose atoms are in order, by integer programming.

    Unknowns are, in this order: a 0 or 1 for each state of each atom, the order beyond single of
    each bond, what each atom lacks and has too many, and the size of the net charge.
    """
    # Only groups that are left need it, and it takes its time to import.
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    atoms, bonds = len(group.kinds), len(group.bonds)
    states = [fitting(*kind) for kind in group.kinds]
    owner = [atom for atom, own in enumerate(states) for _ in own]
    flat: list[State] = [state for own in states for state in own]
    count = len(flat)
    lack, over, net = count + bonds, count + bonds + atoms, count + bonds + 2 * atoms
    cost, most = _costs(group, flat)
    rows: list[tuple[int, int, float]] = []  # row, column, factor
    low: list[float] = []
    high: list[float] = []

    def add(terms: list[tuple[int, float]], least: float, largest: float) -> None:
        rows.extend((len(low), column, factor) for column, factor in terms)
        low.append(least)
        high.append(largest)

    of_atom: list[list[tuple[int, float]]] = [[] for _ in range(atoms)]
    for bond, (i, j, *_) in enumerate(group.bonds):
        of_atom[i].append((count + bond, 1.0))
        of_atom[j].append((count + bond, 1.0))
    for atom, (_, degree) in enumerate(group.kinds):
        own = [k for k in range(count) if owner[k] == atom]
        add([(k, 1.0) for k in own], 1, 1)
        balance = [*of_atom[atom], (lack + atom, 1.0), (over + atom, -1.0)]
        add([*balance, *((k, -float(flat[k].valence)) for k in own)], -degree, -degree)
        add(of_atom[atom], 0, group.limits[atom])
        charged = [(k, 8.0) for k in own if flat[k].charge]
        if charged:
            add([(lack + atom, 1.0), *charged], 0, 8)
        triple = [(k, -2.0) for k in own if flat[k].triple]
        if triple:
            add([*of_atom[atom], *triple], 0, np.inf)
    charge = [(k, float(state.charge)) for k, state in enumerate(flat) if state.charge]
    add([*charge, (net, -1.0)], -np.inf, 0)
    add([*charge, (net, 1.0)], 0, np.inf)
    row, column, factor = zip(*rows, strict=True)
    matrix = coo_array((factor, (row, column)), shape=(len(low), net + 1)).tocsr()
    found = milp(
        cost,
        integrality=np.ones(net + 1),
        bounds=Bounds(0, most),  # pyright: ignore[reportArgumentType]
        constraints=LinearConstraint(matrix, low, high),  # pyright: ignore[reportArgumentType]
    )
    if found.x is None:
        raise RuntimeError(f"valences: no solution for {group}: {found.message}")
    values = np.rint(found.x).astype(np.int64)
    chosen = [flat[k] for k in np.flatnonzero(values[:count])]
    return Solution(
        np.array([state.charge for state in chosen]),
        values[lack:over],
        values[over:net],
        values[count:lack],
    )


def _costs(
    group: Group, flat: list[State]
) -> tuple[Float[np.ndarray, " unknowns"], Float[np.ndarray, " unknowns"]]:
    """Return the cost and the largest value of each unknown."""
    atoms, bonds, count = len(group.kinds), len(group.bonds), len(flat)
    lack, over, net = count + bonds, count + bonds + atoms, count + bonds + 2 * atoms
    cost = np.zeros(net + 1)
    cost[:count] = [state.cost for state in flat]
    cost[count : count + bonds] = [LONG_BOND * long for *_, long in group.bonds]
    cost[lack:over], cost[over:net], cost[net] = OPEN, EXCESS, NET_CHARGE
    most = np.full(net + 1, float(max(state.valence for state in flat) + 4))
    most[:count], most[count:lack] = 1, [limit for *_, limit, _ in group.bonds]
    most[over:net] = [max(group.kinds[k][1], 0) for k in range(atoms)]
    most[net] = 4 * atoms
    return cost, most
