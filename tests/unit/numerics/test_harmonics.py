import jax.numpy as jnp
import numpy as np
import pytest
from numpy.polynomial.legendre import leggauss, legval

from sundog.numerics.harmonics import degree_of_component, spherical_harmonics

DEGREES = (1, 2, 3, 4)


def sphere_quadrature(order=12):
    z, weight = leggauss(order)
    phi = 2 * np.pi * np.arange(2 * order) / (2 * order)
    rho = np.sqrt(1 - z**2)
    points = np.stack(
        [
            np.outer(rho, np.cos(phi)),
            np.outer(rho, np.sin(phi)),
            np.outer(z, np.ones_like(phi)),
        ],
        axis=-1,
    )
    weights = np.outer(weight, np.full_like(phi, np.pi / order))
    return points.reshape(-1, 3), weights.ravel()


def test_orthonormal_on_the_sphere():
    points, weights = sphere_quadrature()
    y = np.asarray(spherical_harmonics(jnp.asarray(points), DEGREES))
    np.testing.assert_allclose(y.T @ (weights[:, None] * y), np.eye(24), atol=1e-13)


def test_addition_theorem():
    a, b = np.random.default_rng(0).normal(size=(2, 20, 3))
    a, b = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (a, b))
    product = np.asarray(spherical_harmonics(jnp.asarray(a), DEGREES)) * np.asarray(
        spherical_harmonics(jnp.asarray(b), DEGREES)
    )
    per_degree = product @ degree_of_component(DEGREES)
    cosine = np.sum(a * b, axis=1)
    for column, degree in enumerate(DEGREES):
        legendre = legval(cosine, np.eye(degree + 1)[degree])
        np.testing.assert_allclose(
            per_degree[:, column], (2 * degree + 1) / (4 * np.pi) * legendre, atol=1e-13
        )


def test_first_degree_is_y_z_x():
    vector = jnp.asarray([[0.6, 0.0, 0.8]])
    expected = np.sqrt(3 / (4 * np.pi)) * np.array([[0.0, 0.8, 0.6]])
    np.testing.assert_allclose(spherical_harmonics(vector, (1,)), expected, atol=1e-15)


@pytest.mark.parametrize("degrees", [(2,), (1, 3), (0, 1, 2, 3, 4, 5, 6)])
def test_any_degrees(degrees):
    points, weights = sphere_quadrature()
    y = np.asarray(spherical_harmonics(jnp.asarray(points), degrees))
    assert y.shape[1] == sum(2 * degree + 1 for degree in degrees)
    np.testing.assert_allclose(y.T @ (weights[:, None] * y), np.eye(y.shape[1]), atol=1e-12)
