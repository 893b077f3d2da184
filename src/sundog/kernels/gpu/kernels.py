"""Kernels for GPUs, which compute both orders of a pair: no atom writes to the sums of another."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from sundog.kernels.base import AbstractPairKernels, Attended, PairEnergies, PairSums
from sundog.kernels.gpu.attention import RowGeometry
from sundog.kernels.gpu.geometry import RowShortRange
from sundog.kernels.gpu.layer import GeometryCotangent, RowAttention, Tiles, row_attention
from sundog.kernels.gpu.mesh import ReproducibleTransport
from sundog.kernels.gpu.pair_sums import cluster_sums, far_sums, near_sums
from sundog.kernels.gpu.rows import Arranged, rows_of
from sundog.kernels.gpu.species import SpeciesRows
from sundog.kernels.plain.attention import Attention
from sundog.kernels.plain.kernels import PlainKernels
from sundog.kernels.plain.species import layer_of_elements
from sundog.longrange.mesh import AbstractTransport
from sundog.neighbors.clusters import ClusterPairs
from sundog.neighbors.pairs import PairList
from sundog.properties import AtomFeatures
from sundog.system import System
from sundog.typing import Cells, Positions


class GpuKernels(AbstractPairKernels):
    """Kernels for GPUs; made by `gpu_kernels`.

    Attributes:
        layers: pair part of each layer.
        first: pair part of the first layer, which is tabulated by species.
        short_range: geometry of the short-range pairs.
        transport: transfer of charges to meshes, and of potentials back.
        tiles: shapes of the work.
    """

    only_elementary: ClassVar[bool] = True

    layers: tuple[RowAttention, ...]  # pyright: ignore[reportIncompatibleVariableOverride], frozen
    first: Attention
    short_range: RowShortRange
    transport: AbstractTransport
    tiles: Tiles = eqx.field(static=True)

    def arranged(self, pairs: PairList, atoms: int) -> Arranged:
        """Return the list with its rows."""
        return Arranged(pairs, rows_of(pairs, atoms))

    def geometry(self, system: System, pairs: Arranged) -> RowGeometry:
        """Return the geometry of the pairs."""
        return self.short_range.forward(system, pairs.listed)

    def no_cotangent(self, geometry: RowGeometry) -> GeometryCotangent:
        """Return a cotangent of zeros."""
        flat = jnp.zeros_like(geometry.weight)
        return GeometryCotangent(flat, flat, jnp.zeros_like(geometry.harmonics))

    def forces(
        self, system: System, pairs: Arranged, cotangent: GeometryCotangent
    ) -> tuple[Positions, Cells]:
        """Return forces and virials; see `AbstractPairKernels.forces`."""
        return self.short_range.backward(system, *pairs, cotangent)

    def first_layer(
        self, atoms: Attended, system: System, geometry: RowGeometry, pairs: Arranged
    ) -> tuple[AtomFeatures, Callable[[AtomFeatures, GeometryCotangent], GeometryCotangent]] | None:
        """Return the first layer of a single, large structure; see `AbstractPairKernels`."""
        shared = layer_of_elements(self.first, self.short_range.shared.radial, atoms, system)
        if shared is None:
            return None
        first = SpeciesRows(shared, self.tiles.sums)
        return first.forward(geometry, pairs), partial(first.backward, geometry, pairs=pairs)

    def pair_sums(
        self,
        pair: PairEnergies,
        sites: PyTree[Array],
        system: System,
        pairs: PairList | ClusterPairs,
        dtype: jnp.dtype,
        *,
        far: bool,
    ) -> PairSums:
        """Return sums over a list; see `AbstractPairKernels`."""
        if isinstance(pairs, ClusterPairs):
            return cluster_sums(pair, sites, system, pairs, dtype, self.tiles.clusters)
        if far:
            return far_sums(pair, sites, system, pairs, dtype, self.tiles.far)
        return near_sums(pair, sites, system, pairs, dtype, self.tiles.sums)


def gpu_kernels(plain: PlainKernels, tiles: Tiles) -> GpuKernels:
    """Return the kernels for GPUs that do the work of plain kernels (host only).

    Args:
        plain: plain kernels with concrete parameters.
        tiles: shapes of the work.
    """
    return GpuKernels(
        layers=tuple(row_attention(layer, tiles) for layer in plain.layers),
        first=plain.layers[0],
        short_range=RowShortRange(plain.short_range, tiles.sums),
        transport=ReproducibleTransport(),
        tiles=tiles,
    )
