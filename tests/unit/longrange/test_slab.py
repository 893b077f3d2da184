"""Slabs in boxes with vacuum against the exact sum over two dimensions."""

from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erf

from longrange_charges import (
    SIGMA,
    assert_field_is_derivatives_on_mesh,
    disordered,
    hessian_of_the_plain_sum,
    on_mesh,
    plain,
    rms,
)
from longrange_slabs import exact, height_of, rotation, slab, vacuum_in
from sundog.constants import COULOMB
from sundog.errors import CellError, ChargeError
from sundog.longrange.ewald import ewald_energies
from sundog.longrange.planning import OF_IMAGES, Ewald
from sundog.longrange.slab import ROOM, ROOM_SHARE, TALLEST, gap_for, residual_error
from sundog.system import concatenate, make_system, pad

EWALD = Ewald(SIGMA, 1e-4)
OF_THE_PLANE = ([0, 0, 1, 1, 2, 2, 2], [0, 1, 0, 1, 0, 1, 2])
"""Strains that leave the plane where it is, for which the oracle holds."""


@cache
def layer():
    """A slab for which most tests share the programs of its sums."""
    return slab(1)


@cache
def exact_of_layer():
    system, q = layer()
    return exact(q, system)


def in_box(plan, height):
    """The plan with a box of another height, resolved by the same shape."""
    assert height <= plan.stages[0][2] * plan.spacing
    return replace(plan, vacuum=replace(vacuum_in(plan), height=jnp.full((1, 1), height)))


def same_but_for_a_constant(potentials, others):
    """Potentials without their mean: no change of neutral charges feels it."""
    return rms((potentials - potentials.mean()) - (others - others.mean()))


def test_the_oracle_is_the_sum_over_images():
    system, q = slab(0, atoms=5, sides=(6.0, 7.0))
    places, cell, qq = np.asarray(system.positions), np.asarray(system.cell[0]), np.outer(q, q)
    n = np.stack(np.meshgrid(*[np.arange(-120, 121)] * 2, indexing="ij"), -1).reshape(-1, 2)
    images = n @ cell[:2]
    squares = np.sum(images**2, axis=1)
    of_image = np.zeros(len(images))
    for i, j in np.ndindex(qq.shape):
        r = np.linalg.norm(places[i] - places[j] + images, axis=1)
        of_image += qq[i, j] * np.where(r > 0, erf(r / SIGMA) / np.maximum(r, 1e-9), 0.0)
    # What a smooth cutoff leaves out is a power series of its inverse without a constant.
    widths = np.geomspace(60.0, 120.0, 8)
    sums = [0.5 * COULOMB * np.sum(of_image * np.exp(-squares / w**2)) for w in widths]
    expected = np.linalg.solve((60 / widths[:, None]) ** np.arange(8.0)[None], sums)[0]
    assert float(exact(q, system)[0]) == pytest.approx(expected, abs=2e-7)


def test_the_plain_sum_is_exact():
    system, q = layer()
    energy, (by_charge, gradient, virial) = exact_of_layer()
    field = plain(q, system)
    assert float(field.energies.sum()) == pytest.approx(float(energy), abs=1e-8)
    np.testing.assert_allclose(field.gradient, gradient, atol=1e-10)
    np.testing.assert_allclose(field.virial[0][OF_THE_PLANE], virial[0][OF_THE_PLANE], atol=1e-7)
    # The potential is that of the slab up to a constant, which depends on the box.
    assert same_but_for_a_constant(field.by_charge, by_charge) < 1e-9
    # In the usual sense of three dimensions the virial is symmetric.
    np.testing.assert_allclose(field.virial[0], field.virial[0].T, atol=1e-10)


