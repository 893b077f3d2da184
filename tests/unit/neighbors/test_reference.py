import math

import jax.numpy as jnp
import numpy as np
import pytest

from random_cells import distances, entries, random_system
from sundog.errors import CellError, InputError
from sundog.neighbors import reference
from sundog.neighbors.reference import longest_row, reference_pairs
from sundog.system import concatenate, make_system, pad

PERIODIC = (True, True, True)


def molecule(atoms=4):
    return make_system(np.arange(3.0 * atoms).reshape(-1, 3), np.full(atoms, 6))


def test_sorted_by_receiver_then_sender_and_symmetric():
    system = random_system(np.random.default_rng(0), 10, PERIODIC)
    pairs = reference_pairs(system, 5.0)
    table = np.column_stack([pairs.i, pairs.j, pairs.shift])
    assert [tuple(row) for row in table.tolist()] == entries(pairs)
    reverse = np.column_stack([pairs.j, pairs.i, -np.asarray(pairs.shift)])
    assert sorted(map(tuple, reverse.tolist())) == entries(pairs)
    assert pairs.row_length is None
    assert pairs.i.dtype == pairs.j.dtype == pairs.shift.dtype == jnp.int32
    assert np.all(distances(system, pairs) < 5.0)


def test_an_atom_meets_its_own_images():
    cube = make_system(np.zeros((1, 3)), np.array([10]), cell=2 * np.eye(3), pbc=True)
    assert len(entries(reference_pairs(cube, 2.1))) == 6
    assert len(entries(reference_pairs(cube, 2.9))) == 18
    assert len(entries(reference_pairs(cube, 3.5))) == 26


def test_infinite_cutoff_lists_every_pair_of_each_molecule():
    batch = pad(concatenate([molecule(4), molecule(3)]), 10, 3)
    listed = entries(reference_pairs(batch, math.inf))
    assert len(listed) == 4 * 3 + 3 * 2
    assert all((i < 4) == (j < 4) and max(i, j) < 7 for i, j, *_ in listed)


def test_infinite_cutoff_needs_molecules():
    solid = make_system(np.zeros((1, 3)), np.array([10]), cell=np.eye(3), pbc=[True, False, False])
    with pytest.raises(CellError, match="infinitely many"):
        reference_pairs(solid, math.inf)


@pytest.mark.parametrize("cutoff", [0.0, -1.0, math.nan])
def test_cutoffs_are_positive(cutoff):
    with pytest.raises(InputError, match="cutoff"):
        reference_pairs(molecule(), cutoff)


def test_capacity_pads_with_masked_entries_of_the_last_atom():
    pairs = reference_pairs(molecule(), math.inf, capacity=20)
    assert len(pairs.i) == 20
    assert int(pairs.mask.sum()) == 12
    assert np.all(np.diff(pairs.i) >= 0)
    np.testing.assert_array_equal(pairs.i[12:], 3)
    np.testing.assert_array_equal(pairs.j[12:], 3)
    assert not np.any(pairs.shift[12:])
    with pytest.raises(InputError, match="12 pairs"):
        reference_pairs(molecule(), math.inf, capacity=11)


def test_structures_without_pairs():
    alone = molecule(1)
    assert len(reference_pairs(alone, 5.0).i) == 0
    nothing = pad(alone.at(alone.positions), 3, 2)
    assert len(reference_pairs(nothing, 5.0).i) == 0


def test_chunks_change_nothing(monkeypatch):
    system = random_system(np.random.default_rng(1), 40, PERIODIC)
    whole = entries(reference_pairs(system, 4.0))
    monkeypatch.setattr(reference, "CHUNK", 1000)
    assert entries(reference_pairs(system, 4.0)) == whole


def test_longest_row():
    batch = concatenate(
        [random_system(np.random.default_rng(seed), 30, PERIODIC) for seed in (1, 2)]
    )
    counts = np.bincount(np.asarray(reference_pairs(batch, 4.0).i))
    assert longest_row(batch, 4.0) == counts.max()
    assert 0 < longest_row(batch, 4.0, sample=5) <= counts.max()
    assert longest_row(molecule(1), 4.0) == 0


@pytest.mark.parametrize("pbc", [(True, True, True), (True, True, False), (False, False, True)])
def test_a_cutoff_that_reaches_over_too_many_images_is_refused_at_once(pbc):
    system = make_system([[0.0, 0, 0]], [18], cell=1.5 * np.eye(3), pbc=pbc)
    with pytest.raises(CellError, match=r"^cutoff_angstrom: it reaches over too many images"):
        reference_pairs(system, 1e6)
    assert len(reference_pairs(system, 4.0).i)
