from math import comb

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sundog.numerics.bernstein import bernstein_basis

GAMMA = 0.9448630809783936


def test_equals_the_defining_polynomials():
    r = np.linspace(0.3, 4.5, 40)
    y = np.exp(-GAMMA * r)[:, None]
    k = np.arange(32)[None]
    binomial = np.array([comb(31, int(i)) for i in k[0]])[None]
    expected = binomial * y**k * (1 - y) ** (31 - k)
    np.testing.assert_allclose(
        bernstein_basis(jnp.asarray(r), 32, GAMMA), expected, rtol=1e-12, atol=1e-300
    )


def test_is_a_partition_of_unity():
    total = bernstein_basis(jnp.linspace(0.01, 20.0, 50), 32, GAMMA).sum(axis=1)
    np.testing.assert_allclose(total, 1.0, rtol=1e-12)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_derivative_is_finite_over_the_whole_range(dtype):
    r = jnp.asarray([1e-3, 0.1, 1.0, 4.5, 50.0], dtype)
    slopes = jax.jacfwd(lambda r: bernstein_basis(r, 32, GAMMA).sum(axis=0))(r)
    assert np.isfinite(slopes).all()
