"""Census of the distinct environments of a set of structures: their number, names and places."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from jaxtyping import Int, UInt

from sundog.coverage.fingerprints import fingerprints
from sundog.coverage.graphs import BondGraph, bond_graph
from sundog.coverage.neighborhoods import Neighborhoods, Radius, by_bonds, by_distance
from sundog.elements import symbol
from sundog.errors import InputError

ATOMS_AT_ONCE = 8_192
"""Number of centres that are worked on together, so that their arrays stay in cache."""


@dataclass(frozen=True)
class Census:
    """Census of the environments of a set.

    Attributes:
        radius: Radius of the neighbourhoods.
        fingerprints: Fingerprints of the distinct environments, ascending.
        numbers: Atomic number of the centre of each environment.
        names: Readable name of each environment; different environments may share one.
        environment: Environment of each atom, as an index of the arrays above.
        structure: Number of the structure of each atom, ascending.
        structures: Number of structures.
    """

    radius: Radius
    fingerprints: UInt[np.ndarray, " environments"]
    numbers: Int[np.ndarray, " environments"]
    names: list[str]
    environment: Int[np.ndarray, " atoms"]
    structure: Int[np.ndarray, " atoms"]
    structures: int

    @property
    def atoms(self) -> Int[np.ndarray, " environments"]:
        """Number of atoms that have each environment."""
        return np.bincount(self.environment, minlength=len(self.fingerprints))

    def incidence(self) -> tuple[Int[np.ndarray, " pairs"], Int[np.ndarray, " pairs"]]:
        """Return each pair of a structure and an environment in it once, ordered by environment."""
        environment, structure = np.divmod(
            np.unique(self.environment * self.structures + self.structure), self.structures
        )
        return structure, environment

    def holders(self) -> Int[np.ndarray, " environments"]:
        """Return the number of structures that hold each environment."""
        return np.bincount(self.incidence()[1], minlength=len(self.fingerprints))

    def atoms_with(self, environment: int) -> list[tuple[int, int]]:
        """Return structure and atom, both from 0, of all atoms that have an environment."""
        found = np.flatnonzero(self.environment == environment)
        first = np.searchsorted(self.structure, self.structure[found])
        return list(zip(self.structure[found].tolist(), (found - first).tolist(), strict=True))


def take_census(
    structures: Sequence[Atoms],
    radius: Radius,
    advance: Callable[[int], None] = lambda count: None,
) -> Census:
    """Return the environments of all atoms of structures.

    Args:
        structures: Structures of the set.
        radius: Radius of the environments.
        advance: Function that is called with the number of structures just done.

    Raises:
        InputError: There are no structures.
        StructureError: An atom has no element or no coordinates.
    """
    if not structures:
        raise InputError("coverage: no structures were given")
    found = []
    for part in _parts(structures):
        graph = bond_graph(part)
        count = len(graph.numbers)
        for first in range(0, count, ATOMS_AT_ONCE):
            centers = np.arange(first, min(first + ATOMS_AT_ONCE, count))
            found.append(fingerprints(_around(graph, part, centers, radius)))
        advance(len(part))
    unique, place, environment = np.unique(
        np.concatenate(found), return_index=True, return_inverse=True
    )
    sizes = [len(atoms) for atoms in structures]
    structure = np.repeat(np.arange(len(sizes)), sizes)
    atom = place - np.cumsum([0, *sizes])[structure[place]]
    owners = structure[place].tolist()
    return Census(
        radius=radius,
        fingerprints=unique,
        numbers=np.array(
            [structures[s].numbers[a] for s, a in zip(owners, atom, strict=True)], np.int64
        ),
        names=_names(structures, owners, atom.tolist(), radius),
        environment=environment.reshape(-1),
        structure=structure,
        structures=len(structures),
    )


def describe(graphs: Neighborhoods) -> list[str]:
    """Return the names of neighbourhoods: centre, atoms shell by shell, number of rings.

    `C: C H3; H2 O` is a carbon bonded to a carbon and three hydrogens, with two hydrogens and an
    oxygen one bond further.
    """
    shells: list[dict[int, Counter[str]]] = [{} for _ in range(graphs.count)]
    columns = (graphs.owner.tolist(), graphs.shell.tolist(), graphs.number.tolist())
    for owner, shell, number in zip(*columns, strict=True):
        shells[owner].setdefault(shell, Counter())[symbol(number)] += 1
    bonds = np.bincount(graphs.owner[graphs.source], minlength=graphs.count) // 2
    nodes = np.bincount(graphs.owner, minlength=graphs.count)
    names = []
    for found, closed in zip(shells, (bonds - nodes + 1).tolist(), strict=True):
        centre, *others = (_formula(found[shell]) for shell in sorted(found))
        name = f"{centre}: {'; '.join(others)}" if others else f"{centre} alone"
        names.append(f"{name}; {closed} ring(s)" if closed > 0 else name)
    return names


def _formula(elements: Counter[str]) -> str:
    return " ".join(
        f"{name}{count if count > 1 else ''}" for name, count in sorted(elements.items())
    )


def _parts(structures: Sequence[Atoms]) -> Iterator[Sequence[Atoms]]:
    """Yield consecutive structures of up to `ATOMS_AT_ONCE` atoms together, at least one."""
    first, atoms = 0, 0
    for number, one in enumerate(structures):
        if atoms and atoms + len(one) > ATOMS_AT_ONCE:
            yield structures[first:number]
            first, atoms = number, 0
        atoms += len(one)
    yield structures[first:]


def _around(
    graph: BondGraph,
    structures: Sequence[Atoms],
    centers: Int[np.ndarray, " centers"],
    radius: Radius,
) -> Neighborhoods:
    if radius.unit == "bonds":
        return by_bonds(graph, centers, int(radius.value))
    return by_distance(graph, structures, centers, radius.value)


def _names(
    structures: Sequence[Atoms], owners: list[int], atoms: list[int], radius: Radius
) -> list[str]:
    """Return the names of the environments of single atoms."""
    order = sorted(range(len(owners)), key=lambda n: owners[n])
    names = [""] * len(owners)
    for first in range(0, len(order), ATOMS_AT_ONCE):
        some = order[first : first + ATOMS_AT_ONCE]
        held = sorted({owners[n] for n in some})
        place = {structure: k for k, structure in enumerate(held)}
        part = [structures[structure] for structure in held]
        offsets = np.cumsum([0, *(len(one) for one in part)])
        centers = np.array([offsets[place[owners[n]]] + atoms[n] for n in some])
        order_of_centers = np.argsort(centers)
        told = describe(_around(bond_graph(part), part, centers[order_of_centers], radius))
        for k, name in zip(order_of_centers.tolist(), told, strict=True):
            names[some[k]] = name
    return names