@pytest.mark.parametrize("long", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_accuracy_asked_for_is_kept_by_mesh_and_vacuum(long):
    system, q = slab(3, sides=(24.0, 9.0)) if long else layer()
    _, (by_charge, gradient, virial) = exact(q, system) if long else exact_of_layer()
    plan = EWALD.plan_sum(system)
    extent = float(plan.longest[0, 2])
    for accuracy in (1e-2, 1e-4, 1e-6):
        ewald = Ewald(SIGMA, accuracy)
        field = on_mesh(q, system, ewald.plan_mesh(system))
        assert rms(field.gradient - gradient) <= accuracy
        assert same_but_for_a_constant(field.by_charge, by_charge) <= 30 * accuracy
        np.testing.assert_allclose(
            field.virial[0][OF_THE_PLANE], virial[0][OF_THE_PLANE], atol=100 * accuracy
        )
        # What images leave is estimated for atoms that have used up their room.
        gap = gap_for(OF_IMAGES * accuracy, SIGMA, np.asarray(plan.longest[0, :2]))
        error = rms(plain(q, system, in_box(plan, extent + gap)).gradient - gradient)
        assert 0.1 * OF_IMAGES * accuracy < error < 1.5 * OF_IMAGES * accuracy


def test_a_gap_shrinks_the_error_as_images_fade():
    sides = np.array([20.0, 30.0])
    one, other = residual_error(np.array([30.0, 30.0 + 30.0 / (2 * np.pi)]), SIGMA, sides)
    assert one / other == pytest.approx(np.e, rel=0.02)
    # Laterally small, Gaussians that overlap are what is left.
    assert gap_for(1e-6, SIGMA, np.array([5.0, 5.0])) > 3 * SIGMA


@pytest.mark.slow
def test_a_layer_of_dipoles_feels_no_dipoles_of_images():
    # Oriented waters: a dipole along the normal, and next to none across.
    rng = np.random.default_rng(0)
    oxygens = np.stack(np.meshgrid(*[np.arange(4) * 3.1] * 2, [0.0, 3.1]), -1).reshape(-1, 3)
    oxygens += rng.uniform(-0.2, 0.2, oxygens.shape)
    water = np.array([[0.0, 0, 0], [0.76, 0, 0.59], [-0.76, 0, 0.59]])
    places = (oxygens[:, None] + water[None]).reshape(-1, 3)
    q = jnp.asarray(np.tile([-0.8, 0.4, 0.4], len(oxygens)))
    flat = make_system(
        places, np.tile([8, 1, 1], 32), cell=np.diag([12.4, 12.4, 0]), pbc=(True, True, False)
    )
    plan, energies = EWALD.plan_sum(flat), []
    for height in (34.0, 44.0, 56.0):
        cell = jnp.asarray(np.diag([12.4, 12.4, height])[None])
        whole = replace(flat, cell=cell, pbc=jnp.ones((1, 3), bool))
        moment = float(jnp.sum(q * flat.positions[:, 2]))
        lost = 2 * np.pi * COULOMB * moment**2 / float(whole.volume[0])
        of_slab, of_stack = (
            plain(q, flat, in_box(plan, height)),
            plain(q, whole, replace(plan, vacuum=None)),
        )
        energies.append(float(of_slab.energies.sum()))
        assert energies[-1] - float(of_stack.energies.sum()) == pytest.approx(lost, rel=1e-6)
        # Between conducting walls the waters feel a field that no slab has.
        field = (of_slab.gradient - of_stack.gradient) / q[:, None]
        expected = 4 * np.pi * COULOMB * moment / float(whole.volume[0])
        np.testing.assert_allclose(field, np.tile([0, 0, expected], (96, 1)), atol=1e-9)
        assert abs(expected) > 0.1
    # The energy of a slab does not depend on the vacuum.
    assert energies[0] == pytest.approx(energies[2], abs=1e-5)
    assert energies[1] == pytest.approx(energies[2], abs=1e-7)
    assert energies[2] == pytest.approx(float(exact(q, flat)[0]), abs=1e-9)


def test_forces_virial_and_potential_are_derivatives_of_the_energy():
    system, q = slab(4, atoms=9, sides=(6.0, 7.0))
    plan = replace(in_box(EWALD.plan_mesh(system), 12.0), stages=((8, 9, 10),), order=5)
    # In the plane alone: the height of a box does not follow the cell.
    strain = np.zeros((3, 3))
    strain[:2, :2] = np.random.default_rng(1).normal(size=(2, 2))
    assert_field_is_derivatives_on_mesh(q, system, plan, strain + strain.T)


def test_the_virial_is_that_of_atoms_and_of_cells():
    # In the plane the cell follows the strain; across it only the atoms do.
    system, q = slab(5, atoms=12)
    plan = EWALD.plan_sum(system)
    none = jnp.zeros_like(system.cell)
    field = plain(q, system, plan)
    virial, gradient = np.asarray(field.virial[0]), np.asarray(field.gradient)
    step = 1e-4

    @jax.jit
    def energy(positions, cell):
        return ewald_energies(q, system.at(positions, cell), none, plan, SIGMA).sum()

    for i, j in zip(*OF_THE_PLANE, strict=True):
        ends = []
        for sign in (1, -1):
            bent = np.eye(3)
            bent[i, j] += sign * step
            ends.append(float(energy(system.positions @ bent, system.cell @ bent)))
        expected = (ends[0] - ends[1]) / (2 * step)
        assert virial[i, j] == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert virial[2, 2] == pytest.approx(float(system.positions[:, 2] @ gradient[:, 2]), abs=1e-7)


@pytest.mark.parametrize("third", [[0.0, 0, 0], [5.0, 5.0, 5.0], [0, 0, 400.0]])
def test_the_third_vector_says_nothing(third):
    system, q = layer()
    other = system.at(system.positions, system.cell.at[0, 2].set(jnp.asarray(third)))
    EWALD.check(other)
    one, two = (on_mesh(q, s, EWALD.plan_mesh(s)) for s in (system, other))
    jax.tree.map(np.testing.assert_array_equal, one, two)


def test_any_direction_may_be_the_one_that_is_not_periodic():
    system, q = layer()
    expected = on_mesh(q, system, EWALD.plan_mesh(system))
    turn = rotation(0)
    for order in ((2, 0, 1), (1, 2, 0)):
        turned = replace(
            system,
            positions=system.positions @ turn,
            cell=(system.cell @ turn)[:, np.array(order)],
            pbc=system.pbc[:, np.array(order)],
        )
        found = on_mesh(q, turned, EWALD.plan_mesh(turned))
        np.testing.assert_allclose(found.energies, expected.energies, atol=1e-10)
        np.testing.assert_allclose(found.gradient, expected.gradient @ turn, atol=1e-11)
        np.testing.assert_allclose(found.virial[0], turn.T @ expected.virial[0] @ turn, atol=1e-9)
    sums = plain(q, turned)
    np.testing.assert_allclose(sums.gradient, plain(q, system).gradient @ turn, atol=1e-11)


def test_momentum_is_conserved_and_translations_change_nothing():
    system, q = layer()
    # Charges in float32 add up to zero but for rounding.
    for charges, atol in ((q, 1e-12), (q.astype(jnp.float32), 2e-6)):
        plan = EWALD.plan_mesh(system)
        before = on_mesh(charges, system, plan)
        np.testing.assert_allclose(before.gradient.sum(axis=0), 0, atol=1e-12)
        moved = system.at(system.positions + jnp.asarray([[0.3, 17.0, -5e3]]))
        after = on_mesh(charges, moved, EWALD.plan_mesh(moved))
        np.testing.assert_allclose(after.energies, before.energies, atol=atol)
        np.testing.assert_allclose(after.gradient, before.gradient, atol=atol)
    np.testing.assert_allclose(plain(q, moved).gradient, plain(q, system).gradient, atol=1e-11)


@pytest.mark.slow
def test_a_batch_is_its_members_and_padding_is_nothing():
    (one, q_one), (two, q_two) = slab(9, atoms=20), disordered(10, atoms=30, total=-1.0)
    (third, q_third) = slab(11, atoms=30, sides=(9.0, 9.0))
    batch = pad(concatenate([one, two, third]), 90, 5)
    q = jnp.pad(jnp.concatenate([q_one, q_two, q_third]), (0, 10))
    sums = plain(q, batch)
    meshes = on_mesh(q, batch, EWALD.plan_mesh(batch))
    for number, (start, system, charges) in enumerate(
        ((0, one, q_one), (20, two, q_two), (50, third, q_third))
    ):
        mine, alone = slice(start, start + len(charges)), plain(charges, system)
        for together, atol in ((sums, 1e-10), (meshes, 4e-4)):
            np.testing.assert_allclose(together.gradient[mine], alone.gradient, atol=atol)
            np.testing.assert_allclose(
                together.energies[mine].sum(), alone.energies.sum(), atol=10 * atol
            )
            np.testing.assert_allclose(together.virial[number], alone.virial[0], atol=100 * atol)
    for field in (sums, meshes):
        for values in (field.energies, field.gradient, field.by_charge):
            np.testing.assert_array_equal(values[80:], 0)
        np.testing.assert_array_equal(field.virial[3:], 0)


def test_second_derivatives():
    system, q = slab(12, atoms=3, sides=(5.0, 6.0))
    hessian = hessian_of_the_plain_sum(q, system, in_box(EWALD.plan_sum(system), 28.0))
    assert np.abs(hessian).max() > 1e-3


def test_slabs_that_have_no_energy_are_refused_with_a_remedy():
    system, _ = slab(13)
    EWALD.check(system)
    ion = replace(system, total_charge=jnp.ones(1))
    with pytest.raises(ChargeError, match=r"charge \+1 .*counter-ions"):
        EWALD.check(ion)
    EWALD.check(replace(ion, pbc=jnp.ones((1, 3), bool)))
    wire = replace(system, pbc=jnp.asarray([[False, True, False]]))
    with pytest.raises(CellError, match=r"pbc \[False, True, False\].*wire"):
        EWALD.check(wire)
    almost = system.cell[0, 0] + jnp.asarray([0.0, 1.0, 0.0])
    flat = replace(system, cell=system.cell.at[0, 1].set(almost))
    with pytest.raises(CellError, match="niggli_reduce"):
        EWALD.check(flat)


# The plan follows the atoms.


def spread(system, extent):
    """The slab with its first atom so far away that the atoms extend over so many Å."""
    lowest = jnp.min(system.positions[1:, 2])
    return system.at(system.positions.at[0, 2].set(lowest + extent))


def test_a_box_has_room_and_a_higher_one_follows_in_the_step_that_needs_it():
    system, q = slab(14)
    extent = float(np.ptp(system.positions[:, 2]))
    plan = EWALD.plan_mesh(system)
    reach = (1 + ROOM_SHARE) * extent + ROOM
    height = height_of(plan)
    assert not plan.update(spread(system, reach - 1e-9)).overflow
    outgrown = plan.update(spread(system, reach + 1e-9))
    assert outgrown.overflow
    larger = plan.enlarged(outgrown)
    again = larger.update(spread(system, reach - 1e-9))
    assert (int(again.stage), height_of(again)) == (0, height)
    after = again.update(spread(system, reach + 1e-9))
    assert (int(after.stage), bool(after.overflow)) == (1, False)
    assert height_of(after) > height + ROOM
    back = after.update(system)
    assert (int(back.stage), height_of(back)) == (1, height_of(after))
    # The new box is made from what was asked for, not from where a chunk began.
    later = plan.update(spread(system, reach - 1.0)).enlarged(outgrown)
    np.testing.assert_array_equal(vacuum_in(later).height, vacuum_in(larger).height)
    # Both boxes are accurate.
    gradients = [on_mesh(q, system, one).gradient for one in (again, after)]
    assert rms(gradients[0] - gradients[1]) < 1e-4
    # A memory is the plan.
    jax.tree.map(np.testing.assert_array_equal, plan.recalled(back.memory()), back)
    # Stages that are over are forgotten.
    outgrown = back.update(spread(system, 100.0))
    third = back.enlarged(outgrown)
    assert third.stages[0] == after.stages[1]
    assert vacuum_in(third).height.shape == vacuum_in(third).room.shape[:2] == (2, 1)
    assert not third.update(spread(system, 100.0)).overflow


def test_a_cell_that_grows_in_the_plane_gets_more_vacuum():
    system, _ = slab(15)
    plan = EWALD.plan_mesh(system)
    wider = system.at(system.positions, 1.1 * system.cell)
    outgrown = plan.update(wider)
    assert outgrown.overflow
    larger = plan.enlarged(outgrown).update(wider)
    assert not larger.overflow
    assert height_of(larger) > height_of(plan)


def test_the_other_slabs_of_a_batch_keep_their_boxes():
    (one, _), (two, _) = slab(16, atoms=20), slab(17, atoms=30, sides=(9.0, 9.0))
    batch = concatenate([one, two])
    plan = EWALD.plan_mesh(batch)
    outgrown = plan.update(batch.at(batch.positions.at[0, 2].add(60.0)))
    larger = plan.enlarged(outgrown)
    assert vacuum_in(larger).height[1, 0] > vacuum_in(larger).height[0, 0]
    assert vacuum_in(larger).height[1, 1] == vacuum_in(larger).height[0, 1]


def test_atoms_that_leave_the_slab_for_good_end_the_run_with_a_remedy():
    system, _ = slab(18)
    plan = EWALD.plan_mesh(system)
    with pytest.raises(CellError, match="left the slab"):
        plan.enlarged(plan.update(spread(system, TALLEST)))
    with pytest.raises(CellError, match="left the slab"):
        EWALD.plan_sum(spread(system, TALLEST))
    # What is not a number ends a run by itself.
    assert not plan.update(system.at(system.positions * jnp.nan)).overflow
