"""Radial filters as sums of Chebyshev polynomials."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from fixtures import SMALL
from sundog.model.chebyshev import NODES, chebyshev, with_chebyshev_filters
from sundog.model.so3krates import initialize
from sundog.neighbors.pairs import Edges


def test_polynomials_are_those_of_the_cosine():
    x = jnp.linspace(-1.0, 1.0, 201)
    expected = np.cos(np.arange(NODES)[None] * np.arccos(np.asarray(x))[:, None])
    np.testing.assert_allclose(chebyshev(x, NODES), expected, atol=1e-12)
    slopes = jax.jacfwd(lambda one: chebyshev(one[None], NODES)[0])(jnp.asarray(1.0))
    np.testing.assert_allclose(slopes, np.arange(NODES) ** 2, rtol=1e-10)


def test_filters_are_those_of_the_network():
    network = eqx.filter_jit(initialize)(SMALL, jax.random.key(0))
    distances = jnp.linspace(0.7, SMALL.cutoff, 50)
    vectors = jnp.zeros((50, 3)).at[:, 0].set(distances)
    edges = Edges(vectors, distances, jnp.ones(50, bool))
    differences = jnp.zeros((50, len(SMALL.degrees)))
    expanded = with_chebyshev_filters(network, 0.5)

    @eqx.filter_jit
    def filters(net):
        basis = net._basis(edges)
        return [layer.filter_features(basis.radial, differences) for layer in net.layers]

    for one, other in zip(filters(expanded), filters(network), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-7 * np.abs(other).max())
