"""Boxes of water to start a simulation of the liquid from.

Molecules are placed on the sites of a cubic lattice with random orientations; those
whose hydrogens come too close to a neighbour are turned again until there are none.
The result is not a liquid yet: equilibrate it.

Molecular geometry: r(OH) = 0.9572 Å, ∠HOH = 104.52°, of the free molecule
(Benedict, Gailar, Plyler, J. Chem. Phys. 24, 1139 (1956), doi:10.1063/1.1742731).
"""

import numpy as np
from ase import Atoms
from jaxtyping import Float
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from sundog.elements import standard_masses
from sundog.errors import InputError
from sundog.units import GRAM_PER_CM3

OH_DISTANCE = 0.9572
"""Bond length in Å."""

HOH_ANGLE = 104.52
"""Bond angle in degrees."""

CLOSEST_CONTACT = 1.6
"""Shortest distance in Å that atoms of different molecules may have, about that of a hydrogen
bond."""

ROUNDS = 500
"""Most attempts at turning the crowded molecules; a box of normal density needs about ten."""

_LATTICES = {
    "simple cubic": np.array([[0.0, 0.0, 0.0]]),
    "body-centred": np.array([[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]),
    "face-centred": np.array([[0.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.5, 0.5]]),
}
"""Sites of cubic lattices in the cell, in units of its edge."""

_NEAREST = {"simple cubic": 1.0, "body-centred": np.sqrt(0.75), "face-centred": np.sqrt(0.5)}
"""Distances of nearest neighbours in units of the edge."""


def water_box(molecules: int, density_g_per_cm3: float = 1.0, seed: int = 0) -> Atoms:
    """Return a cubic, periodic box of water.

    Args:
        molecules: Number of molecules.
        density_g_per_cm3: Density in g/cm³, from which the size of the box follows.
        seed: Seed of the orientations; the same seed gives the same box.

    Returns:
        Whole molecules, atoms in the order O H H; `info["charge"]` is 0.

    Raises:
        InputError: The number or the density is not positive, or the molecules cannot be
            kept apart at this density.
    """
    if not isinstance(molecules, int) or molecules < 1:
        raise InputError("molecules: must be a positive integer", got=molecules)
    if not (np.isfinite(density_g_per_cm3) and density_g_per_cm3 > 0):
        raise InputError(
            "density_g_per_cm3: must be positive", got=density_g_per_cm3, expected="as 1.0"
        )
    random = np.random.default_rng(seed)
    hydrogen, oxygen = standard_masses()[[1, 8]]
    mass = molecules * (oxygen + 2 * hydrogen)
    edge = (mass / (density_g_per_cm3 * GRAM_PER_CM3)) ** (1 / 3)
    sites = _sites(molecules, random) * edge
    positions = _turned(sites, edge, random)
    if positions is None:
        raise InputError(
            "density_g_per_cm3: the molecules cannot be kept apart",
            got=density_g_per_cm3,
            expected=f"contacts of at least {CLOSEST_CONTACT} Å between molecules",
            remedy="Choose a lower density and compress the box in a simulation",
        )
    atoms = Atoms("OH2" * molecules, positions.reshape(-1, 3), cell=[edge] * 3, pbc=True)
    atoms.info["charge"] = 0
    return atoms


def _sites(count: int, random: np.random.Generator) -> Float[np.ndarray, "molecules 3"]:
    """Return sites in units of the edge, from the lattice that keeps them farthest apart."""
    cells = {
        name: int(np.ceil(round((count / len(basis)) ** (1 / 3), 9)))
        for name, basis in _LATTICES.items()
    }
    best = max(_LATTICES, key=lambda name: _NEAREST[name] / cells[name])
    corners = np.stack(np.meshgrid(*[np.arange(cells[best])] * 3, indexing="ij"), axis=-1)
    sites = (corners.reshape(-1, 1, 3) + _LATTICES[best]).reshape(-1, 3) / cells[best]
    # Vacancies are spread at random; otherwise a slab of the box would stay empty.
    return sites[np.sort(random.permutation(len(sites))[:count])]


def _turned(
    sites: Float[np.ndarray, "molecules 3"], edge: float, random: np.random.Generator
) -> Float[np.ndarray, "molecules 3 3"] | None:
    """Return molecules at the sites, turned so that none are too close; None if that fails."""
    half = np.radians(HOH_ANGLE) / 2
    arms = OH_DISTANCE * np.array(
        [[np.sin(half), np.cos(half), 0], [-np.sin(half), np.cos(half), 0]]
    )
    molecule = np.vstack([np.zeros(3), arms])
    positions = np.empty((len(sites), 3, 3))
    crowded = np.arange(len(sites))
    for _ in range(ROUNDS):
        # Four normal deviates, normalised, are a uniformly random rotation.
        rotations = Rotation.from_quat(random.normal(size=(len(crowded), 4))).as_matrix()
        positions[crowded] = sites[crowded, None] + molecule @ rotations.transpose(0, 2, 1)
        tree = KDTree(positions.reshape(-1, 3) % edge, boxsize=edge)
        pairs = tree.query_pairs(CLOSEST_CONTACT, output_type="ndarray") // 3
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        crowded = np.unique(random.permuted(pairs, axis=1)[:, 0])
        if len(crowded) == 0:
            return positions
    return None
