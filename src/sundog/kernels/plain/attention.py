"""Pair part of a SO3krates layer with a hand-written derivative.

For both filters t = features (1), Euclidean (2), heads h, and c = f(r)/n̄:

    w   = U φ(r) + W2 silu(W1 s + b1),        s_l = κ_l Σ_m (ev_j − ev_i)_lm²
    a_ij^h = Σ w q_i k_j,                     α = c a_ij
    δx_i = Σ_j α_1^h v_j,                     δev_i = Σ_j α_2^l Y_l

w is the same for (i, j) and (j, i), and Y changes sign as (−1)^l. Both passes therefore visit
every pair once and add its contributions to both atoms. With the cotangents gx, gev:

    g_ij = gx_i·v_j or gev_i·Y_l,             g_ji = gx_j·v_i or (−1)^l gev_j·Y_l
    gq_i = c g_ij w k_j,   gk_i = c g_ji w q_j,   gv_i = c a_ji gx_j       and i ↔ j
    gw   = c (g_ij q_i k_j + g_ji q_j k_i),       gφ = Uᵀ gw
    gs   = W1ᵀ [silu′ W2ᵀ gw],                    gev_j = −gev_i = 2 κ_l gs_l (ev_j − ev_i)
    gc   = Σ_h (g_ij a_ij + g_ji a_ji),           gY = c (a_ij gev_i + (−1)^l a_ji gev_j)

    symbol         variable             meaning
    U, W1, b1, W2  radial, hidden, …    parameters of a filter (`TabulatedFilter`)
    s, κ           s, _kappa            invariants of ev_j − ev_i, and their factors
    a_ij, a_ji     a_ij, b_ij, …        scores, named a for filter 1 and b for filter 2
    c, φ, Y        weight, radial, …    geometry of the pairs (`PairGeometry`)

The forward pass keeps only the scores a; the backward pass computes w again.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sundog.kernels.base import AbstractAttention, Attended
from sundog.kernels.plain.blocks import Blocked, add_at, over_blocks, take
from sundog.kernels.plain.geometry import PairGeometry
from sundog.numerics.harmonics import degree_of_component
from sundog.properties import AtomFeatures

PairFeatures = Float[Array, "pairs features"]
PairHeads = Float[Array, "pairs heads"]
Sides = tuple[PairFeatures, PairFeatures, PairFeatures, PairFeatures]
"""Queries and keys q_i, k_i, q_j, k_j of each pair."""


class TabulatedFilter(eqx.Module):
    """Filter w = U φ(r) + W2 silu(W1 s + b1); the bias of the output is part of the basis.

    Attributes:
        radial: matrix U.
        hidden: matrix W1.
        bias: vector b1.
        output: matrix W2.
    """

    radial: Float[Array | np.ndarray, "functions features"]
    hidden: Float[Array | np.ndarray, "degrees angular"]
    bias: Float[Array | np.ndarray, " angular"]
    output: Float[Array | np.ndarray, "angular features"]

    def __call__(self, geometry: PairGeometry, s: Float[Array, "pairs degrees"]) -> PairFeatures:
        """Return the filter w of each pair.

        Args:
            geometry: geometry of the pairs.
            s: invariants of the pairs.
        """
        return geometry.radial @ self.radial + jax.nn.silu(self._hidden(s)) @ self.output

    def pull(
        self,
        sides: Sides,
        cotangents: tuple[PairHeads, PairHeads],
        geometry: PairGeometry,
        s: Float[Array, "pairs degrees"],
    ) -> "PulledScores":
        """Return the cotangents of the scores' inputs from those of a_ij and a_ji.

        Args:
            sides: queries and keys q_i, k_i, q_j, k_j.
            cotangents: cotangents g_ij and g_ji of the scores.
            geometry: geometry of the pairs.
            s: invariants of the pairs.
        """
        q_i, k_i, q_j, k_j = sides
        g_ij, g_ji = cotangents
        z = self._hidden(s)
        gate = jax.nn.sigmoid(z)
        w = geometry.radial @ self.radial + (z * gate) @ self.output
        gw = scale_heads(g_ij, q_i * k_j) + scale_heads(g_ji, q_j * k_i)
        # One product for φ and the hidden layer together.
        inputs = gw @ jnp.concatenate([self.radial, self.output]).T
        functions = self.radial.shape[0]
        gz = inputs[:, functions:] * (gate * (1.0 + z * (1.0 - gate)))
        return PulledScores(
            queries=(scale_heads(g_ij, w * k_j), scale_heads(g_ji, w * k_i)),
            keys=(scale_heads(g_ji, w * q_j), scale_heads(g_ij, w * q_i)),
            radial=inputs[:, :functions],
            invariants=gz @ self.hidden.T,
        )

    def _hidden(self, s: Float[Array, "pairs degrees"]) -> Float[Array, "pairs angular"]:
        return s @ self.hidden + self.bias[None]


class PulledScores(eqx.Module):
    """Cotangents of the inputs of one filter's scores, for each pair.

    Attributes:
        queries: cotangents of q_i and q_j.
        keys: cotangents of k_i and k_j.
        radial: cotangent of φ.
        invariants: cotangent of s.
    """

    queries: tuple[PairFeatures, PairFeatures]
    keys: tuple[PairFeatures, PairFeatures]
    radial: Float[Array, "pairs functions"]
    invariants: Float[Array, "pairs degrees"]


class Scores(eqx.Module):
    """Scores a_ij and a_ji of both filters, without the weight c."""

    features: tuple[PairHeads, PairHeads]
    euclidean: tuple[PairHeads, PairHeads]


class Attention(AbstractAttention):
    """Pair part of one layer.

    Attributes:
        filter_features: filter 1, of the feature attention.
        filter_euclidean: filter 2, of the Euclidean attention.
        heads: number of heads of the feature attention.
        degrees: degrees l of the Euclidean variables.
    """

    filter_features: TabulatedFilter
    filter_euclidean: TabulatedFilter
    heads: int = eqx.field(static=True)
    degrees: tuple[int, ...] = eqx.field(static=True)

    def forward(
        self, atoms: Attended, geometry: PairGeometry, pairs: Blocked
    ) -> tuple[AtomFeatures, Scores]:
        """Return δx, δev and the scores; see `AbstractAttention.forward`."""
        a, parity = atoms, self.parity(geometry.harmonics.dtype)

        def body(sums: AtomFeatures, block: tuple) -> tuple[AtomFeatures, Scores]:
            i, j, g = block
            c, y = g.weight[:, None], g.harmonics
            s = self._invariants(take(a.euclidean, j) - take(a.euclidean, i))
            scores = Scores(
                _scores(self.filter_features(g, s), self._sides(1, a, i, j), self.heads),
                _scores(self.filter_euclidean(g, s), self._sides(2, a, i, j), len(self.degrees)),
            )
            a_ij, a_ji = scores.features
            b_ij, b_ji = scores.euclidean
            sums = AtomFeatures(
                _add_both(
                    sums.invariant,
                    (i, scale_heads(c * a_ij, take(a.value_features, j))),
                    (j, scale_heads(c * a_ji, take(a.value_features, i))),
                ),
                _add_both(
                    sums.euclidean,
                    (i, self.spread(c * b_ij) * y),
                    (j, self.spread(c * b_ji) * (parity * y)),
                ),
            )
            return sums, scores

        zeros = AtomFeatures(jnp.zeros_like(a.value_features), jnp.zeros_like(a.euclidean))
        return over_blocks(body, zeros, (pairs.listed.i, pairs.listed.j, geometry), pairs)

    def backward(
        self,
        atoms: Attended,
        geometry: PairGeometry,
        kept: Scores,
        cotangent: AtomFeatures,
        pairs: Blocked,
    ) -> tuple[Attended, PairGeometry]:
        """Return cotangents of atoms and geometry; see `AbstractAttention.backward`."""
        a, gx, gev = atoms, cotangent.invariant, cotangent.euclidean
        parity = self.parity(gev.dtype)

        def body(sums: Attended, block: tuple) -> tuple[Attended, PairGeometry]:
            i, j, g, known = block
            difference = take(a.euclidean, j) - take(a.euclidean, i)
            s, c, y = self._invariants(difference), g.weight[:, None], g.harmonics
            gx_i, gx_j = take(gx, i), take(gx, j)
            gev_i, gev_j = take(gev, i), parity * take(gev, j)
            g_features = (
                sum_heads(gx_i * take(a.value_features, j), self.heads),
                sum_heads(gx_j * take(a.value_features, i), self.heads),
            )
            g_euclidean = self.gather(gev_i * y), self.gather(gev_j * y)
            one = self.filter_features.pull(
                self._sides(1, a, i, j), (c * g_features[0], c * g_features[1]), g, s
            )
            two = self.filter_euclidean.pull(
                self._sides(2, a, i, j), (c * g_euclidean[0], c * g_euclidean[1]), g, s
            )
            along = 2.0 * self._kappa(gev.dtype) * difference
            along = along * self.spread(one.invariants + two.invariants)
            (a_ij, a_ji), (b_ij, b_ji) = known.features, known.euclidean
            values = scale_heads(c * a_ji, gx_j), scale_heads(c * a_ij, gx_i)
            sums = Attended(
                *(
                    _add_both(total, (i, at_i), (j, at_j))
                    for total, (at_i, at_j) in (
                        (sums.query_features, one.queries),
                        (sums.key_features, one.keys),
                        (sums.value_features, values),
                        (sums.query_euclidean, two.queries),
                        (sums.key_euclidean, two.keys),
                        (sums.euclidean, (-along, along)),
                    )
                )
            )
            weight = jnp.sum(g_features[0] * a_ij + g_features[1] * a_ji, axis=1)
            weight = weight + jnp.sum(g_euclidean[0] * b_ij + g_euclidean[1] * b_ji, axis=1)
            harmonics = self.spread(c * b_ij) * gev_i + self.spread(c * b_ji) * gev_j
            radial = one.radial + two.radial
            return sums, PairGeometry(jnp.zeros_like(weight), weight, radial, harmonics)

        columns = (pairs.listed.i, pairs.listed.j, geometry, kept)
        return over_blocks(body, jax.tree.map(jnp.zeros_like, a), columns, pairs)

    def spread(self, v: Float[Array, "pairs degrees"]) -> Float[Array, "pairs components"]:
        """Return a copy of each degree's value for each of its components."""
        return v @ jnp.asarray(degree_of_component(self.degrees).T, v.dtype)

    def gather(self, v: Float[Array, "pairs components"]) -> Float[Array, "pairs degrees"]:
        """Return the sum over the components of each degree."""
        return v @ jnp.asarray(degree_of_component(self.degrees), v.dtype)

    def parity(self, dtype: jnp.dtype) -> Float[Array, "1 components"]:
        """Return (−1)^l of each component."""
        return self._of_degree([(-1.0) ** degree for degree in self.degrees], dtype)

    def _invariants(self, v: Float[Array, "pairs components"]) -> Float[Array, "pairs degrees"]:
        return self.gather(self._kappa(v.dtype) * v**2)

    def _kappa(self, dtype: jnp.dtype) -> Float[Array, "1 components"]:
        return self._of_degree([(2 * degree + 1) ** -0.5 for degree in self.degrees], dtype)

    def _of_degree(self, values: list[float], dtype: jnp.dtype) -> Float[Array, "1 components"]:
        return jnp.asarray(degree_of_component(self.degrees) @ np.asarray(values), dtype)[None]

    def _sides(self, t: int, atoms: Attended, i: Array, j: Array) -> Sides:
        """Return queries and keys of the pairs for filter t, 1 or 2."""
        if t == 1:
            query, key = atoms.query_features, atoms.key_features
        else:
            query, key = atoms.query_euclidean, atoms.key_euclidean
        return take(query, i), take(key, i), take(query, j), take(key, j)


def _scores(w: PairFeatures, sides: Sides, heads: int) -> tuple[PairHeads, PairHeads]:
    """Return the scores a_ij and a_ji."""
    q_i, k_i, q_j, k_j = sides
    return sum_heads(q_i * w * k_j, heads), sum_heads(q_j * w * k_i, heads)


def _add_both(sums: Array, *parts: tuple[Int[Array, " pairs"], Array]) -> Array:
    for at, values in parts:
        sums = add_at(sums, at, values)
    return sums


def sum_heads(values: PairFeatures, heads: int) -> PairHeads:
    """Return the sum over the channels of each head.

    A product with a matrix of ones and zeros is faster than a reduction over the last axis.
    """
    ones = np.kron(np.eye(heads), np.ones((values.shape[1] // heads, 1)))
    return values @ jnp.asarray(ones, values.dtype)


def scale_heads(scale: PairHeads, values: PairFeatures) -> PairFeatures:
    """Return the channels of each head multiplied by the head's factor.

    The result has two axes because XLA on the CPU does not vectorise sums into an array with
    three axes, nor the operations that are fused with them.
    """
    count, heads = scale.shape
    return (scale[:, :, None] * values.reshape(count, heads, -1)).reshape(values.shape)
