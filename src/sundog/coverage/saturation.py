"""Growth of the number of environments with that of structures, and estimates of unseen ones.

    S(n)     distinct environments in n structures, over random orders of the set
    f₁/N     Good–Turing: probability that one more atom has a new environment, if atoms were drawn
             independently; f₁ environments of a single atom, N atoms
    L        fraction of the atoms whose environment no other structure of the set holds: the same
             probability for the atoms of a structure that was left out of the set
    Q₁/m     expected number of new environments in one more structure; Q₁ environments that a
             single structure holds, m structures

All three are about further members of the same population. Conformers of the same molecules make a
set look saturated; about other molecules the numbers state nothing.

Sources: Good, Biometrika 40, 237 (1953), doi:10.1093/biomet/40.3-4.237; incidences: Chao et al.,
Ecol. Monogr. 84, 45 (2014), doi:10.1890/13-0133.1.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from sundog.coverage.census import Census

POINTS = 200
"""Most points of a curve, enough for a figure."""


@dataclass(frozen=True)
class Saturation:
    """Curve of saturation and estimates of what is unseen.

    Attributes:
        structures: Numbers of structures n at which the curve is given.
        mean: Mean of S(n) over the orders.
        spread: Standard deviation of S(n) over the orders.
        singletons: Number f₁ of environments of a single atom.
        held_once: Number Q₁ of environments that a single structure holds.
        unseen_atom: Estimate f₁/N.
        unseen_left_out: Estimate L.
        new_per_structure: Estimate Q₁/m.
    """

    structures: Int[np.ndarray, " points"]
    mean: Float[np.ndarray, " points"]
    spread: Float[np.ndarray, " points"]
    singletons: int
    held_once: int
    unseen_atom: float
    unseen_left_out: float
    new_per_structure: float


def saturation(census: Census, orders: int = 20, seed: int = 0) -> Saturation:
    """Return the saturation of the environments of a set.

    Args:
        census: Census of the set.
        orders: Number of random orders of the structures.
        seed: Seed of the orders.
    """
    structure, environment = census.incidence()
    heads = np.flatnonzero(np.diff(environment, prepend=-1))
    points = np.unique(np.linspace(1, census.structures, POINTS).round().astype(np.int64))
    rng = np.random.default_rng(seed)
    curves = np.empty((orders, len(points)))
    for row in range(orders):
        rank = rng.permutation(census.structures)
        first_seen = np.minimum.reduceat(rank[structure], heads)
        seen = np.cumsum(np.bincount(first_seen, minlength=census.structures))
        curves[row] = seen[points - 1]
    atoms, holders = census.atoms, census.holders()
    return Saturation(
        structures=points,
        mean=curves.mean(axis=0),
        spread=curves.std(axis=0),
        singletons=int((atoms == 1).sum()),
        held_once=int((holders == 1).sum()),
        unseen_atom=float((atoms == 1).sum() / atoms.sum()),
        unseen_left_out=float(atoms[holders == 1].sum() / atoms.sum()),
        new_per_structure=float((holders == 1).sum() / census.structures),
    )
