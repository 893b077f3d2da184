"""Limits on multiple bonds, from the geometry around each atom and the length of each bond.

    a carbon or nitrogen with three neighbours   none, if the bonds form a pyramid and are long
    one with two neighbours                      one bond order more at most, if they are bent
    a long bond                                  none: r > 1.04 (R_i + R_j), 1.58 Å for C–C

Heights are those of the triple product of the unit vectors along the bonds: 0 where they are in a
plane, 0.50 in C60, 0.77 in a tetrahedron.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from sundog.elements import covalent_radii
from sundog.topology.topology import Topology

LONGEST_MULTIPLE = 1.04
"""Length beyond which a bond is single, relative to the sum of the covalent radii."""

LONG = 0.965
"""Length from which a multiple bond of carbon is unlikely, relative likewise: 1.47 Å for C–C."""

SHORT = 0.92
"""Length below which a bond is a multiple one whatever its atoms look like: 1.40 Å for C–C."""

PYRAMID = 0.65
"""Triple product beyond which an atom with three neighbours has single bonds only."""

SHALLOW_PYRAMID = 0.40
"""The same for an atom none of whose bonds is shorter than `LONG`."""

BENT = np.cos(np.deg2rad(145))
"""Cosine of the angle below which an atom with two neighbours has no triple bond."""

OTHERS = 3
"""Bond orders beyond single that elements other than carbon and nitrogen may have."""


class Limits(NamedTuple):
    """Bond orders beyond single that there may be.

    Attributes:
        atoms: Largest sum for each atom.
        bonds: Largest for each bond, 0 to 2.
        long: Whether each bond is rather a single one.
    """

    atoms: Int[np.ndarray, " atoms"]
    bonds: Int[np.ndarray, " bonds"]
    long: Int[np.ndarray, " bonds"]


def find_limits(topology: Topology, degree: Int[np.ndarray, " atoms"]) -> Limits:
    """Return how much of multiple bonds a structure leaves room for.

    Args:
        topology: Topology of the structure.
        degree: Number of bonds of each atom.
    """
    numbers, bonds = topology.numbers, topology.bonds
    radii = covalent_radii()[numbers]
    ratio = bonds.lengths / (radii[bonds.first] + radii[bonds.second])
    of_atoms = np.full(len(numbers), OTHERS)
    arrow = topology.positions[bonds.second] + bonds.image @ topology.cell
    arrow = arrow - topology.positions[bonds.first]
    start = np.concatenate([bonds.first, bonds.second])
    unit = np.concatenate([arrow, -arrow]) / np.concatenate([bonds.lengths] * 2)[:, None]
    order = np.argsort(start, kind="stable")
    unit, both = unit[order], np.concatenate([ratio] * 2)[order]
    begin = np.searchsorted(start[order], np.arange(len(numbers)))
    flexible = np.isin(numbers, (6, 7))
    two = np.flatnonzero(flexible & (degree == 2))
    cosine = (unit[begin[two]] * unit[begin[two] + 1]).sum(axis=1)
    of_atoms[two[cosine > BENT]] = 1
    three = np.flatnonzero(flexible & (degree == 3))
    a, b, c = (unit[begin[three] + k] for k in range(3))
    height = np.abs((np.cross(a, b) * c).sum(axis=1))
    shortest = _shortest(topology, start[order], both, order)[three]
    pyramid = ((height > PYRAMID) & (shortest > SHORT)) | (
        (height > SHALLOW_PYRAMID) & (shortest > LONG)
    )
    of_atoms[three] = np.where(pyramid, 0, 1)
    hydrogen = (numbers[bonds.first] == 1) | (numbers[bonds.second] == 1)
    room = np.minimum(of_atoms[bonds.first], of_atoms[bonds.second])
    of_bonds = np.where(hydrogen | (ratio > LONGEST_MULTIPLE), 0, np.minimum(room, 2))
    carbon = (numbers[bonds.first] == 6) | (numbers[bonds.second] == 6)
    return Limits(of_atoms, of_bonds, (carbon & (ratio > LONG)).astype(np.int64))


def _shortest(
    topology: Topology,
    start: Int[np.ndarray, " ends"],
    ratio: Float[np.ndarray, " ends"],
    order: Int[np.ndarray, " ends"],
) -> Float[np.ndarray, " atoms"]:
    """Return the shortest bond of each atom to another heavy atom, relative to the radii."""
    numbers, bonds = topology.numbers, topology.bonds
    other = np.concatenate([bonds.second, bonds.first])[order]
    heavy = numbers[other] != 1
    shortest = np.full(len(numbers), np.inf)
    np.minimum.at(shortest, start[heavy], ratio[heavy])
    return shortest
