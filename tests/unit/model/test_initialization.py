"""Random parameters are drawn as those of the published run were."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sundog.model.hyperparameters import Hyperparameters
from sundog.model.so3krates import initialize
from sundog.terms.zbl import initialize_zbl


@pytest.fixture(scope="module")
def network():
    return eqx.filter_jit(initialize)(Hyperparameters(), jax.random.key(3))


@pytest.mark.parametrize(
    ("of", "deviation"),
    [
        (lambda n: n.embedding.element, 128**-0.5),
        (lambda n: n.embedding.charge.query, 128**-0.5),
        (lambda n: n.embedding.spin.value, 128**-0.5),
        (lambda n: n.layers[0].filter_features.radial.hidden.weight, 32**-0.5),
        (lambda n: n.layers[1].query_features, 32**-0.5),
        (lambda n: n.layers[2].exchange.weight, 132**-0.5),
        (lambda n: n.hirshfeld_head.query, 64**-0.5),
        (lambda n: n.charge_head.element, 1.0),
        (lambda n: n.hirshfeld_head.element, 1.0),
    ],
)
def test_means_are_zero_and_deviations_those_of_the_published_code(network, of, deviation):
    drawn = np.asarray(of(network))
    error = 5 / np.sqrt(drawn.size)
    assert abs(drawn.mean()) < error * deviation
    assert drawn.std() == pytest.approx(deviation, rel=error)


def test_matrices_are_cut_at_two_deviations_and_tables_are_not(network):
    # Of the distribution that is cut, before it is stretched to the deviation.
    stretched = 2 / 0.87962566103423978
    matrix = np.asarray(network.layers[0].mlp.hidden.weight) * 128**0.5
    assert 2.0 < np.abs(matrix).max() <= stretched
    assert np.abs(network.embedding.element).max() * 128**0.5 > 3


def test_biases_and_shifts_start_at_zero_and_scales_at_one(network):
    assert not np.any(network.layers[0].mlp.hidden.bias)
    assert not np.any(network.energy_head.shift)
    assert np.all(network.energy_head.scale == 1)
    assert np.all(network.layers[0].norm_1.scale == 1)


def test_repulsion_starts_as_the_universal_potential():
    zbl = initialize_zbl(4.5, 1.5)
    assert jax.nn.softplus(zbl.p) == pytest.approx(0.23)
    assert jax.nn.softplus(zbl.d) == pytest.approx(1 / (0.8854 * 0.5291772), rel=1e-6)
    assert jnp.sum(jax.nn.softplus(zbl.c)) == pytest.approx(1.0, abs=1e-3)
