"""The pair part of the first layer on rows, when atoms of an element are all alike.

The formulas are those of `kernels.plain.species`; here every pair is met from both sides. What
XLA makes of them is bound by memory: eight table values and the sums' columns per pair, in place of
two products of matrices.
"""

import equinox as eqx
import jax
import jax.numpy as jnp

from sundog.kernels.gpu.attention import RowGeometry
from sundog.kernels.gpu.layer import GeometryCotangent
from sundog.kernels.gpu.rows import Arranged, sum_rows
from sundog.kernels.gpu.tiles import Tile
from sundog.kernels.plain.blocks import take
from sundog.kernels.plain.species import OfPairs, SpeciesLayer
from sundog.properties import AtomFeatures


class SpeciesRows(eqx.Module):
    """The first layer's pairs by species.

    Attributes:
        shared: tables, values and species.
        tile: shape of the work of sums.
    """

    shared: SpeciesLayer
    tile: Tile = eqx.field(static=True)

    def forward(self, geometry: RowGeometry, pairs: Arranged) -> AtomFeatures:
        """Return δx and δev of the atoms."""
        shared, listed = self.shared, pairs.listed
        kinds, heads = shared.value.shape[0], shared.attention.heads
        family, _ = shared.families(listed)
        alpha = geometry.weight[:, None] * shared.tables.values(geometry.distances, family)
        sent = jax.nn.one_hot(take(shared.species, listed.j), kinds, dtype=alpha.dtype)
        by_species = (sent[:, :, None] * alpha[:, None, :heads]).reshape(-1, kinds * heads)
        rotations = shared.attention.spread(alpha[:, heads:]) * geometry.harmonics
        columns = jnp.concatenate([by_species, rotations], axis=1)
        sums = sum_rows(columns, pairs.rows, self.tile, alpha.dtype)
        x = shared.with_values(sums[:, : kinds * heads].reshape(-1, heads))
        return AtomFeatures(x, sums[:, kinds * heads :])

    def backward(
        self,
        geometry: RowGeometry,
        cotangent: AtomFeatures,
        total: GeometryCotangent,
        pairs: Arranged,
    ) -> GeometryCotangent:
        """Return `total` plus the cotangent of the geometry through this layer."""
        onto = self.shared.onto_values(cotangent.invariant)
        seen = OfPairs(geometry.distances, geometry.weight, geometry.harmonics)
        here = self.shared.pulled(pairs.listed, seen, onto, cotangent.euclidean)
        return GeometryCotangent(
            distances=total.distances + here.distances,
            weight=total.weight + here.weight,
            harmonics=total.harmonics + here.harmonics,
        )
