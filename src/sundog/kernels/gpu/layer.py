"""Pair part of a layer by the kernels for GPUs, with the interface that force fields use."""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sundog.kernels.base import AbstractAttention, Attended
from sundog.kernels.gpu.attention import PerEntry, RowGeometry, Sides, attend, pull
from sundog.kernels.gpu.filters import RowFilter, row_filter
from sundog.kernels.gpu.rows import Arranged
from sundog.kernels.gpu.tiles import Tile, padded
from sundog.kernels.plain.attention import Attention
from sundog.numerics.harmonics import degree_of_component
from sundog.properties import AtomFeatures
from sundog.typing import PerPair


class Tiles(NamedTuple):
    """Shapes of the work of all kernels.

    Attributes:
        forward: shape for the forward pass of an attention.
        backward: shape for its backward pass.
        sums: shape for sums over the pairs of atoms.
        far: shape for sums over long lists of atoms.
        clusters: shape for sums over pairs of clusters.
    """

    forward: Tile
    backward: Tile
    sums: Tile
    far: Tile
    clusters: Tile


class GeometryCotangent(eqx.Module):
    """Derivatives by distances (through φ), weights and harmonics; undefined in padding."""

    distances: PerPair
    weight: PerPair
    harmonics: PerEntry


class RowAttention(AbstractAttention):
    """Pair part of one layer.

    Attributes:
        features: filter of the feature attention.
        euclidean: filter of the Euclidean attention, whose values are Y.
        parity: sign (−1)^l of each component, padded.
        tiles: shapes of the work.
    """

    features: RowFilter
    euclidean: RowFilter
    parity: Float[Array | np.ndarray, "1 components"]
    tiles: Tiles = eqx.field(static=True)

    def forward(
        self, atoms: Attended, geometry: RowGeometry, pairs: Arranged
    ) -> tuple[AtomFeatures, None]:
        """Return δx and δev without residuals; see `AbstractAttention.forward`."""
        one, two = self._sides(atoms)
        tile = self.tiles.forward
        x = attend(self.features, one, geometry, pairs.rows, tile)
        ev = attend(self.euclidean, two, geometry, pairs.rows, tile)
        return AtomFeatures(self.features.heads.unspaced(x), ev), None

    def backward(
        self,
        atoms: Attended,
        geometry: RowGeometry,
        kept: None,
        cotangent: AtomFeatures,
        pairs: Arranged,
    ) -> tuple[Attended, GeometryCotangent]:
        """Return cotangents of atoms and geometry; see `AbstractAttention.backward`."""
        one, two = self._sides(atoms)
        gx = self.features.heads.spaced(cotangent.invariant)
        parity, tile = jnp.asarray(self.parity), self.tiles.backward
        a, r_a, c_a, _ = pull(self.features, one, geometry, gx, parity, pairs.rows, tile)
        b, r_b, c_b, y = pull(
            self.euclidean, two, geometry, cotangent.euclidean, parity, pairs.rows, tile
        )
        assert a.value is not None
        assert y is not None
        back_1, back_2 = self.features.heads.unspaced, self.euclidean.heads.unspaced
        by_atoms = Attended(
            query_features=back_1(a.query),
            key_features=back_1(a.key),
            value_features=back_1(a.value),
            query_euclidean=back_2(b.query),
            key_euclidean=back_2(b.key),
            euclidean=a.euclidean + b.euclidean,
        )
        return by_atoms, GeometryCotangent(r_a + r_b, c_a + c_b, y)

    def _sides(self, atoms: Attended) -> tuple[Sides, Sides]:
        one, two = self.features.heads.spaced, self.euclidean.heads.spaced
        return (
            Sides(
                one(atoms.query_features),
                one(atoms.key_features),
                one(atoms.value_features),
                atoms.euclidean,
            ),
            Sides(two(atoms.query_euclidean), two(atoms.key_euclidean), None, atoms.euclidean),
        )


def row_attention(attention: Attention, tiles: Tiles) -> RowAttention:
    """Return a layer for the kernels, in float64 (host only).

    Args:
        attention: pair part of the layer in plain JAX, with concrete parameters.
        tiles: shapes of the work.
    """
    degrees = attention.degrees
    belongs = degree_of_component(degrees)
    parity = belongs @ (-1.0) ** np.asarray(degrees)
    room = padded(len(parity))
    return RowAttention(
        row_filter(attention.filter_features, attention.heads, degrees, of_degrees=False),
        row_filter(attention.filter_euclidean, len(degrees), degrees, of_degrees=True),
        np.pad(parity, (0, room - len(parity)))[None],
        tiles,
    )
