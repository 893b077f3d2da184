import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from random_cells import entries, random_system
from sundog.errors import CellError, InputError, StructureError
from sundog.neighbors.neighbor_list import allocate, needs_rebuild, reallocate, update
from sundog.neighbors.neighbors import allocate_neighbors
from sundog.neighbors.reference import reference_pairs
from sundog.system import concatenate, make_system, pad

CUTOFF, SKIN = 4.0, 0.5
PERIODIC = (True, True, True)
compiled_update = jax.jit(update)


@pytest.fixture(scope="module")
def system():
    rng = np.random.default_rng(0)
    return pad(random_system(rng, 40, PERIODIC, lengths=(12.0, 14.0), skew=0.2), 42, 1)


@pytest.fixture(scope="module")
def neighbors(system):
    return allocate(system, CUTOFF, SKIN)


def moved(system, atom, by):
    return system.at(system.positions.at[atom, 0].add(by))


def strained(system, strain):
    deformation = jnp.eye(3) + jnp.asarray(strain)
    return system.at(system.positions @ deformation, system.cell @ deformation)


def test_allocated_with_headroom(system, neighbors):
    assert entries(neighbors.pairs) == entries(reference_pairs(system, CUTOFF + SKIN))
    assert not neighbors.overflow
    longest = int(neighbors.state.demand.row_capacity)
    assert neighbors.pairs.row_length % 8 == 0
    assert 1.2 * longest <= neighbors.pairs.row_length < 1.2 * longest + 8
    assert not needs_rebuild(neighbors, system)


def test_rebuilt_when_an_atom_has_moved_half_the_skin(system, neighbors):
    for by, rebuilt in ((0.249, False), (0.251, True), (-0.3, True), (20.0, True)):
        now = moved(system, 7, by)
        assert bool(needs_rebuild(neighbors, now)) == rebuilt
        after = compiled_update(neighbors, now)
        state = now if rebuilt else system
        np.testing.assert_array_equal(after.state.positions, state.positions)
        assert entries(after.pairs) == entries(reference_pairs(state, CUTOFF + SKIN))
        assert not needs_rebuild(after, now)


def test_padding_may_be_anywhere(system, neighbors):
    assert not needs_rebuild(neighbors, moved(system, 41, 5.0))


def test_atoms_that_go_along_with_the_cell_use_little_of_the_skin(system, neighbors):
    # 4.5 (1 − √3 ε) = 4 at ε = 0.064
    assert not needs_rebuild(neighbors, strained(system, 0.06 * np.eye(3)))
    assert needs_rebuild(neighbors, strained(system, 0.07 * np.eye(3)))
    assert needs_rebuild(neighbors, strained(system, -0.07 * np.eye(3)))
    # The same change of the cell with atoms that stay behind.
    assert needs_rebuild(neighbors, system.at(system.positions, 1.06 * system.cell))


def test_coordinates_that_are_not_numbers_ask_for_a_rebuild(system, neighbors):
    assert needs_rebuild(neighbors, moved(system, 0, jnp.nan))


def test_without_a_skin_every_move_rebuilds(system):
    neighbors = allocate(system, CUTOFF + SKIN, 0.0)
    assert not needs_rebuild(neighbors, system)
    assert needs_rebuild(neighbors, moved(system, 3, 1e-9))


def test_update_runs_in_a_scan_and_is_compiled_once(system, neighbors):
    traces = []

    @jax.jit
    def drift(neighbors, system):
        traces.append(None)

        def step(carry, _):
            neighbors, system = carry
            system = moved(system, 0, 0.1)
            rebuilt = needs_rebuild(neighbors, system)
            return (update(neighbors, system), system), rebuilt

        return jax.lax.scan(step, (neighbors, system), length=9)

    (after, now), rebuilt = drift(neighbors, system)
    drift(after, now)
    assert len(traces) == 1
    np.testing.assert_array_equal(np.flatnonzero(rebuilt), [2, 5, 8])
    assert entries(after.pairs) == entries(reference_pairs(now, CUTOFF + SKIN))


