"""How the number of environments grows with that of structures, and what is still unseen.

    S(n)     distinct environments in n structures, over random orders of the set
    f₁/N     Good–Turing: chance that the environment of one more atom is a new one, with f₁ the
             environments of a single atom and N all atoms, were atoms drawn one by one
    L        share of the atoms whose environment no other structure of the set holds: the same
             chance for the atoms of a whole structure that is left out, and then looked at
    Q₁/m     new environments to be expected of one more structure, with Q₁ the environments that
             a single structure holds and m the structures

All three are about more of the same population. Conformers of the same molecules make a set look
saturated; of other molecules none of the numbers says anything.

Sources: Good, Biometrika 40, 237 (1953), doi:10.1093/biomet/40.3-4.237; incidences: Chao et al.,
Ecol. Monogr. 84, 45 (2014), doi:10.1890/13-0133.1.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from sundog.coverage.census import Census

POINTS = 200
"""Of a curve."""


@dataclass(frozen=True)
class Saturation:
    """The curve and the estimates.

    Attributes:
        structures: at which the curve is told.
        mean: distinct environments, over the orders.
        spread: their standard deviation over the orders.
        singletons: environments of a single atom.
        held_once: environments that a single structure holds.
        unseen_atom: f₁/N.
        unseen_left_out: L.
        new_per_structure: Q₁/m.
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
    """Return how the environments of a set saturate.

    Args:
        census: of the set.
        orders: random orders of the structures.
        seed: of the orders.
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
