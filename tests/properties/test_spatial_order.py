"""Atoms in spatial order, and clusters of them: no pair is missed, whatever the cell."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from random_cells import awkward_batch, entries, random_cell, random_system
from sundog.errors import CoincidentAtomsError
from sundog.neighbors.ordered import allocate_ordered
from sundog.neighbors.reference import reference_pairs
from sundog.neighbors.spatial_order import CLUSTER, plan_layout, spatial_order
from sundog.system import make_system

CUTOFFS = {"short": 2.0, "long": 4.0}
SKIN = 0.3
ordered_now = jax.jit(spatial_order)
advance = jax.jit(lambda lists, system: lists.update(system))


def met(lists, system) -> list[tuple[int, ...]]:
    """Return the (i, j, shift) of all pairs of atoms in pairs of clusters."""
    given = lists.pairs
    clusters, atom = given.pairs["long"], np.asarray(given.order.atom)
    rows = [clusters.listed.i, clusters.listed.j, clusters.listed.shift, clusters.listed.mask]
    first, second, shift, mask = (np.asarray(one) for one in rows)
    a, b = np.divmod(np.arange(CLUSTER**2), CLUSTER)
    i = (first[mask, None] * CLUSTER + a).ravel()
    j = (second[mask, None] * CLUSTER + b).ravel()
    wrap = np.asarray(clusters.wrap)
    shift = np.repeat(shift[mask], CLUSTER**2, axis=0) - wrap[j] + wrap[i]
    numbers = np.append(np.asarray(system.numbers), 0)
    exists = numbers[atom] > 0
    kept = exists[i] & exists[j] & ((i != j) | shift.any(axis=1))
    table = np.column_stack([atom[i], atom[j], shift])[kept]
    return sorted(map(tuple, table.tolist()))


def near(lists, system) -> list[tuple[int, ...]]:
    """Return the entries of the short list, in atoms."""
    given = lists.pairs
    short, atom = given.pairs["short"], given.order.atom
    return entries(replace(short, i=atom[short.i], j=atom[short.j], row_length=None))


def assert_complete(lists, system, skin=0.0):
    assert not lists.overflow
    found = met(lists, system)
    assert len(set(found)) == len(found)
    assert set(entries(reference_pairs(system, CUTOFFS["long"] + skin))) <= set(found)
    assert set(entries(reference_pairs(system, CUTOFFS["short"]))) <= set(near(lists, system))


@pytest.mark.slow
@pytest.mark.parametrize("pbc", [(False, False, False), (True, False, True), (True, True, True)])
def test_clusters_meet_all_pairs_once(pbc):
    rng = np.random.default_rng([1, *pbc])
    # Of these cells some are shorter than the cutoff.
    system = random_system(rng, 70, pbc, hops=3, lengths=(3.5, 12.0))
    assert_complete(allocate_ordered(system, CUTOFFS, SKIN), system, SKIN)


def test_batches_and_padding():
    batch = awkward_batch(np.random.default_rng(4), 64, 6)
    lists = allocate_ordered(batch, CUTOFFS, SKIN)
    assert_complete(lists, batch, SKIN)
    order = lists.order
    # Whole clusters of each structure: 3, 1, 1, 1, and one of padding.
    assert len(order.atom) == 7 * CLUSTER
    present = order.ordered(batch)
    np.testing.assert_array_equal(order.restored(present.positions), batch.positions)
    np.testing.assert_array_equal(order.restored(present.numbers), batch.numbers)
    atoms = np.asarray(present.is_atom)
    assert atoms.sum() == np.asarray(batch.is_atom).sum()
    of_place = np.asarray(batch.system_index)[np.asarray(order.atom)[atoms]]
    np.testing.assert_array_equal(np.asarray(present.system_index)[atoms], of_place)


def test_clusters_are_compact():
    rng = np.random.default_rng(2)
    cell = random_cell(rng, lengths=(20.0, 30.0), skew=0.3)
    atoms = 2000
    system = make_system(
        rng.uniform(-2, 2, (atoms, 3)) @ cell, np.ones(atoms, int), cell=cell, pbc=True
    )
    layout = plan_layout(system)
    order = ordered_now(system, layout)
    assert sorted(np.asarray(order.place)) == list(range(atoms))
    present = order.ordered(system)
    fractional, _ = layout.fractional(present)
    edges = np.ptp(np.asarray(fractional).reshape(-1, CLUSTER, 3), axis=1)
    ideal = 1 / len(edges)
    # Boxes of random points are smaller than their share; ten times it would be a bad order.
    assert np.mean(np.prod(edges, axis=1)) < 1.5 * ideal
    # About as long as they are wide, in Å.
    lengths = edges.mean(axis=0) * np.linalg.norm(cell, axis=1)
    assert lengths.max() < 2 * lengths.min()


@pytest.mark.slow
def test_a_slab_across_the_boundary_stays_in_one_piece():
    rng = np.random.default_rng(3)
    z = (rng.uniform(-8, 8, 400)) % 60.0
    positions = np.column_stack([rng.uniform(0, 12, (400, 2)), z])
    system = make_system(positions, np.ones(400, int), cell=np.diag([12.0, 12.0, 60.0]), pbc=True)
    lists = allocate_ordered(system, CUTOFFS, SKIN)
    assert lists.far.widest < 20
    assert_complete(lists, system, SKIN)


def test_no_pair_is_missed_on_a_random_walk_in_a_breathing_cell():
    rng = np.random.default_rng(7)
    cell = random_cell(rng, lengths=(7.0, 9.0))
    system = make_system(rng.uniform(size=(40, 3)) @ cell, np.ones(40, int), cell=cell, pbc=True)
    cell = np.asarray(system.cell)
    lists, orders, steps = allocate_ordered(system, CUTOFFS, 0.6), 0, 30
    for step in range(steps):
        strain = np.eye(3) + 0.03 * np.sin(2 * np.pi * step / steps) * np.array(
            [[1.0, 0.5, 0.0], [0.0, -0.5, 0.3], [0.2, 0.0, 1.0]]
        )
        change = np.linalg.solve(np.asarray(system.cell[0]), cell[0] @ strain)
        positions = np.asarray(system.positions) @ change
        positions = positions + rng.normal(scale=0.04, size=positions.shape)
        system = system.at(jnp.asarray(positions), jnp.asarray(cell @ strain))
        before, lists = lists, advance(lists, system)
        orders += not np.array_equal(before.order.atom, lists.order.atom)
        while lists.overflow:
            lists = advance(before.enlarged(system, lists), system)
        assert_complete(lists, system)
    assert 2 < orders < steps / 2


@pytest.mark.slow
def test_lists_that_are_too_small_say_so_and_grow():
    rng = np.random.default_rng(5)
    sparse = random_system(rng, 64, (True, True, True), lengths=(40.0, 45.0))
    lists = allocate_ordered(sparse, CUTOFFS, SKIN)
    dense = sparse.at(0.25 * sparse.positions, 0.25 * sparse.cell)
    late = advance(lists, dense)
    assert late.overflow
    grown = advance(lists.enlarged(sparse, late), dense)
    while grown.overflow:
        grown = advance(lists.enlarged(sparse, grown), dense)
    assert_complete(grown, dense, SKIN)


@pytest.mark.slow
def test_lists_are_recalled_to_the_bit():
    rng = np.random.default_rng(6)
    start = random_system(rng, 50, (True, False, True), lengths=(8.0, 10.0))
    first = allocate_ordered(start, CUTOFFS, SKIN)
    later = start.at(start.positions + rng.normal(scale=0.4, size=start.positions.shape))
    lists = advance(first, later)
    last = later.at(later.positions + 0.01)
    recalled = allocate_ordered(last, CUTOFFS, SKIN).recalled(last, lists.memory())
    for one, other in zip(jax.tree.leaves(lists), jax.tree.leaves(recalled), strict=True):
        np.testing.assert_array_equal(one, other)
    assert eqx.tree_equal(jax.tree.map(jnp.shape, lists), jax.tree.map(jnp.shape, recalled))


def test_coincident_atoms_are_named_by_their_own_numbers():
    rng = np.random.default_rng(8)
    system = random_system(rng, 40, (True, True, True), lengths=(12.0, 14.0))
    positions = np.array(system.positions)
    positions[31] = positions[7] + 1e-3
    with pytest.raises(CoincidentAtomsError, match=r"H (7 and H 31|31 and H 7) "):
        allocate_ordered(system.at(jnp.asarray(positions)), CUTOFFS, SKIN)