def test_overflow_is_noticed_and_stays(system, neighbors):
    crowded = system.at(0.3 * system.positions)
    flagged = compiled_update(neighbors, crowded)
    assert flagged.overflow
    assert int(flagged.state.demand.row_capacity) > flagged.state.plan.row_capacity
    assert compiled_update(flagged, system).overflow


def test_a_list_grows_to_what_was_asked_for(system, neighbors):
    """What a host does: back to the last good state, more room, the same steps again."""
    dense = strained(system, -0.3 * np.eye(3))
    flagged = compiled_update(neighbors, dense)
    assert flagged.overflow
    assert np.any(flagged.state.demand.heights < flagged.state.grid.least_heights)
    for _ in range(3):
        grown = reallocate(neighbors, system, flagged)
        assert not grown.overflow
        assert entries(grown.pairs) == entries(neighbors.pairs)
        flagged = compiled_update(grown, dense)
        if not flagged.overflow:
            break
    assert not flagged.overflow
    assert entries(flagged.pairs) == entries(reference_pairs(dense, CUTOFF + SKIN))


def test_all_pairs_of_molecules():
    rng = np.random.default_rng(1)
    molecules = [make_system(rng.normal(size=(n, 3)) * 30, np.full(n, 10)) for n in (5, 1, 3)]
    batch = pad(concatenate(molecules), 12, 4)
    neighbors = allocate(batch, math.inf)
    assert neighbors.pairs.row_length == 4
    assert entries(neighbors.pairs) == entries(reference_pairs(batch, math.inf))
    far = batch.at(100 * batch.positions)
    assert not needs_rebuild(neighbors, far)
    assert update(neighbors, far) is neighbors
    assert not neighbors.overflow
    again = reallocate(neighbors, far, neighbors)
    assert eqx.tree_equal(again.pairs, neighbors.pairs)
    alone = allocate(molecules[1], math.inf)
    assert alone.pairs.row_length == 1
    assert not alone.pairs.mask.any()


@pytest.mark.slow
def test_lists_are_recalled_bit_for_bit(system):
    cutoffs = {"short": 2.5, "long": CUTOFF}
    lists = allocate_neighbors(system, cutoffs, SKIN)
    now = strained(moved(system, 7, 0.3), -0.03 * np.eye(3))
    later = eqx.filter_jit(lambda old, new: old.update(new))(lists, now)
    elsewhere = allocate_neighbors(strained(system, 0.2 * np.eye(3)), cutoffs, SKIN)
    assert eqx.tree_equal(elsewhere.recalled(now, later.memory()), later)
    with pytest.raises(KeyError):
        lists.recalled(now, {})


def test_works_without_float64(system):
    with jax.enable_x64(False):
        single = jax.tree.map(
            lambda a: jnp.asarray(np.asarray(a), jnp.float32) if a.dtype == jnp.float64 else a,
            system,
        )
        neighbors = allocate(single, CUTOFF, SKIN)
        assert not needs_rebuild(neighbors, single)
    assert neighbors.state.positions.dtype == jnp.float32
    listed = set(entries(neighbors.pairs))
    assert set(entries(reference_pairs(system, CUTOFF + SKIN - 1e-4))) <= listed
    assert listed <= set(entries(reference_pairs(system, CUTOFF + SKIN + 1e-4)))


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"cutoff": 0.0}, InputError),
        ({"cutoff": math.inf}, CellError),
        ({"cutoff": 4.0, "skin": -0.1}, InputError),
        ({"cutoff": 4.0, "skin": math.inf}, InputError),
        ({"cutoff": 4.0, "headroom": 0.9}, InputError),
    ],
)
def test_impossible_lists_are_refused(system, arguments, error):
    with pytest.raises(error):
        allocate(system, **arguments)


def test_coordinates_that_are_not_numbers_are_refused(system):
    with pytest.raises(StructureError, match="finite"):
        allocate(moved(system, 0, jnp.inf), CUTOFF)
