"""Pair part of the first layer where all atoms of an element have the same features.

Before the first layer ev = 0, and in a single structure x depends on the element alone. The
scores are then functions of the distance for each pair of elements a, b:

    a_ab^h(r) = Σ_n φ_n(r) S_nab^h,     S_nab^h = Σ_c∈h U_nc q_ac k_bc        (a constant for
                                                          the angular filter at s = 0 likewise)
    δx_i = Σ_b (Σ_j∈b c a_ij^h) v_b^h,  g_ij^h = G_i,Zj^h,  G_ib^h = gx_i^h · v_b^h

where v is `value` and G is from `onto_values`. Only one number per head remains for each pair.
The pairs depend on the geometry alone, since x is fixed. Other symbols are those of `attention`.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sundog.elements import SUPPORTED
from sundog.kernels.base import Attended
from sundog.kernels.plain.attention import Attention, TabulatedFilter
from sundog.kernels.plain.blocks import Blocked, add_at, over_blocks, take
from sundog.kernels.plain.geometry import PairGeometry
from sundog.kernels.plain.radial import RadialBasis
from sundog.neighbors.pairs import PairList
from sundog.properties import AtomFeatures
from sundog.system import System
from sundog.typing import PerPair

ATOMS_WORTH_TABLES = 256
"""Number of atoms from which on the first layer is tabulated for the elements present.

