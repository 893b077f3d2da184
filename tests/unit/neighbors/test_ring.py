"""Pairs of a ring are all pairs, each once, and the model gives the same on them."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from ase.build import molecule

from fixtures import SMALL, random_force_field
from sundog.neighbors.reference import reference_pairs
from sundog.neighbors.ring import RingPairs, ring_arrays
from sundog.system import concatenate, make_system, pad

NAMES = ("H2O", "CH3OH", "CH4", "CO")


def numbers_of(width):
    rows = np.zeros((width, len(NAMES)), np.int32)
    for column, name in enumerate(NAMES):
        found = molecule(name).numbers
        rows[: len(found), column] = found
    return rows


def pairs_of(width):
    arrays = ring_arrays(numbers_of(width))
    return RingPairs(**{k: jnp.asarray(v) for k, v in arrays.items()}, width=width)


@pytest.mark.parametrize("width", [6, 7, 8])
def test_every_pair_comes_once(width):
    pairs = pairs_of(width)
    listed = {
        frozenset((int(i), int(j)))
        for i, j, real in zip(pairs.i, pairs.j, pairs.mask, strict=True)
        if real
    }
    assert len(listed) == int(pairs.mask.sum())
    rows = np.arange(width * len(NAMES)).reshape(width, -1)
    expected = {
        frozenset((int(a), int(b)))
        for column, name in enumerate(NAMES)
        for a in rows[: len(molecule(name)), column]
        for b in rows[: len(molecule(name)), column]
        if a != b
    }
    assert listed == expected


@pytest.mark.parametrize("dtype", [jnp.float64, jnp.int32])
def test_gathers_and_sums_are_those_of_the_indices(dtype):
    pairs = pairs_of(8)
    rng = np.random.default_rng(0)
    values = jnp.asarray(rng.integers(-9, 9, size=(8 * len(NAMES), 3)), dtype)
    of_pairs = jnp.asarray(rng.integers(-9, 9, size=(len(pairs.i), 3)), dtype)
    assert [one.parity for one in pairs.directions] == [1, -1]
    for one in pairs.directions:
        assert np.array_equal(one.at_receivers(values), values[one.i])
        assert np.array_equal(one.at_senders(values), values[one.j])
        expected = np.zeros(values.shape)
        np.add.at(expected, np.asarray(one.i), np.asarray(of_pairs))
        assert np.array_equal(one.sum_over_senders(of_pairs, len(values)), expected)


def test_the_model_gives_the_same_as_on_a_list():
    force_field = random_force_field(SMALL, "exact")
    rng = np.random.default_rng(1)
    shaken = [molecule(name) for name in NAMES]
    systems = [
        make_system(one.positions + 0.1 * rng.normal(size=(len(one), 3)), one.numbers)
        for one in shaken
    ]
    systems[1] = make_system(systems[1].positions, shaken[1].numbers, total_charge=1)
    flat = concatenate(systems)
    rows = np.concatenate([np.arange(len(o)) * len(NAMES) + m for m, o in enumerate(shaken)])
    padded = pad(flat, 8 * len(NAMES), len(NAMES))
    positions, numbers = np.zeros((32, 3)), np.zeros(32, np.int32)
    positions[rows], numbers[rows] = flat.positions, flat.numbers
    ring = eqx.tree_at(
        lambda s: (s.positions, s.numbers, s.system_index),
        padded,
        (jnp.asarray(positions), jnp.asarray(numbers), jnp.tile(jnp.arange(4, dtype=jnp.int32), 8)),
    )
    lists = {
        "short": reference_pairs(flat, SMALL.cutoff),
        "long": reference_pairs(flat, np.inf),
    }
    call = eqx.filter_jit(lambda system, pairs: force_field(system, pairs))
    one, other = call(flat, lists), call(ring, dict.fromkeys(lists, pairs_of(8)))
    np.testing.assert_allclose(other.energy, one.energy, rtol=1e-12)
    np.testing.assert_allclose(other.forces[rows], one.forces, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(other.virial, one.virial, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(other.partial_charges[rows], one.partial_charges, atol=1e-12)
