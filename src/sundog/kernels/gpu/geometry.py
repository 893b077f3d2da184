"""Geometry of the listed pairs and its derivative, for kernels that compute both orders of a pair.

c = f(r)/n̄,   φ(r), φ′(r) (see `plain.radial`),   Y_lm(r_ij/r)
F_i = Σ_j g_ij,   virial = ½ Σ_ij r_ij ⊗ g_ij,   g = dE/dr_ij, the whole pair's at both orders
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from sundog.kernels.gpu.attention import RowGeometry
from sundog.kernels.gpu.layer import GeometryCotangent
from sundog.kernels.gpu.rows import Rows, sum_rows
from sundog.kernels.gpu.tiles import Tile
from sundog.kernels.plain.geometry import ShortRange, pair_vectors
from sundog.neighbors.pairs import PairList
from sundog.numerics.harmonics import spherical_harmonics
from sundog.numerics.segments import sum_per_system
from sundog.numerics.switch import polynomial_cutoff
from sundog.system import System
from sundog.typing import Cells, PerPair, Positions


class RowShortRange(eqx.Module):
    """Map from positions to `RowGeometry`, with its derivative.

    Attributes:
        shared: radial basis, degrees and cutoff.
        tile: shape of the work of sums.
    """

    shared: ShortRange
    tile: Tile = eqx.field(static=True)

    def forward(self, system: System, pairs: PairList) -> RowGeometry:
        """Return the geometry of all pairs."""
        basis = self.shared.radial
        distances, weight, harmonics = self._of_vectors(self._vectors(system, pairs))
        return RowGeometry(
            distances=distances,
            weight=weight,
            radial=basis.values(distances),
            slopes=basis.slopes(distances),
            harmonics=harmonics,
        )

    def backward(
        self, system: System, pairs: PairList, rows: Rows, cotangent: GeometryCotangent
    ) -> tuple[Positions, Cells]:
        """Return forces in eV/Å and virials in eV from the cotangent of the geometry.

        Args:
            system: positions and cells.
            pairs: pair list.
            rows: rows of that list.
            cotangent: derivatives of the energy by the geometry.
        """
        vectors = self._vectors(system, pairs)
        _, pull = jax.vjp(self._of_vectors, vectors)
        (g,) = pull((cotangent.distances, cotangent.weight, cotangent.harmonics))
        outer = [0.5 * v * f for v in vectors for f in g]
        columns = jnp.stack([*g, *outer], axis=1)
        sums = sum_rows(columns, rows, self.tile, system.positions.dtype)
        systems = system.number_of_systems
        virial = sum_per_system(sums[:, 3:], system.system_index, systems)
        return sums[:, :3], virial.reshape(systems, 3, 3)

    def _vectors(self, system: System, pairs: PairList) -> list[PerPair]:
        return pair_vectors(system, pairs, self.shared.radial.coefficients.dtype)

    def _of_vectors(self, vectors: list[PerPair]) -> tuple[PerPair, PerPair, Array]:
        r = jnp.sqrt(sum(v**2 for v in vectors))
        weight = polynomial_cutoff(r, self.shared.cutoff) / self.shared.average_neighbors
        unit = jnp.stack([v / r for v in vectors], axis=1)
        return r, weight, spherical_harmonics(unit, self.shared.degrees)
