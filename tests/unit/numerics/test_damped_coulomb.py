"""The polynomial of the damped Coulomb potential is the potential."""

from math import inf

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erf

from sundog.numerics.damped_coulomb import polynomial, potential, potential_slope

SIGMA = 4.0


@pytest.mark.parametrize("cutoff", [6.0, 12.0, 20.0, inf])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-14), ("float32", 1e-7)])
def test_value_and_slope(cutoff, dtype, tolerance):
    r = np.linspace(0.3, min(cutoff, 60.0), 997)
    v = polynomial(SIGMA, cutoff, dtype)
    found, slope = jax.vmap(jax.value_and_grad(v))(jnp.asarray(r, dtype))
    assert found.dtype == slope.dtype == dtype
    np.testing.assert_allclose(found, erf(r / SIGMA) / r, rtol=0, atol=tolerance)
    exact = 2 / np.sqrt(np.pi) / SIGMA * np.exp(-((r / SIGMA) ** 2)) / r - erf(r / SIGMA) / r**2
    np.testing.assert_allclose(slope, exact, rtol=0, atol=10 * tolerance)
    assert potential(r[7], SIGMA) == pytest.approx(erf(r[7] / SIGMA) / r[7], rel=1e-15)
    assert potential_slope(r[7], SIGMA) == pytest.approx(exact[7], rel=1e-14)


def test_far_beyond_the_cutoff_nothing_overflows():
    v = polynomial(SIGMA, 12.0, "float32")
    found, slope = jax.value_and_grad(v)(jnp.float32(1e4))
    assert found == pytest.approx(1e-4)
    assert slope == pytest.approx(-1e-8)
