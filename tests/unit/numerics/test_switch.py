import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sundog.numerics.switch import exponential_switch, polynomial_cutoff


def test_polynomial_cutoff_has_two_vanishing_derivatives_at_the_cutoff():
    value, first, second = (
        lambda r: polynomial_cutoff(r, 4.5),
        jax.grad(lambda r: polynomial_cutoff(r, 4.5)),
        jax.grad(jax.grad(lambda r: polynomial_cutoff(r, 4.5))),
    )
    assert value(jnp.float64(0.0)) == 1
    assert value(jnp.float64(2.25)) == pytest.approx(0.5)  # antisymmetric about the middle
    for function in (value, first, second):
        assert abs(function(jnp.float64(4.5 - 1e-7))) < 1e-5
        assert function(jnp.float64(5.0)) == 0


def test_exponential_switch_is_the_quotient_of_the_paper():
    x = np.linspace(5.5, 11.9, 50)
    c = (x - 5.4) / (12 - 5.4)

    def g(u):
        return np.exp(-1 / u)

    expected = g(1 - c) / (g(1 - c) + g(c))
    np.testing.assert_allclose(exponential_switch(jnp.asarray(x), 5.4, 12.0), expected, rtol=1e-13)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_exponential_switch_is_flat_and_finite_outside(dtype):
    x = jnp.asarray([0.0, 5.4, 12.0, 100.0], dtype)
    np.testing.assert_array_equal(exponential_switch(x, 5.4, 12.0), [1, 1, 0, 0])
    slopes = jax.vmap(jax.grad(lambda r: exponential_switch(r, 5.4, 12.0)))(x)
    np.testing.assert_array_equal(slopes, np.zeros(4))
