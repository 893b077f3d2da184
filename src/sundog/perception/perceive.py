"""Bond orders, formal charges and open valences of a structure, from its bonds and geometry.

Nothing is known but elements, bonds and positions. Of all ways to put double and triple bonds
where the geometry leaves room (`limits.py`) and to give every atom a valence that its element has
(`states.py`), the one is taken that leaves fewest valences open, and of these the one with the
cheapest charges. Most atoms have one way only; what is left falls into small groups, each solved
exactly (`assignment.py`).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from sundog.perception.assignment import Group, solve
from sundog.perception.limits import find_limits
from sundog.perception.states import fitting, settled
from sundog.topology.graphs import components
from sundog.topology.topology import Topology


@dataclass(frozen=True, eq=False)
class Perception:
    """Valences of a structure.

    Attributes:
        charges: Formal charge of each atom, e.
        orders: Order of each bond of the topology, 1 to 3; one of the resonance structures.
        open_valences: Number of bonds that each atom lacks.
        excess_valences: Number of bonds that each atom has too many.
    """

    charges: Int[np.ndarray, " atoms"]
    orders: Int[np.ndarray, " bonds"]
    open_valences: Int[np.ndarray, " atoms"]
    excess_valences: Int[np.ndarray, " atoms"]

    @property
    def charge(self) -> int:
        """Total charge in e."""
        return int(self.charges.sum())


def perceive(topology: Topology) -> Perception:
    """Return bond orders, formal charges and open valences of a structure.

    Args:
        topology: Topology of the structure.
    """
    numbers, bonds = topology.numbers, topology.bonds
    degree = degrees(topology)
    kinds, kind = np.unique(np.stack([numbers, degree]), axis=1, return_inverse=True)
    kind = kind.reshape(-1)
    alone = [settled(*map(int, pair)) for pair in kinds.T]
    charges = np.array([state.charge for state, _, _ in alone], np.int64)[kind]
    open_valences = np.array([lacking for _, lacking, _ in alone], np.int64)[kind]
    excess = np.array([over for _, _, over in alone], np.int64)[kind]
    orders = np.ones(len(bonds.first), np.int64)
    limits = find_limits(topology, degree)
    needy, willing = _roles(kinds, kind, open_valences, charges)
    # A double bond between two atoms that are both content is never better than none.
    first, second = bonds.first, bonds.second
    candidate = (limits.bonds > 0) & (first != second)
    candidate &= (needy[first] & (needy | willing)[second]) | (needy[second] & willing[first])
    chosen = np.flatnonzero(candidate)
    for members, own in _groups(first, second, chosen, len(numbers)):
        place = {atom: k for k, atom in enumerate(members.tolist())}
        group = Group(
            tuple(zip(numbers[members].tolist(), degree[members].tolist(), strict=True)),
            tuple(limits.atoms[members].tolist()),
            tuple(
                (place[i], place[j], most, long)
                for i, j, most, long in zip(
                    first[own].tolist(),
                    second[own].tolist(),
                    limits.bonds[own].tolist(),
                    limits.long[own].tolist(),
                    strict=True,
                )
            ),
        )
        found = solve(group)
        charges[members], open_valences[members] = found.charges, found.open_valences
        excess[members] = found.excess_valences
        orders[own] += found.extra
    return Perception(charges, orders, open_valences, excess)


def degrees(topology: Topology) -> Int[np.ndarray, " atoms"]:
    """Return the number of bonds of each atom, one to its own image counted from both sides."""
    ends = np.concatenate([topology.bonds.first, topology.bonds.second])
    return np.bincount(ends, minlength=len(topology))


def _roles(
    kinds: Int[np.ndarray, "2 kinds"],
    kind: Int[np.ndarray, " atoms"],
    open_valences: Int[np.ndarray, " atoms"],
    charges: Int[np.ndarray, " atoms"],
) -> tuple[Bool[np.ndarray, " atoms"], Bool[np.ndarray, " atoms"]]:
    """Return which atoms would be better with a multiple bond, and which others may have one."""
    more = [
        any(state.valence > degree for state in fitting(number, degree))
        for number, degree in kinds.T.tolist()
    ]
    able = np.array(more, bool)[kind]
    needy = able & ((open_valences > 0) | (charges < 0))
    # Sulfur and phosphorus with an odd number of bonds are charged without a multiple one.
    hypervalent = able & (charges > 0)
    return needy | hypervalent, able


def _groups(
    first: Int[np.ndarray, " bonds"],
    second: Int[np.ndarray, " bonds"],
    chosen: Int[np.ndarray, " chosen"],
    atoms: int,
) -> list[tuple[Int[np.ndarray, " members"], Int[np.ndarray, " own"]]]:
    """Return atoms and bonds of each group that candidates for multiple bonds hold together."""
    if not len(chosen):
        return []
    i, j = first[chosen], second[chosen]
    label = components(i, j, atoms)
    members = np.unique(np.concatenate([i, j]))
    members = members[np.argsort(label[members], kind="stable")]
    order = np.argsort(label[i], kind="stable")
    cuts = np.flatnonzero(np.diff(label[members])) + 1
    bond_cuts = np.flatnonzero(np.diff(label[i][order])) + 1
    parts = np.split(members, cuts), np.split(chosen[order], bond_cuts)
    return list(zip(*parts, strict=True))
