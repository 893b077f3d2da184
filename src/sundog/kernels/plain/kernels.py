"""Kernels in plain JAX for every device, which compute each pair once, in blocks."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from sundog.kernels.base import AbstractPairKernels, Attended, PairEnergies, PairSums
from sundog.kernels.plain.attention import Attention
from sundog.kernels.plain.blocks import Blocked, half, in_blocks
from sundog.kernels.plain.geometry import PairGeometry, ShortRange
from sundog.kernels.plain.pair_sums import pair_sums
from sundog.kernels.plain.species import layer_of_elements
from sundog.longrange.mesh import AbstractTransport, PlainTransport
from sundog.neighbors.pairs import PairList
from sundog.properties import AtomFeatures
from sundog.system import System
from sundog.typing import Cells, Positions

PAIRS_PER_BLOCK = 2048
"""Number of pairs that are computed at a time, so that the arrays of a layer stay in cache."""


class PlainKernels(AbstractPairKernels):
    """Kernels in plain JAX.

    Attributes:
        layers: pair part of each layer.
        short_range: geometry of the short-range pairs, with a basis of all radial filters.
        transport: transfer of charges to meshes, and of potentials back.
    """

    layers: tuple[Attention, ...]  # pyright: ignore[reportIncompatibleVariableOverride], frozen
    short_range: ShortRange
    transport: AbstractTransport = PlainTransport()

    def arranged(self, pairs: PairList, atoms: int) -> Blocked:
        """Return one of the two orders of each pair, in blocks."""
        return in_blocks(half(pairs), PAIRS_PER_BLOCK)

    def geometry(self, system: System, pairs: Blocked) -> PairGeometry:
        """Return the geometry of the pairs."""
        return self.short_range.forward(system, pairs)

    def no_cotangent(self, geometry: PairGeometry) -> PairGeometry:
        """Return a cotangent of zeros."""
        return jax.tree.map(jnp.zeros_like, geometry)

    def forces(
        self, system: System, pairs: Blocked, cotangent: PairGeometry
    ) -> tuple[Positions, Cells]:
        """Return forces and virials; see `AbstractPairKernels.forces`."""
        return self.short_range.backward(system, pairs, cotangent)

    def first_layer(
        self, atoms: Attended, system: System, geometry: PairGeometry, pairs: Blocked
    ) -> tuple[AtomFeatures, Callable[[AtomFeatures, PairGeometry], PairGeometry]] | None:
        """Return the first layer of a single, large structure; see `AbstractPairKernels`."""
        first = layer_of_elements(self.layers[0], self.short_range.radial, atoms, system)
        if first is None:
            return None
        return first.forward(geometry, pairs), partial(first.backward, geometry, pairs=pairs)

    def pair_sums(
        self,
        pair: PairEnergies,
        sites: PyTree[Array],
        system: System,
        pairs: PairList,
        dtype: jnp.dtype,
        *,
        far: bool,
    ) -> PairSums:
        """Return sums over a short or a long list; see `AbstractPairKernels.pair_sums`."""
        return pair_sums(pair, sites, system, pairs, dtype)
