"""The pair part of the first layer when atoms of an element are all alike.

Before the first layer ev = 0, and in a single structure x depends on the element alone. The
scores are then functions of the distance for each pair of elements a, b:

    a_ab^h(r) = Σ_n φ_n(r) S_nab^h,     S_nab^h = Σ_c∈h U_nc q_ac k_bc        (a constant for
                                                          the angular filter at s = 0 likewise)
    δx_i = Σ_b (Σ_j∈b c a_ij^h) v_b^h,  g_ij^h = G_i,Zj^h,  G_ib^h = gx_i^h · v_b^h

and nothing wide is left per pair. Geometry is all that the pairs depend on, since x is fixed.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from sundog.kernels.base import Attended
from sundog.kernels.portable.attention import Attention, TabulatedFilter
from sundog.kernels.portable.blocks import Blocked, add_at, over_blocks, take
from sundog.kernels.portable.geometry import PairGeometry
from sundog.kernels.portable.radial import RadialBasis
from sundog.neighbors.pairs import PairList
from sundog.properties import AtomFeatures


class SpeciesLayer(eqx.Module):
    """The first layer's pairs by species.

    Attributes:
        attention: the layer.
        tables: a(r) of all heads of both filters, a family for each ordered pair of species.
        value: v of each species.
        species: of each atom.
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
            forth, back = self._families(listed)
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
        value = self.value.reshape(kinds, heads, -1)
        update = jnp.einsum("nsh,shc->nhc", by_species.reshape(atoms, kinds, heads), value)
        return AtomFeatures(update.reshape(atoms, -1), rotations)

    def backward(
        self, geometry: PairGeometry, cotangent: AtomFeatures, total: PairGeometry, pairs: Blocked
    ) -> PairGeometry:
        """Return `total` plus the cotangent of the geometry through this layer."""
        gx, gev = cotangent.invariant, cotangent.euclidean
        kinds, heads = self.value.shape[0], self.attention.heads
        onto = jnp.einsum(
            "nhc,shc->nsh",
            gx.reshape(gx.shape[0], heads, -1),
            self.value.reshape(kinds, heads, -1),
        ).reshape(-1, heads)
        parity = self.attention.parity(gev.dtype)

        def body(carry: tuple[()], block: tuple) -> tuple[tuple[()], tuple[Array, ...]]:
            listed, g, so_far = block
            forth, back = self._families(listed)
            gev_i, gev_j = take(gev, listed.i), parity * take(gev, listed.j)
            g1, g2 = (
                jnp.concatenate([take(onto, place), self.attention.gather(one * g.harmonics)], 1)
                for place, one in (
                    (self._place(listed.i, listed.j), gev_i),
                    (self._place(listed.j, listed.i), gev_j),
                )
            )
            a_ij, a_ji = (self.tables.values(g.distances, family) for family in (forth, back))
            slope = g1 * self.tables.slopes(g.distances, forth)
            slope = slope + g2 * self.tables.slopes(g.distances, back)
            c = g.weight[:, None]
            harmonics = self.attention.spread(c * a_ij[:, heads:]) * gev_i
            harmonics = harmonics + self.attention.spread(c * a_ji[:, heads:]) * gev_j
            here = (g.weight * slope.sum(axis=1), (g1 * a_ij + g2 * a_ji).sum(axis=1), harmonics)
            return carry, jax.tree.map(jnp.add, so_far, here)

        so_far = (total.distances, total.weight, total.harmonics)
        columns = (pairs.listed, geometry, so_far)
        _, (distances, weight, harmonics) = over_blocks(body, (), columns, pairs)
        return PairGeometry(distances, weight, total.radial, harmonics)

    def _families(self, listed: PairList) -> tuple[Int[Array, " pairs"], Int[Array, " pairs"]]:
        kinds = self.value.shape[0]
        i, j = take(self.species, listed.i), take(self.species, listed.j)
        return i * kinds + j, j * kinds + i

    def _place(
        self, atom: Int[Array, " pairs"], other: Int[Array, " pairs"]
    ) -> Int[Array, " pairs"]:
        """Return the row of an atom and another's species."""
        return atom * self.value.shape[0] + take(self.species, other)


def species_layer(
    attention: Attention,
    basis: RadialBasis,
    atoms: Attended,
    species: Int[Array, " atoms"],
    kinds: int,
) -> SpeciesLayer:
    """Return the layer for atoms that are alike when their species are.

    Args:
        attention: the first layer.
        basis: of its radial filters.
        atoms: queries, keys and values of all atoms, with ev = 0.
        species: of each atom, from 0 to `kinds` − 1.
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