The tables are computed at every call, which costs more than it saves in smaller structures.
"""


class PairInputs(eqx.Module):
    """Part of the pairs' geometry on which this layer depends, or its cotangent.

    Attributes:
        distances: distances r in Å.
        weight: weight c = f(r)/n̄.
        harmonics: spherical harmonics Y_lm of the direction.
    """

    distances: PerPair
    weight: PerPair
    harmonics: Float[Array, "pairs components"]


class SpeciesLayer(eqx.Module):
    """Pair part of the first layer, tabulated by species.

    Attributes:
        attention: pair part of the layer for any features.
        tables: scores a(r) of all heads of both filters, a family for each ordered pair of
            species.
        value: values v of each species.
        species: species of each atom.
    """

    attention: Attention
    tables: RadialBasis
    value: Float[Array, "species features"]
    species: Int[Array, " atoms"]

    def forward(self, geometry: PairGeometry, pairs: Blocked) -> AtomFeatures:
        """Return δx and δev of the atoms."""
        atoms, kinds, heads = self.species.shape[0], self.value.shape[0], self.attention.heads
        dtype = self.value.dtype
        parity = self.attention.parity(dtype)

        def body(sums: tuple[Array, Array], block: tuple) -> tuple[tuple[Array, Array], tuple[()]]:
            listed, g = block
            by_species, rotations = sums
            i, j, y = listed.i, listed.j, g.harmonics
            forth, back = self.families(listed)
            for at, other, rotation, family in ((i, j, y, forth), (j, i, parity * y, back)):
                alpha = g.weight[:, None] * self.tables.values(g.distances, family)
                by_species = add_at(by_species, self._place(at, other), alpha[:, :heads])
                turned = self.attention.spread(alpha[:, heads:]) * rotation
                rotations = add_at(rotations, at, turned)
            return (by_species, rotations), ()

        zeros = (
            jnp.zeros((atoms * kinds, heads), dtype),
            jnp.zeros((atoms, geometry.harmonics.shape[1]), dtype),
        )
        (by_species, rotations), _ = over_blocks(body, zeros, (pairs.listed, geometry), pairs)
        return AtomFeatures(self.with_values(by_species), rotations)

    def backward(
        self, geometry: PairGeometry, cotangent: AtomFeatures, total: PairGeometry, pairs: Blocked
    ) -> PairGeometry:
        """Return `total` plus the cotangent of the geometry through this layer.

        Args:
            geometry: geometry of the pairs.
            cotangent: cotangents of δx and δev.
            total: cotangent of the geometry through the other layers.
            pairs: short-range pairs in blocks.
        """
        onto = self.onto_values(cotangent.invariant)

        def body(carry: tuple[()], block: tuple) -> tuple[tuple[()], PairInputs]:
            listed, g, so_far = block
            here = self.pulled(listed, g, onto, cotangent.euclidean)
            return carry, jax.tree.map(jnp.add, so_far, here)

        inputs, so_far = (PairInputs(g.distances, g.weight, g.harmonics) for g in (geometry, total))
        _, end = over_blocks(body, (), (pairs.listed, inputs, so_far), pairs)
        return PairGeometry(end.distances, end.weight, total.radial, end.harmonics)

    def with_values(self, by_species: Float[Array, "rows heads"]) -> Float[Array, "atoms features"]:
        """Return δx from the sums of scores over each species, in rows by atom and species."""
        kinds, heads = self.value.shape[0], self.attention.heads
        value = self.value.reshape(kinds, heads, -1)
        update = jnp.einsum("nsh,shc->nhc", by_species.reshape(-1, kinds, heads), value)
        return update.reshape(update.shape[0], -1)

    def onto_values(self, gx: Float[Array, "atoms features"]) -> Float[Array, "rows heads"]:
        """Return G, the cotangent of the sums of scores, from the cotangent of δx."""
        kinds, heads = self.value.shape[0], self.attention.heads
        value = self.value.reshape(kinds, heads, -1)
        onto = jnp.einsum("nhc,shc->nsh", gx.reshape(gx.shape[0], heads, -1), value)
        return onto.reshape(-1, heads)

    def pulled(
        self,
        listed: PairList,
        geometry: PairInputs,
        onto: Float[Array, "rows heads"],
        gev: Float[Array, "atoms components"],
    ) -> PairInputs:
        """Return the cotangents of the geometry, summed over both orders of each pair.

        Args:
            listed: pair list.
            geometry: geometry of these pairs.
            onto: cotangent G of the sums of scores, from `onto_values`.
            gev: cotangent of δev.
        """
        heads, parity = self.attention.heads, self.attention.parity(gev.dtype)
        forth, back = self.families(listed)
        gev_i, gev_j = take(gev, listed.i), parity * take(gev, listed.j)
        g1, g2 = (
            jnp.concatenate([take(onto, place), self.attention.gather(one * geometry.harmonics)], 1)
            for place, one in (
                (self._place(listed.i, listed.j), gev_i),
                (self._place(listed.j, listed.i), gev_j),
            )
        )
        r, c = geometry.distances, geometry.weight[:, None]
        a_ij, a_ji = (self.tables.values(r, family) for family in (forth, back))
        slope = g1 * self.tables.slopes(r, forth) + g2 * self.tables.slopes(r, back)
        harmonics = self.attention.spread(c * a_ij[:, heads:]) * gev_i
        harmonics = harmonics + self.attention.spread(c * a_ji[:, heads:]) * gev_j
        return PairInputs(
            distances=geometry.weight * slope.sum(axis=1),
            weight=(g1 * a_ij + g2 * a_ji).sum(axis=1),
            harmonics=harmonics,
        )

    def families(self, listed: PairList) -> tuple[Int[Array, " pairs"], Int[Array, " pairs"]]:
        """Return the families of tables for a_ij and for a_ji of each pair."""
        kinds = self.value.shape[0]
        i, j = take(self.species, listed.i), take(self.species, listed.j)
        return i * kinds + j, j * kinds + i

    def _place(
        self, atom: Int[Array, " pairs"], other: Int[Array, " pairs"]
    ) -> Int[Array, " pairs"]:
        """Return the row for each atom and the species of the other atom."""
        return atom * self.value.shape[0] + take(self.species, other)


def layer_of_elements(
    attention: Attention, basis: RadialBasis, atoms: Attended, system: System
) -> SpeciesLayer | None:
    """Return the first layer of a single, large structure, whose species are its elements.

    Args:
        attention: pair part of the first layer.
        basis: basis of its radial filters.
        atoms: queries, keys and values of all atoms, with ev = 0.
        system: structure; for several structures, and for small ones, None is returned.
    """
    if system.number_of_systems > 1 or system.number_of_atoms < ATOMS_WORTH_TABLES:
        return None
    kind = np.zeros(max(SUPPORTED) + 1, np.int32)  # 0 is padding
    kind[list(SUPPORTED)] = np.arange(1, len(SUPPORTED) + 1)
    species = jnp.asarray(kind)[system.numbers]
    return species_layer(attention, basis, atoms, species, len(SUPPORTED) + 1)


def species_layer(
    attention: Attention,
    basis: RadialBasis,
    atoms: Attended,
    species: Int[Array, " atoms"],
    kinds: int,
) -> SpeciesLayer:
    """Return the layer for atoms that have the same features when they are of the same species.

    Args:
        attention: pair part of the first layer.
        basis: basis of its radial filters.
        atoms: queries, keys and values of all atoms, with ev = 0.
        species: species of each atom, from 0 to `kinds` − 1.
        kinds: number of species.
    """
    example = (
        jnp.zeros(kinds, jnp.int32).at[species].max(jnp.arange(species.shape[0], dtype=jnp.int32))
    )
    of_species = jax.tree.map(lambda values: take(values, example), atoms)
    coefficients = jnp.asarray(basis.coefficients)[:, :, 0]

    def tables(one: TabulatedFilter, query: Array, key: Array, heads: int) -> Array:
        q, k = (v.reshape(kinds, heads, -1) for v in (query, key))
        products = q[:, None] * k[None]
        constant = (jax.nn.silu(one.bias) @ one.output).reshape(heads, -1)
        radial = one.radial.reshape(-1, heads, constant.shape[1])
        scores = jnp.einsum("nhc,abhc->nabh", radial, products)
        table = jnp.einsum("kon,nabh->koabh", coefficients, scores)
        table = table.at[:, 0].add(jnp.einsum("hc,abhc->abh", constant, products)[None])
        return table.reshape(*table.shape[:2], kinds * kinds, heads)

    both = (
        tables(
            attention.filter_features,
            of_species.query_features,
            of_species.key_features,
            attention.heads,
        ),
        tables(
            attention.filter_euclidean,
            of_species.query_euclidean,
            of_species.key_euclidean,
            len(attention.degrees),
        ),
    )
    joined = RadialBasis(jnp.concatenate(both, axis=3))
    return SpeciesLayer(attention, joined, of_species.value_features, species)
