"""One SO3krates layer: filtered linear attention, residual MLP, exchange.

    w_t  = radial_t(b(r)) + angular_t([ev_j − ev_i]_l)              t = features, Euclidean
    α_t^h = f(r)/n̄ · Σ_c q_t,i^hc w_t^hc k_t,j^hc                   (no softmax)
    x_i += concat_h Σ_j α^h v_j^h,     ev_i,lm += Σ_j α^l Y_lm(r_ij/r)
    x = LayerNorm₁(x);  x += mlp(silu(x))
    (c_x, c_l) = W [x, [ev]_l] + b;  x += c_x,  ev_lm += c_l ev_lm;  x = LayerNorm₂(x)

with the invariants [v]_l = (2l+1)^(−1/2) Σ_m v_lm². Both updates start from the same x and ev; the
exchange takes the updated ones.

    symbol              variable                     meaning
    x, ev               invariant, euclidean         features of the atoms (`AtomFeatures`)
    t                   features, euclidean          one of the two attentions
    h, c                                             head, and channel in it
    radial_t, angular_t `Filter`                     perceptrons of the filters w_t
    q, k, v             query, key, value            `Projections` of x
    b(r), Y_lm, f(r)/n̄  radial, harmonics, weight    geometry of the pairs (`PairBasis`)
    W, b                exchange                     affine map of the exchange

Source: Frank et al., Nat. Commun. 15, 6539 (2024), eqs. 8–18, as implemented in the published
SO3LR code.
"""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from sundog.model import initialization as init
from sundog.model.hyperparameters import Hyperparameters
from sundog.neighbors.pairs import PairList
from sundog.numerics.harmonics import degree_of_component
from sundog.numerics.layers import MLP, LayerNorm, Linear
from sundog.properties import AtomFeatures

HeadMaps = Float[Array, "heads width width"]
DegreeMaps = Float[Array, "degrees degree_width degree_width"]
ByHead = Float[Array, "atoms heads width"]
ByDegree = Float[Array, "atoms degrees degree_width"]


class PairBasis(eqx.Module):
    """Functions of the geometry of the pairs that all layers share.

    Attributes:
        radial: Bernstein polynomials b(r).
        harmonics: spherical harmonics Y_lm of the direction of the pair.
        weight: weight f(r)/n̄ of the pair, zero in padding.
    """

    radial: Float[Array, "pairs radial"]
    harmonics: Float[Array, "pairs components"]
    weight: Float[Array, " pairs"]


class Filter(eqx.Module):
    """Filter w = radial(b(r)) + angular([ev_j − ev_i]_l) of one attention.

    Attributes:
        radial: perceptron on the Bernstein polynomials.
        angular: perceptron on the invariants of the Euclidean variables' difference.
    """

    radial: MLP
    angular: MLP

    def __call__(
        self, basis: Float[Array, "pairs radial"], invariants: Float[Array, "pairs degrees"]
    ) -> Float[Array, "pairs features"]:
        """Return the filter of each pair.

        Args:
            basis: Bernstein polynomials b(r).
            invariants: invariants [ev_j − ev_i]_l.
        """
        return self.radial(basis) + self.angular(invariants)


class Projections(NamedTuple):
    """Queries, keys and values of all atoms; the Euclidean attention takes Y_lm as its values."""

    query_features: ByHead
    key_features: ByHead
    value_features: ByHead
    query_euclidean: ByDegree
    key_euclidean: ByDegree


