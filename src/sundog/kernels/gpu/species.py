"""Pair part of the first layer on rows, where all atoms of an element have the same features.

Formulas and symbols are those of `kernels.plain.species`; here both orders of every pair are
computed. The code that XLA generates for them is limited by memory: eight values of tables and the
columns of the sums per pair, instead of two products of matrices.
"""

import equinox as eqx
import jax
import jax.numpy as jnp

from sundog.kernels.gpu.attention import RowGeometry
from sundog.kernels.gpu.layer import GeometryCotangent
from sundog.kernels.gpu.rows import Arranged, sum_rows
from sundog.kernels.gpu.tiles import Tile
from sundog.kernels.plain.blocks import take
from sundog.kernels.plain.species import PairInputs, SpeciesLayer
from sundog.properties import AtomFeatures


class SpeciesRows(eqx.Module):
    """Pair part of the first layer, tabulated by species.

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
        """Return `total` plus the cotangent of the geometry through this layer.

        Args:
            geometry: geometry of the pairs.
            cotangent: cotangents of δx and δev.
            total: cotangent of the geometry through the other layers.
            pairs: pair list with its rows.
        """
        onto = self.shared.onto_values(cotangent.invariant)
        inputs = PairInputs(geometry.distances, geometry.weight, geometry.harmonics)
        here = self.shared.pulled(pairs.listed, inputs, onto, cotangent.euclidean)
        return GeometryCotangent(
            distances=total.distances + here.distances,
            weight=total.weight + here.weight,
            harmonics=total.harmonics + here.harmonics,
        )
