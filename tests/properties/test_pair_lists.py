"""The fast pair list, the reference and independent lists agree on whatever cell there is."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import vesin

from random_cells import (
    PERIODICITIES,
    brute_force,
    distances,
    entries,
    random_cell,
    random_system,
)
from sundog.neighbors import planning
from sundog.neighbors.cell_list import build
from sundog.neighbors.neighbor_list import allocate, needs_rebuild, update
from sundog.neighbors.planning import CellListPlan, plan_cell_list
from sundog.neighbors.reference import reference_pairs
from sundog.system import concatenate, make_system, pad

CUTOFF = 4.0
ATOMS = 24
compiled_build = eqx.filter_jit(build)


def fast_pairs(system, plan: CellListPlan):
    """Return the fast list in the planned bins, with shapes that all tests can share."""
    planned, grid = plan_cell_list(system, CUTOFF, headroom=1.0, minimum=None)
    assert planned.bins <= plan.bins
    assert np.all(np.array(planned.search_range) <= plan.search_range)
    pairs, demand = compiled_build(system, grid, plan, CUTOFF)
    assert demand.bin_capacity <= plan.bin_capacity
    assert demand.row_capacity <= plan.row_capacity
    return pairs


def vesin_entries(system):
    calculator = vesin.NeighborList(cutoff=CUTOFF, full_list=True)
    positions, cell, pbc = (np.asarray(a) for a in (system.positions, system.cell, system.pbc))
    i, j, shift = calculator.compute(positions, cell[0], pbc[0].tolist(), quantities="ijS")
    return sorted(map(tuple, np.column_stack([i, j, shift]).tolist()))


@pytest.mark.parametrize("pbc", PERIODICITIES)
def test_reference_is_brute_force_is_vesin(pbc):
    rng = np.random.default_rng([1, *pbc])
    for hops in (0, 5):
        system = random_system(rng, 7, pbc, hops=hops, lengths=(2.5, 7.0))
        listed = entries(reference_pairs(system, CUTOFF))
        assert listed == brute_force(system, CUTOFF) == vesin_entries(system)


@pytest.mark.parametrize("pbc", PERIODICITIES)
def test_fast_is_reference(pbc, monkeypatch):
    monkeypatch.setattr(planning, "SUBDIVISIONS", (2,))
    monkeypatch.setattr(planning, "BINS_PER_ATOM", 1000)
    plan = CellListPlan((2, 2, 2), bins=1000, bin_capacity=16, row_capacity=160)
    rng = np.random.default_rng([2, *pbc])
    for hops, skew in ((0, 1.0), (1, 2.0), (40, 0.5)):
        system = random_system(rng, ATOMS, pbc, hops=hops, lengths=(6.0, 12.0), skew=skew)
        expected = entries(reference_pairs(system, CUTOFF))
        assert entries(fast_pairs(system, plan)) == expected


@pytest.mark.parametrize("pbc", PERIODICITIES)
def test_fast_is_reference_in_cells_shorter_than_the_cutoff(pbc):
    plan = CellListPlan((6, 6, 6), bins=8, bin_capacity=8, row_capacity=400)
    rng = np.random.default_rng([3, *pbc])
    system = random_system(rng, 3, pbc, hops=3, lengths=(1.8, 3.0), skew=0.5)
    expected = entries(reference_pairs(system, CUTOFF))
    assert entries(fast_pairs(system, plan)) == expected
    if any(pbc):
        assert any(i == j for i, j, *_ in expected)


def test_batches_and_padding():
    rng = np.random.default_rng(4)
    parts = [
        random_system(rng, 12, (True, True, True), lengths=(4.0, 6.0)),
        random_system(rng, 5, (False, False, False), lengths=(6.0, 8.0)),
        random_system(rng, 1, (True, False, True), lengths=(3.0, 4.0)),
        random_system(rng, 9, (False, True, False), hops=2, lengths=(9.0, 15.0)),
    ]
    batch = pad(concatenate(parts), 32, 6)
    neighbors = allocate(batch, CUTOFF, 0.0)
    listed = entries(neighbors.pairs)
    assert listed == entries(reference_pairs(batch, CUTOFF)) == brute_force(batch, CUTOFF)
    offset = 0
    for part in parts:
        alone = [(i + offset, j + offset, *m) for i, j, *m in brute_force(part, CUTOFF)]
        offset += part.number_of_atoms
        assert set(alone) <= set(listed)


def test_float32_differs_only_by_rounding():
    system = random_system(
        np.random.default_rng(6), 150, (True, True, True), hops=2, lengths=(8.0, 12.0)
    )
    system = eqx.tree_at(
        lambda s: (s.positions, s.cell), system, replace_fn=lambda a: a.astype(jnp.float32)
    )
    pairs = allocate(system, CUTOFF, 0.0).pairs
    listed = set(entries(pairs))
    assert set(entries(reference_pairs(system, CUTOFF - 1e-4))) <= listed
    assert listed <= set(entries(reference_pairs(system, CUTOFF + 1e-4)))
    assert np.all(distances(system, pairs) > 0)


def test_no_pair_is_missed_on_a_random_walk_in_a_breathing_cell():
    rng = np.random.default_rng(7)
    system = make_system(
        rng.uniform(size=(ATOMS, 3)) * 7, np.ones(ATOMS, int), cell=random_cell(rng), pbc=True
    )
    cell = np.asarray(system.cell)
    advance = jax.jit(lambda n, s: (needs_rebuild(n, s), update(n, s)))
    neighbors = allocate(system, CUTOFF, 0.6, headroom=2.0)
    rebuilds = 0
    steps = 40
    for step in range(steps):
        phase = 2 * np.pi * step / 40
        strain = np.eye(3) + 0.03 * np.sin(phase) * np.array(
            [[1.0, 0.5, 0.0], [0.0, -0.5, 0.3], [0.2, 0.0, 1.0]]
        )
        change = np.linalg.solve(np.asarray(system.cell[0]), cell[0] @ strain)
        positions = np.asarray(system.positions) @ change
        positions = positions + rng.normal(scale=0.03, size=positions.shape)
        system = system.at(jnp.asarray(positions), jnp.asarray(cell @ strain))
        before = neighbors
        needed, neighbors = advance(before, system)
        rebuilds += int(needed)
        built_here = np.array_equal(neighbors.state.positions, system.positions)
        assert built_here == bool(needed)
        assert not neighbors.overflow
        listed = entries(neighbors.pairs)
        assert set(entries(reference_pairs(system, CUTOFF))) <= set(listed)
        assert len(set(listed)) == len(listed)
        if needed:
            assert listed == entries(reference_pairs(system, CUTOFF + 0.6))
        else:
            assert listed == entries(before.pairs)
    assert 4 < rebuilds < steps / 2
    assert advance._cache_size() == 1
