"""Atom-centred neighbourhoods: the atoms around an atom, and the bonds among them.

A neighbourhood by bonds holds all atoms at most k bonds away, one by distance all atoms at most r Å
away, bonded or not. It is the induced subgraph of these atoms with all bonds among them, in which
the central atom is marked. Periodic images of an atom count as different atoms.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list
from jaxtyping import Bool, Int
from scipy.sparse import csr_array

from sundog.coverage.graphs import BondGraph
from sundog.errors import InputError

MOST_BONDS = 6
"""Largest radius in bonds; beyond it, neighbourhoods of small molecules are whole molecules."""

MOST_ANGSTROM = 10.0
"""Largest radius in Å; neighbourhoods of a liquid then hold some 400 atoms, nearly all distinct."""

HALF_IMAGES = 1 << 5
"""Number of images on either side along each lattice vector that a key has room for."""


@dataclass(frozen=True)
class Radius:
    """Radius of a neighbourhood.

    Attributes:
        value: Whole number of bonds, or distance in Å.
        unit: Unit of `value`, `bonds` or `angstrom`.
    """

    value: float
    unit: str = "bonds"

    def __post_init__(self):
        """Refuse values that are no radius.

        Raises:
            InputError: The value is not a whole number of bonds, or out of range.
        """
        bonds = self.unit == "bonds"
        if self.unit not in ("bonds", "angstrom"):
            raise InputError("radius: unknown unit", got=self.unit, expected="bonds or angstrom")
        if not 0 < self.value <= (MOST_BONDS if bonds else MOST_ANGSTROM) or (
            bonds and self.value != int(self.value)
        ):
            raise InputError(
                f"radius_{self.unit}: out of range",
                got=self.value,
                expected=f"a whole number from 1 to {MOST_BONDS}"
                if bonds
                else f"above 0 and at most {MOST_ANGSTROM:g} Å",
            )

    def __str__(self) -> str:
        """Return the radius with its unit."""
        return f"{self.value:g} {'bond(s)' if self.unit == 'bonds' else 'Å'}"


@dataclass(frozen=True)
class Neighborhoods:
    """Neighbourhoods, as graphs in flat arrays, one after another.

    Attributes:
        count: Number of neighbourhoods.
        owner: Neighbourhood of each node, ascending.
        number: Atomic number of each node.
        shell: Number of bonds from the centre to each node; in neighbourhoods by distance 0 for
            the centre and 1 for other nodes.
        source: Node at which each edge starts, ascending; every bond is listed both ways.
        target: Node at which each edge ends.
    """

    count: int
    owner: Int[np.ndarray, " nodes"]
    number: Int[np.ndarray, " nodes"]
    shell: Int[np.ndarray, " nodes"]
    source: Int[np.ndarray, " edges"]
    target: Int[np.ndarray, " edges"]

    def part(self, chosen: Bool[np.ndarray, " count"]) -> "Neighborhoods":
        """Return the neighbourhoods that a mask chooses."""
        nodes = chosen[self.owner]
        edges = nodes[self.source]
        node, owner = np.cumsum(nodes) - 1, np.cumsum(chosen) - 1
        return Neighborhoods(
            int(chosen.sum()),
            owner[self.owner[nodes]],
            self.number[nodes],
            self.shell[nodes],
            node[self.source[edges]],
            node[self.target[edges]],
        )


def by_bonds(graph: BondGraph, centers: Int[np.ndarray, " centers"], bonds: int) -> Neighborhoods:
    """Return the neighbourhoods of atoms up to a number of bonds.

    Args:
        graph: Bonds of the structures.
        centers: Atoms, each of which gets a neighbourhood.
        bonds: Radius in bonds.

    Raises:
        InputError: Bonds reach across too many images of a cell.
    """
    if graph.shift.any():
        return _across_images(graph, centers, bonds)
    # Atoms within n bonds are the non-zero entries of (adjacency + 1)ⁿ.
    atoms = len(graph.numbers)
    ends = np.ones(len(graph.neighbor), np.int32)
    adjacency = csr_array((ends, graph.neighbor, graph.start), shape=(atoms, atoms))
    rows = np.arange(len(centers) + 1)
    here = np.ones(len(centers), np.int32)
    reached = csr_array((here, centers, rows), shape=(len(centers), atoms))
    times = reached.copy()
    for _ in range(bonds):
        reached = csr_array(reached + reached @ adjacency)
        reached.data[:] = 1
        times = times + reached
    times.sort_indices()
    owner = np.repeat(rows[:-1], np.diff(times.indptr))
    atom = times.indices.astype(np.int64)
    degree = (graph.start[1:] - graph.start[:-1])[atom]
    node = np.repeat(np.arange(len(atom)), degree)
    first = graph.start[atom] - np.cumsum(degree) + degree
    ends = graph.neighbor[np.arange(len(node)) + first[node]]
    key = owner * atoms + atom
    target, inside = _find(key, owner[node] * atoms + ends)
    # An atom n bonds away is reached with n, n + 1, …, k bonds, k + 1 − n times in all.
    shell = bonds + 1 - times.data.astype(np.int64)
    return Neighborhoods(
        len(centers), owner, graph.numbers[atom], shell, node[inside], target[inside]
    )


def _across_images(
    graph: BondGraph, centers: Int[np.ndarray, " centers"], bonds: int
) -> Neighborhoods:
    """Return neighbourhoods shell by shell, where bonds lead to other images."""
    keys = _Keys(graph, len(centers))
    layer = keys.pack(np.arange(len(centers)), centers, np.zeros((len(centers), 3), np.int64))
    shells, before = [layer], np.zeros(0, np.int64)
    for _ in range(bonds):
        reached = np.unique(keys.neighbors(layer)[1])
        known = np.concatenate([before, layer])
        known.sort()
        before, layer = layer, reached[~_find(known, reached)[1]]
        shells.append(layer)
    shell = np.repeat(np.arange(len(shells)), [len(one) for one in shells])
    return keys.joined(np.concatenate(shells), shell)


def by_distance(
    graph: BondGraph,
    structures: Sequence[Atoms],
    centers: Int[np.ndarray, " centers"],
    angstrom: float,
) -> Neighborhoods:
    """Return the neighbourhoods of atoms up to a distance.

    Args:
        graph: Bonds of the structures.
        structures: Structures that the graph was made of.
        centers: Atoms, ascending, each of which gets a neighbourhood.
        angstrom: Radius in Å.

    Raises:
        InputError: The distance reaches across too many images of a cell.
    """
    keys = _Keys(graph, len(centers))
    offsets = np.searchsorted(graph.structure, np.arange(len(structures)))
    i, j, shift = [], [], []
    for n in np.unique(graph.structure[centers]):
        a, b, cells = neighbor_list("ijS", structures[n], float(angstrom))
        i.append(a + offsets[n])
        j.append(b + offsets[n])
        shift.append(cells)
    first, second, cells = (np.concatenate(x) for x in (i, j, shift))
    place = np.full(len(graph.numbers), -1)
    place[centers] = np.arange(len(centers))
    wanted = place[first] >= 0
    own = keys.pack(np.arange(len(centers)), centers, np.zeros((len(centers), 3), np.int64))
    others = keys.pack(place[first[wanted]], second[wanted], cells[wanted].astype(np.int64))
    shell = np.repeat([0, 1], [len(own), len(others)])
    return keys.joined(np.concatenate([own, others]), shell)


class _Keys:
    """Keys of nodes: one integer for neighbourhood, atom and image together."""

    def __init__(self, graph: BondGraph, count: int):
        self.graph, self.count = graph, count

    def pack(
        self, owner: np.ndarray, atom: np.ndarray, shift: Int[np.ndarray, "nodes 3"]
    ) -> Int[np.ndarray, " nodes"]:
        if np.abs(shift).max(initial=0) >= HALF_IMAGES:
            raise InputError(
                "radius: neighbourhoods reach across too many images of a cell",
                got=f"{np.abs(shift).max()} cells",
                expected=f"fewer than {HALF_IMAGES}",
                remedy="Use a larger cell or a smaller radius",
            )
        key, side = owner * len(self.graph.numbers) + atom, 2 * HALF_IMAGES
        for axis in range(3):
            key = key * side + shift[:, axis] + HALF_IMAGES
        return key

    def unpack(
        self, key: Int[np.ndarray, " nodes"]
    ) -> tuple[np.ndarray, np.ndarray, Int[np.ndarray, "nodes 3"]]:
        shift = np.zeros((len(key), 3), np.int64)
        for axis in (2, 1, 0):
            key, code = np.divmod(key, 2 * HALF_IMAGES)
            shift[:, axis] = code - HALF_IMAGES
        owner, atom = np.divmod(key, len(self.graph.numbers))
        return owner, atom, shift

    def neighbors(self, key: Int[np.ndarray, " nodes"]) -> tuple[np.ndarray, np.ndarray]:
        """Return for every bond of every node the number of the node and the other end's key."""
        owner, atom, shift = self.unpack(key)
        start = self.graph.start
        degree = start[atom + 1] - start[atom]
        node = np.repeat(np.arange(len(key)), degree)
        within = np.arange(len(node)) - np.repeat(np.cumsum(degree) - degree, degree)
        bond = start[atom[node]] + within
        across = shift[node] + self.graph.shift[bond]
        return node, self.pack(owner[node], self.graph.neighbor[bond], across)

    def joined(
        self, key: Int[np.ndarray, " nodes"], shell: Int[np.ndarray, " nodes"]
    ) -> Neighborhoods:
        """Return the neighbourhoods made of nodes, with all bonds among them."""
        order = np.argsort(key)
        key, shell = key[order], shell[order]
        source, ends = self.neighbors(key)
        target, inside = _find(key, ends)
        owner, atom, _ = self.unpack(key)
        numbers = self.graph.numbers[atom]
        return Neighborhoods(self.count, owner, numbers, shell, source[inside], target[inside])


def _find(
    known: Int[np.ndarray, " known"], asked: Int[np.ndarray, " asked"]
) -> tuple[Int[np.ndarray, " asked"], Bool[np.ndarray, " asked"]]:
    """Return the places of keys among sorted ones, and whether they are there."""
    if not len(known):
        return np.zeros(len(asked), np.int64), np.zeros(len(asked), bool)
    place = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    return place, known[place] == asked