class Layer(eqx.Module):
    """One layer of the network; the module's header has the equations.

    Attributes:
        filter_features: filter of the feature attention.
        filter_euclidean: filter of the Euclidean attention.
        query_features: map from x to the queries of the feature attention, a matrix per head.
        key_features: map to its keys.
        value_features: map to its values.
        query_euclidean: map from x to the queries of the Euclidean attention, a matrix per degree.
        key_euclidean: map to its keys.
        mlp: residual perceptron.
        exchange: affine map that mixes features and invariants.
        norm_1: normalisation after the attention.
        norm_2: normalisation after the exchange.
        degrees: degrees l of the Euclidean variables.
    """

    filter_features: Filter
    filter_euclidean: Filter
    query_features: HeadMaps
    key_features: HeadMaps
    value_features: HeadMaps
    query_euclidean: DegreeMaps
    key_euclidean: DegreeMaps
    mlp: MLP
    exchange: Linear
    norm_1: LayerNorm
    norm_2: LayerNorm
    degrees: tuple[int, ...] = eqx.field(static=True)

    def __call__(self, atoms: AtomFeatures, basis: PairBasis, pairs: PairList) -> AtomFeatures:
        """Return the updated features.

        Args:
            atoms: features before the layer.
            basis: geometry of the short-range pairs.
            pairs: short-range pairs.
        """
        return self.update(atoms, self._attend(atoms, basis, pairs))

    def projections(self, x: Float[Array, "atoms features"]) -> Projections:
        """Return q, k and v of both attentions.

        Args:
            x: invariant features before the layer.
        """
        return Projections(
            query_features=_heads(x, self.query_features),
            key_features=_heads(x, self.key_features),
            value_features=_heads(x, self.value_features),
            query_euclidean=_heads(x, self.query_euclidean),
            key_euclidean=_heads(x, self.key_euclidean),
        )

    def update(self, atoms: AtomFeatures, attended: AtomFeatures) -> AtomFeatures:
        """Return the updated features from the sums over pairs: the part that is local to atoms.

        Args:
            atoms: features before the layer.
            attended: sums over the pairs of both attentions, to be added to the features.
        """
        x = self.norm_1(atoms.invariant + attended.invariant)
        ev = atoms.euclidean + attended.euclidean
        x = x + self.mlp(jax.nn.silu(x))
        mixed = self.exchange(jnp.concatenate([x, invariants(ev, self.degrees)], axis=1))
        features = x.shape[1]
        scale = _per_component(mixed[:, features:], self.degrees)
        return AtomFeatures(self.norm_2(x + mixed[:, :features]), ev + scale * ev)

    def _attend(self, atoms: AtomFeatures, basis: PairBasis, pairs: PairList) -> AtomFeatures:
        """Return the sums over the pairs of both attentions."""
        x, ev = atoms.invariant, atoms.euclidean
        heads, degrees = (_members(x.shape[1], n, x.dtype) for n in self._numbers_of_heads)
        query, key, value = (
            x @ _block_diagonal(maps)
            for maps in (self.query_features, self.key_features, self.value_features)
        )
        turning_query, turning_key = (
            x @ _block_diagonal(maps) for maps in (self.query_euclidean, self.key_euclidean)
        )
        # The filters are the same for both orders of a pair, and so are the weights.
        differences = invariants(pairs.at_senders(ev) - pairs.at_receivers(ev), self.degrees)
        filters = self.filter_features(basis.radial, differences)
        turning = self.filter_euclidean(basis.radial, differences)
        update, turned = jnp.zeros_like(x), jnp.zeros_like(ev)
        for ordered in pairs.directions:
            alpha = _attention(query, filters, key, basis.weight, heads, ordered)
            values = (alpha @ heads.T) * ordered.at_senders(value)
            update = update + ordered.sum_over_senders(values, x.shape[0])
            alpha = _attention(turning_query, turning, turning_key, basis.weight, degrees, ordered)
            rotations = _per_component(alpha, self.degrees) * self._seen(basis, ordered)
            turned = turned + ordered.sum_over_senders(rotations, x.shape[0])
        return AtomFeatures(update, turned)

    @property
    def _numbers_of_heads(self) -> tuple[int, int]:
        return self.query_features.shape[0], self.query_euclidean.shape[0]

    def _seen(self, basis: PairBasis, ordered: PairList) -> Float[Array, "pairs components"]:
        """Return Y_lm of the pairs of a list: (−1)^l times those of its reverse."""
        if ordered.parity == 1:
            return basis.harmonics
        signs = degree_of_component(self.degrees) @ [(-1.0) ** degree for degree in self.degrees]
        return basis.harmonics * jnp.asarray(signs, basis.harmonics.dtype)[None]


def invariants(
    vectors: Float[Array, "n components"], degrees: Sequence[int]
) -> Float[Array, "n degrees"]:
    """Return [v]_l = (2l+1)^(−1/2) Σ_m v_lm² for each degree."""
    scale = 1 / np.sqrt(2 * np.asarray(degrees) + 1)
    return vectors**2 @ jnp.asarray(degree_of_component(degrees) * scale[None], vectors.dtype)


def _per_component(
    values: Float[Array, "n degrees"], degrees: Sequence[int]
) -> Float[Array, "n components"]:
    return values @ jnp.asarray(degree_of_component(degrees).T, values.dtype)


def _heads(x: Float[Array, "atoms features"], maps: HeadMaps) -> Float[Array, "atoms heads width"]:
    heads = x.reshape(x.shape[0], maps.shape[0], maps.shape[1])
    return jnp.einsum("hab,nhb->nha", maps, heads)


def _block_diagonal(maps: HeadMaps) -> Float[Array, "features features"]:
    """Return the matrix M with x M = the maps of all heads, side by side.

    One product of four times the work is faster than one for each head with its transposes, and
    so are its derivatives.
    """
    heads, outputs, inputs = maps.shape
    apart = jnp.eye(heads, dtype=maps.dtype)
    return jnp.einsum("hab,hg->hbga", maps, apart).reshape(heads * inputs, heads * outputs)


def _members(features: int, heads: int, dtype: jnp.dtype) -> Float[Array, "features heads"]:
    """Return the matrix of zeros and ones that says to which head a feature belongs.

    Sums over a head, and copies to it, are products with it, as in `degree_of_component`.
    """
    return jnp.asarray(np.repeat(np.eye(heads), features // heads, axis=0), dtype)


def _attention(
    query: Float[Array, "atoms features"],
    filters: Float[Array, "pairs features"],
    key: Float[Array, "atoms features"],
    weight: Float[Array, " pairs"],
    members: Float[Array, "features heads"],
    pairs: PairList,
) -> Float[Array, "pairs heads"]:
    products = pairs.at_receivers(query) * filters * pairs.at_senders(key)
    return weight[:, None] * (products @ members)


def initialize_layer(hyperparameters: Hyperparameters, key: PRNGKeyArray) -> Layer:
    """Return a layer with random parameters."""
    h = hyperparameters
    width, number_of_degrees = h.features, len(h.degrees)
    keys = iter(jax.random.split(key, 11))

    def make_filter() -> Filter:
        return Filter(
            radial=init.mlp(next(keys), h.radial_functions, width, width),
            angular=init.mlp(next(keys), number_of_degrees, h.angular_features, width),
        )

    def maps(heads: int) -> HeadMaps:
        return init.matrices(next(keys), heads, width // heads, width // heads)

    return Layer(
        filter_features=make_filter(),
        filter_euclidean=make_filter(),
        query_features=maps(h.heads),
        key_features=maps(h.heads),
        value_features=maps(h.heads),
        query_euclidean=maps(number_of_degrees),
        key_euclidean=maps(number_of_degrees),
        mlp=init.mlp(next(keys), width, width, width),
        exchange=init.linear(next(keys), width + number_of_degrees, width + number_of_degrees),
        norm_1=init.layer_norm(width),
        norm_2=init.layer_norm(width),
        degrees=h.degrees,
    )
