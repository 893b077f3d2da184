import jax.numpy as jnp
import numpy as np
import pytest

from random_cells import PERIODICITIES, random_system
from sundog.neighbors import planning
from sundog.neighbors.planning import SHRINKAGE, Demand, plan_cell_list, round_up
from sundog.numerics.heights import heights
from sundog.system import concatenate, make_system

CUTOFF = 4.0


def plan(system, minimum=None):
    return plan_cell_list(system, CUTOFF, headroom=1.2, minimum=minimum)


@pytest.mark.parametrize("subdivisions", planning.SUBDIVISIONS)
@pytest.mark.parametrize("pbc", PERIODICITIES)
def test_near_points_are_at_most_the_search_range_apart(pbc, subdivisions, monkeypatch):
    """Also when the cell has shrunk as far as planned for, and for points off the frame."""
    monkeypatch.setattr(planning, "SUBDIVISIONS", (subdivisions,))
    rng = np.random.default_rng([subdivisions, *pbc])
    system = random_system(rng, 60, pbc, lengths=(2.0, 12.0))
    planned, grid = plan(system)
    lattice = np.where(np.array(pbc)[:, None], SHRINKAGE, 1.0) * np.asarray(grid.frame[0])
    origin, shape = np.asarray(grid.origin[0]), np.asarray(grid.shape[0])
    first = origin + rng.uniform(-0.5, 1.5, size=(4000, 3)) @ lattice
    direction = rng.normal(size=(4000, 3))
    second = first + CUTOFF * direction / np.linalg.norm(direction, axis=1, keepdims=True)
    bins = [
        np.floor((points - origin) @ np.linalg.inv(lattice) * shape) for points in (first, second)
    ]
    bins = [np.where(pbc, b, np.clip(b, 0, shape - 1)) for b in bins]
    assert np.all(np.abs(bins[1] - bins[0]).max(axis=0) <= planned.search_range)
    enough = SHRINKAGE * heights(np.asarray(grid.frame))
    assert np.all(np.asarray(grid.least_heights) <= enough * (1 + 1e-6))


def test_structures_of_a_batch_share_the_search_range_but_not_the_bins():
    rng = np.random.default_rng(0)
    small = random_system(rng, 3, (True, True, True), lengths=(2.0, 2.5), skew=0.1)
    large = make_system(
        rng.uniform(size=(200, 3)) * 20, np.ones(200, int), cell=20 * np.eye(3), pbc=True
    )
    planned, grid = plan(concatenate([small, large]))
    alone, _ = plan(large)
    np.testing.assert_array_equal(grid.shape[0], 1)
    assert np.all(np.asarray(grid.shape[1]) >= 4)
    np.testing.assert_array_equal(grid.first_bin, [0, 1])
    assert planned.bins == 1 + int(grid.shape[1].prod())
    assert max(planned.search_range) > max(alone.search_range)


def test_sparse_structures_have_few_bins():
    far = make_system(np.array([[0.0, 0, 0], [1e4, 1e4, 1e4]]), np.array([6, 6]))
    assert plan(far)[0].bins <= 2 * planning.BINS_PER_ATOM


def test_the_cheapest_subdivision_is_taken(monkeypatch):
    rng = np.random.default_rng(1)
    system = make_system(
        rng.uniform(size=(3000, 3)) * 20, np.ones(3000, int), cell=20 * np.eye(3), pbc=True
    )
    best = plan(system)[0].candidates
    for subdivisions in planning.SUBDIVISIONS:
        monkeypatch.setattr(planning, "SUBDIVISIONS", (subdivisions,))
        assert plan(system)[0].candidates >= best


def test_a_plan_satisfies_what_was_asked_of_an_earlier_one():
    system = random_system(np.random.default_rng(2), 50, (True, True, True), lengths=(9.0, 12.0))
    before, grid = plan(system)
    asked = Demand(
        bin_capacity=jnp.int32(40),
        row_capacity=jnp.int32(300),
        heights=0.9 * grid.least_heights,
    )
    after, grid = plan(system, asked)
    assert after.bin_capacity >= 48 > before.bin_capacity
    assert after.row_capacity >= 360 > before.row_capacity
    assert np.all(np.asarray(grid.least_heights) <= np.asarray(asked.heights))


def test_blocks_bound_the_temporaries():
    planned, _ = plan(random_system(np.random.default_rng(3), 5, (False, False, False)))
    per_atom = planned.candidates + 64 * planned.row_capacity
    assert planned.block * per_atom <= planning.BLOCK_BYTES < (planned.block + 1) * per_atom


@pytest.mark.parametrize(("capacity", "rounded"), [(0, 8), (7.2, 8), (8, 8), (8.1, 16), (16, 16)])
def test_capacities_are_multiples_of_eight(capacity, rounded):
    assert round_up(capacity) == rounded
