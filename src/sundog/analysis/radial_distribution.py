"""Radial distribution function g(r) of a trajectory, with mdtraj.

g(r) = ⟨ number of pairs in [r, r + dr] ⟩ / (pairs · 4πr² dr / V)
"""

from typing import NamedTuple

import mdtraj
import numpy as np
from jaxtyping import Float

from sundog.errors import InputError
from sundog.numerics.heights import heights

ANGSTROM_PER_NM = 10.0
"""Ångströms in one nanometre, the unit of mdtraj."""


class RadialDistribution(NamedTuple):
    """Radial distribution function.

    Attributes:
        r: Centres of the bins in Å.
        g: Values of g(r), 1 without correlation.
    """

    r: Float[np.ndarray, " bins"]
    g: Float[np.ndarray, " bins"]

    def extremum(self, low: float, high: float, *, lowest: bool = False) -> tuple[float, float]:
        """Return place in Å and value of the highest or lowest point between two distances.

        Args:
            low: Shortest distance in Å.
            high: Longest distance in Å.
            lowest: Whether the lowest point is wanted.
        """
        inside = np.flatnonzero((self.r >= low) & (self.r < high))
        k = inside[(self.g[inside].argmin if lowest else self.g[inside].argmax)()]
        return float(self.r[k]), float(self.g[k])


def radial_distribution(
    trajectory: mdtraj.Trajectory, first: str, second: str, *, bin_width: float = 0.05
) -> RadialDistribution:
    """Return g(r) between two selections of atoms, up to half the smallest width of the cell.

    Args:
        trajectory: Trajectory with a cell.
        first: Selection of atoms in mdtraj's language.
        second: Selection of the other atoms, likewise.
        bin_width: Width of the bins in Å.

    Raises:
        InputError: There is no cell, no topology, or the selections have no pairs.
    """
    if trajectory.unitcell_vectors is None or trajectory.topology is None:
        raise InputError("radial distribution: the trajectory has no cell or no topology")
    pairs = trajectory.topology.select_pairs(first, second)
    if len(pairs) == 0:
        raise InputError(
            "radial distribution: the selections have no pairs", got=f"{first!r}, {second!r}"
        )
    vectors = np.asarray(trajectory.unitcell_vectors, np.float64)
    reach = 0.5 * heights(vectors).min()
    r, g = mdtraj.compute_rdf(
        trajectory, pairs, r_range=(0.0, reach), bin_width=bin_width / ANGSTROM_PER_NM
    )
    return RadialDistribution(r * ANGSTROM_PER_NM, g)
