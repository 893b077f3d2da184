from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from random_cells import entries, random_system
from sundog.neighbors.cell_list import build
from sundog.neighbors.planning import CellListPlan, plan_cell_list
from sundog.neighbors.reference import reference_pairs

CUTOFF = 4.0
PLAN = CellListPlan((1, 1, 1), bins=30, bin_capacity=24, row_capacity=16)
compiled_build = eqx.filter_jit(build)


@pytest.fixture(scope="module")
def system():
    rng = np.random.default_rng(0)
    return random_system(rng, 30, (True, True, True), hops=2, lengths=(9.0, 11.0), skew=0.2)


@pytest.fixture(scope="module")
def grid(system):
    planned, grid = plan_cell_list(system, CUTOFF, headroom=1.0, minimum=None)
    assert planned.bins <= PLAN.bins
    assert planned.search_range == PLAN.search_range
    return grid


def test_rows_belong_to_their_atoms(system, grid):
    pairs, _ = compiled_build(system, grid, PLAN, CUTOFF)
    assert pairs.row_length == PLAN.row_capacity
    np.testing.assert_array_equal(pairs.i, np.repeat(np.arange(30), PLAN.row_capacity))
    rows = np.asarray(pairs.mask).reshape(30, -1)
    counts = np.bincount(np.asarray(reference_pairs(system, CUTOFF).i), minlength=30)
    np.testing.assert_array_equal(rows, np.arange(PLAN.row_capacity) < counts[:, None])


def test_padding_is_the_atom_itself_without_a_shift(system, grid):
    pairs, _ = compiled_build(system, grid, PLAN, CUTOFF)
    padding = ~np.asarray(pairs.mask)
    np.testing.assert_array_equal(pairs.j[padding], pairs.i[padding])
    assert not np.any(pairs.shift[padding])
    for indices in (pairs.i, pairs.j, pairs.shift):
        assert indices.dtype == jnp.int32


def test_the_same_input_gives_the_same_order(system, grid):
    one, _ = compiled_build(system, grid, PLAN, CUTOFF)
    two, _ = compiled_build(system, grid, PLAN, CUTOFF)
    assert eqx.tree_equal(one, two)


def test_atoms_that_are_nowhere_have_no_pairs(system, grid):
    positions = system.positions.at[3].set(jnp.nan).at[5, 1].set(jnp.inf)
    numbers = system.numbers.at[7].set(0)
    broken = replace(system, positions=positions, numbers=numbers)
    pairs, demand = compiled_build(broken, grid, PLAN, CUTOFF)
    without = {3, 5, 7}
    expected = [e for e in entries(reference_pairs(system, CUTOFF)) if not without & set(e[:2])]
    assert entries(pairs) == expected
    assert np.all(np.isfinite(np.asarray(demand.heights)))


def test_demand_is_reported_also_where_it_is_not_met(system, grid):
    _, demand = compiled_build(system, grid, PLAN, CUTOFF)
    counts = np.bincount(np.asarray(reference_pairs(system, CUTOFF).i))
    assert int(demand.row_capacity) == counts.max() <= PLAN.row_capacity
    crowded = system.at(jnp.full((30, 3), 0.01) * jnp.arange(30.0)[:, None])
    pairs, demand = compiled_build(crowded, grid, PLAN, CUTOFF)
    assert int(demand.bin_capacity) == 30 > PLAN.bin_capacity
    assert int(demand.row_capacity) >= PLAN.bin_capacity - 1 > PLAN.row_capacity
    assert set(entries(pairs)) < set(entries(reference_pairs(crowded, CUTOFF)))


def test_a_single_atom():
    alone = random_system(np.random.default_rng(1), 1, (True, False, True), lengths=(3.0, 3.5))
    plan, grid = plan_cell_list(alone, CUTOFF, headroom=1.0, minimum=None)
    pairs, _ = compiled_build(alone, grid, plan, CUTOFF)
    assert entries(pairs) == entries(reference_pairs(alone, CUTOFF))
