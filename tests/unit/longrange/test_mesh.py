"""The sum on a mesh is the plain sum, up to the error that was asked for."""

from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from longrange_charges import (
    SIGMA,
    assert_field_is_derivatives_on_mesh,
    disordered,
    on_mesh,
    plain,
    rms,
)
from sundog.longrange.plan import Plan
from sundog.longrange.planning import Ewald
from sundog.system import concatenate, pad


@cache
def hundred(seed=0):
    """A hundred charges, for which several tests share the programs of their meshes."""
    return disordered(seed, atoms=100)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_the_accuracy_asked_for_is_kept(seed):
    system, q = hundred(seed)
    exact = plain(q, system)
    errors = []
    for accuracy in (1e-2, 1e-3, 1e-4, 1e-6):
        field = on_mesh(q, system, Ewald(SIGMA, accuracy).plan_mesh(system))
        errors.append(rms(field.gradient - exact.gradient))
        assert errors[-1] <= accuracy
    # A finer mesh is a better one, and not all of them are finer than need be.
    assert errors == sorted(errors, reverse=True)
    assert errors[2] > 1e-6


def shape_of_one(shape, order, systems=1) -> Plan:
    """A plan of a shape that no planning would choose."""
    return Plan((shape,), 1.0, order, jnp.zeros((), jnp.int32), jnp.zeros((systems, 3)))


# Sizes of three kinds: with and without a mode whose sign is not defined.
COARSE, FINE = (12, 15, 14), (24, 27, 30)


@pytest.mark.parametrize("order", [5, 6, pytest.param(7, marks=pytest.mark.slow)])
def test_all_derivatives_converge_to_the_plain_sums(order):
    system, q = disordered(5, total=-1.0)
    exact = plain(q, system)
    fields = [on_mesh(q, system, shape_of_one(shape, order)) for shape in (COARSE, FINE)]
    for name in ("energies", "by_charge", "gradient", "virial"):
        errors = [rms(getattr(one, name) - getattr(exact, name)) for one in fields]
        assert errors[1] < 2.0 ** -(order - 2) * errors[0]
        assert errors[1] < 1e-4


def test_forces_virial_and_potential_are_derivatives_of_the_energy():
    system, q = disordered(6, atoms=8, total=1.0, density=0.01)
    strain = np.random.default_rng(1).normal(size=(3, 3))
    assert_field_is_derivatives_on_mesh(q, system, shape_of_one((8, 9, 10), 5), strain + strain.T)


def test_momentum_is_conserved_and_translations_change_nothing():
    system, q = disordered(7)
    plan = shape_of_one(COARSE, 5)
    before = on_mesh(q, system, plan)
    np.testing.assert_allclose(before.gradient.sum(axis=0), 0, atol=1e-13)
    after = on_mesh(q, system.at(system.positions + jnp.asarray([[0.3, 17.0, -5.1]])), plan)
    np.testing.assert_allclose(after.energies, before.energies, atol=1e-12)
    np.testing.assert_allclose(after.gradient, before.gradient, atol=1e-12)


def test_other_images_of_atoms_change_no_more_than_the_error():
    system, q = hundred()
    plan = Ewald(SIGMA, 1e-6).plan_mesh(system)
    images = np.random.default_rng(0).integers(-2, 3, (100, 3)).astype(float)
    moved = system.at(system.positions + jnp.asarray(images) @ system.cell[0])
    one, other = on_mesh(q, system, plan), on_mesh(q, moved, plan)
    assert rms(one.gradient - other.gradient) < 2e-6


def test_a_batch_is_its_members_and_padding_is_nothing():
    (one, q_one), (two, q_two) = disordered(9, atoms=5), disordered(10, atoms=7, total=-1.0)
    batch = pad(concatenate([one, two]), 15, 4)
    plan = shape_of_one((10, 12, 9), 6, systems=4)
    together = on_mesh(jnp.pad(jnp.concatenate([q_one, q_two]), (0, 3)), batch, plan)
    for number, (start, system, q) in enumerate(((0, one, q_one), (5, two, q_two))):
        alone = on_mesh(q, system, shape_of_one((10, 12, 9), 6))
        mine = slice(start, start + len(q))
        np.testing.assert_allclose(together.energies[mine], alone.energies, rtol=1e-11)
        np.testing.assert_allclose(together.gradient[mine], alone.gradient, atol=1e-12)
        np.testing.assert_allclose(together.virial[number], alone.virial[0], atol=1e-12)
    for values in (together.energies, together.by_charge, together.gradient):
        np.testing.assert_array_equal(values[12:], 0)
    np.testing.assert_array_equal(together.virial[2:], 0)


def test_float32_rounds_far_below_the_model():
    system, q = hundred()
    plan = Ewald(SIGMA, 1e-4).plan_mesh(system)
    exact, rounded = on_mesh(q, system, plan), on_mesh(q.astype(jnp.float32), system, plan)
    assert rounded.by_charge.dtype == rounded.energies.dtype == jnp.float32
    assert rounded.gradient.dtype == rounded.virial.dtype == jnp.float64
    np.testing.assert_allclose(rounded.gradient, exact.gradient, atol=2e-6)
    np.testing.assert_allclose(rounded.by_charge, exact.by_charge, atol=1e-5)
    np.testing.assert_allclose(rounded.virial, exact.virial, atol=1e-4)
    again = on_mesh(q.astype(jnp.float32), system, plan)
    jax.tree.map(np.testing.assert_array_equal, again, rounded)


def test_a_later_stage_is_the_mesh_of_its_own_shape():
    system, q = disordered(12)
    shapes = (COARSE, FINE)
    both = replace(shape_of_one(shapes[0], 6), stages=shapes)
    for stage, shape in enumerate(shapes):
        alone = on_mesh(q, system, shape_of_one(shape, 6))
        staged = on_mesh(q, system, replace(both, stage=jnp.asarray(stage, jnp.int32)))
        np.testing.assert_allclose(staged.gradient, alone.gradient, atol=1e-14)
