"""Symmetry and range of the learned features."""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from fixtures import SMALL, ethanol, pairs_for, small_force_field
from sundog.model.so3krates import So3krates
from sundog.neighbors.pairs import edges
from sundog.system import make_system


@pytest.fixture(scope="module")
def force_field():
    return small_force_field("exact")


@eqx.filter_jit
def features(network: So3krates, system, pairs):
    return network.features(
        system, pairs, edges(system, pairs, jnp.zeros((1, 3, 3)), network.dtype)
    )


def features_of(force_field, system):
    pairs = pairs_for(force_field, system)["short"]
    return features(force_field.network, system, pairs)


def test_invariants_stay_and_vectors_turn_with_the_molecule(force_field):
    system = ethanol()
    turn = Rotation.from_rotvec([0.4, -0.9, 0.3]).as_matrix()
    before = features_of(force_field, system)
    after = features_of(force_field, replace(system, positions=system.positions @ turn))
    np.testing.assert_allclose(after.invariant, before.invariant, atol=1e-11)
    norms = [np.linalg.norm(one.euclidean[:, :3], axis=1) for one in (before, after)]
    assert norms[0].min() > 1e-6
    np.testing.assert_allclose(norms[1], norms[0], rtol=1e-9)
    assert np.abs(after.euclidean - before.euclidean).max() > 1e-3


def test_an_atom_is_forgotten_smoothly_at_the_cutoff(force_field):
    def of_two(distance):
        system = make_system([[0, 0, 0], [0, 0, distance]], [8, 6])
        return np.asarray(features_of(force_field, system).invariant)

    beyond, at_the_edge, near = (of_two(SMALL.cutoff + d) for d in (0.5, -1e-3, -1.0))
    alone = features_of(force_field, make_system([[0, 0, 0]], [8])).invariant[0]
    np.testing.assert_allclose(beyond[0], alone, atol=1e-13)
    np.testing.assert_allclose(at_the_edge, beyond, atol=1e-5)
    assert np.abs(near - beyond).max() > 1e-3
