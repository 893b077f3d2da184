"""The network with its radial filters as sums of Chebyshev polynomials, for training.

    w(r) = Σ_k C_k T_k(x),   x = (2r − a − b)/(b − a),   C = D w(nodes)
    T_(m+k) = 2 T_m T_k − T_(m−k)

A filter is a perceptron of one distance. In a step of training its parameters are the same for all
pairs, so that it is evaluated at the nodes alone and every pair costs one product with T(r), which
has no parameters: less than half the work of the perceptron. The derivative by the parameters
passes through the nodes.

With 64 nodes the published filters are reproduced to 8e-8 from 0.7 Å to the cutoff. Distances
below the first node's end are cut, so that structures with such distances must not be trained on.
"""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sundog.model.layer import Filter, PairBasis
from sundog.model.so3krates import So3krates
from sundog.neighbors.pairs import Edges
from sundog.numerics.bernstein import bernstein_basis
from sundog.typing import PerPair

NODES = 64
"""Number of polynomials."""


class ChebyshevFilter(Filter):
    """`Filter` with coefficients in place of its radial perceptron.

    Attributes:
        coefficients: coefficients C of the radial part.
    """

    coefficients: Float[Array, "nodes features"]

    def __call__(
        self, basis: Float[Array, "pairs nodes"], invariants: Float[Array, "pairs degrees"]
    ) -> Float[Array, "pairs features"]:
        """Return the filter of each pair.

        Args:
            basis: polynomials T(r).
            invariants: invariants [ev_j − ev_i]_l.
        """
        return basis @ self.coefficients + self.angular(invariants)


class ChebyshevNetwork(So3krates):
    """`So3krates` whose pairs have polynomials T(r) as their radial basis.

    Attributes:
        start: distance a in Å from which on the polynomials hold; b is the cutoff.
    """

    start: float = eqx.field(static=True, default=0.5)

    def _basis(self, edges: Edges) -> PairBasis:
        h = self.hyperparameters
        plain = super()._basis(edges)
        x = (2.0 * edges.distances - (self.start + h.cutoff)) / (h.cutoff - self.start)
        return replace(plain, radial=chebyshev(jnp.clip(x, -1.0, 1.0), NODES))


def with_chebyshev_filters(network: So3krates, start: float) -> ChebyshevNetwork:
    """Return the network with the same filters as sums of polynomials (pure, differentiable).

    Args:
        network: a network.
        start: shortest distance in Å that occurs.
    """
    h = network.hyperparameters
    angles = np.pi * (np.arange(NODES) + 0.5) / NODES
    nodes = 0.5 * (start + h.cutoff) + 0.5 * (h.cutoff - start) * np.cos(angles)
    transform = 2.0 / NODES * np.cos(np.outer(np.arange(NODES), angles))
    transform[0] *= 0.5
    dtype = network.dtype
    basis = bernstein_basis(jnp.asarray(nodes, dtype), h.radial_functions, h.radial_decay)
    to_coefficients = jnp.asarray(transform, dtype)

    def expanded(one: Filter) -> ChebyshevFilter:
        return ChebyshevFilter(one.radial, one.angular, to_coefficients @ one.radial(basis))

    layers = tuple(
        replace(
            layer,
            filter_features=expanded(layer.filter_features),
            filter_euclidean=expanded(layer.filter_euclidean),
        )
        for layer in network.layers
    )
    return ChebyshevNetwork(
        network.embedding,
        layers,
        network.energy_head,
        network.charge_head,
        network.hirshfeld_head,
        h,
        start,
    )


def chebyshev(x: PerPair, count: int) -> Float[Array, "pairs {count}"]:
    """Return T_k(x) for k < count, a power of two.

    The number of polynomials is doubled again and again, T_(m+k) = 2 T_m T_k − T_(m−k), so that
    neither x = ±1 nor any derivative is singular.

    Args:
        x: values from −1 to 1.
        count: number of polynomials.
    """
    found = jnp.stack([jnp.ones_like(x), x], axis=1)
    while found.shape[1] < count:
        last = found.shape[1] - 1
        top = found[:, last, None]
        # k = 1 … m with T_(m−k) from m − 1 down to 0.
        more = 2.0 * top * found[:, 1:] - found[:, last - 1 :: -1]
        found = jnp.concatenate([found, more], axis=1)
    return found[:, :count]
