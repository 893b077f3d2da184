"""The compiled kernels' lists hold the pairs of the reference, each once, in any cell."""

from dataclasses import asdict, replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cpu_lists import decode, within
from fixtures import needs_cpu_kernels
from random_cells import PERIODICITIES, awkward_batch, entries, random_cell, random_system
from sundog.errors import CellError, CoincidentAtomsError, InputError, StructureError
from sundog.kernels.cpu import library
from sundog.kernels.cpu.lists import CpuLists, _with_room, allocate_cpu_lists, lists_like
from sundog.neighbors.reference import reference_pairs
from sundog.system import concatenate, make_system, pad

pytestmark = needs_cpu_kernels

SHORT, LONG, SKIN = 2.5, 4.0, 0.4

advance = jax.jit(lambda lists, system: lists.update(system))


def lists_of(system, *, short=SHORT, long=LONG, skin=SKIN, parts=2):
    return allocate_cpu_lists(system, short_cutoff=short, long_cutoff=long, skin=skin, parts=parts)


def assert_exact(lists: CpuLists, system) -> None:
    """Both lists are the reference's, and their parts fit together."""
    assert not lists.overflow
    decoded = decode(lists)
    short, long = (
        entries(reference_pairs(system, cutoff + lists.skin))
        for cutoff in (lists.short_cutoff, lists.long_cutoff)
    )
    assert decoded.short_pairs() == short
    listed = decoded.long_pairs()
    assert len(set(listed)) == len(listed)
    assert within(system, listed, lists.long_cutoff + lists.skin) == long
    assert_consistent(decoded, system, lists.extent[2])


def assert_consistent(decoded, system, parts) -> None:
    atoms = decoded.atoms
    np.testing.assert_array_equal(np.sort(decoded.order), np.arange(atoms))
    np.testing.assert_array_equal(decoded.system, np.asarray(system.system_index)[decoded.order])
    # Parts cover all atoms, each once.
    assert decoded.bounds[0] == 0
    assert decoded.bounds[-1] == atoms
    assert np.all(np.diff(decoded.bounds) >= 0)
    # Clusters hold all atoms that exist, of one structure each.
    present = np.asarray(system.is_atom)[decoded.order]
    assert present[: decoded.cluster_first[-1]].all()
    assert not present[decoded.cluster_first[-1] :].any()
    for first, end in zip(decoded.cluster_first[:-1], decoded.cluster_first[1:], strict=True):
        assert end - first <= 16
        assert len(set(decoded.system[first:end])) <= 1
    # A row of its own for whatever is summed from elsewhere.
    owner = np.full(atoms + len(decoded.halo_rows), -1)
    owner[:atoms] = np.arange(atoms)
    assert decoded.halo_of[0] == 0
    owner[decoded.halo_rows] = np.repeat(np.arange(atoms), np.diff(decoded.halo_of))
    assert np.all(owner >= 0)
    i, j, row = decoded.pair_i, decoded.pair_atom, decoded.pair_row
    np.testing.assert_array_equal(owner[row], j)
    mine = decoded.part_of(i)
    in_halo = row >= atoms
    np.testing.assert_array_equal(in_halo, (decoded.part_of(j) != mine) | (i == j))
    halo = row[in_halo] - atoms
    assert np.all(decoded.halo_start[mine[in_halo]] <= halo)
    assert np.all(halo < decoded.halo_start[mine[in_halo] + 1])
    assert decoded.halo_start[0] == 0
    assert decoded.halo_start[parts] == len(decoded.halo_rows)
    assert len(set(zip(mine[in_halo], j[in_halo], strict=True))) == len(decoded.halo_rows)


@pytest.mark.parametrize("pbc", PERIODICITIES)
def test_lists_are_the_reference_in_random_cells(pbc):
    rng = np.random.default_rng([1, *pbc])
    for hops, skew, parts in ((0, 1.0, 1), (40, 2.0, 3)):
        system = random_system(rng, 70, pbc, hops=hops, lengths=(6.0, 12.0), skew=skew)
        assert_exact(lists_of(system, parts=parts), system)


@pytest.mark.parametrize("pbc", PERIODICITIES)
def test_cells_shorter_than_the_cutoffs_and_own_images(pbc):
    rng = np.random.default_rng([2, *pbc])
    system = random_system(rng, 3, pbc, hops=3, lengths=(1.5, 2.5), skew=0.5)
    lists = lists_of(system)
    assert_exact(lists, system)
    if any(pbc):
        decoded = decode(lists)
        assert np.any(decoded.pair_i == decoded.pair_atom)


def test_flat_and_long_cells():
    rng = np.random.default_rng(3)
    for lengths in ((1.5, 30.0, 4.0), (40.0, 3.0, 2.0)):
        cell = np.diag(lengths)
        cell[1, 0], cell[2, 1] = 3.3, -1.9
        positions = rng.uniform(size=(90, 3)) @ cell
        system = make_system(positions, np.ones(90, int), cell=cell, pbc=True)
        assert_exact(lists_of(system, parts=3), system)


def test_batches_and_padding():
    batch = awkward_batch(np.random.default_rng(4), 64, 6)
    for parts in (1, 3):
        assert_exact(lists_of(batch, parts=parts), batch)


def test_a_single_atom_atoms_out_of_reach_and_more_parts_than_atoms():
    one = make_system(np.zeros((1, 3)), [1])
    far = make_system(100.0 * np.arange(40)[:, None] * np.ones(3), np.ones(40, int))
    for system, parts in ((one, 1), (one, 3), (far, 3)):
        lists = lists_of(system, parts=parts)
        assert_exact(lists, system)
        assert decode(lists).short_pairs() == []


def test_an_infinite_cutoff_lists_all_pairs_of_each_molecule():
    rng = np.random.default_rng(5)
    molecules = [random_system(rng, n, False, lengths=(5.0, 20.0)) for n in (20, 3, 33)]
    batch = concatenate(molecules)
    lists = lists_of(batch, long=np.inf)
    assert_exact(lists, batch)
    assert len(decode(lists).long_pairs()) == sum(n * (n - 1) for n in (20, 3, 33))


def test_lists_like_others_have_their_room_and_more_where_it_is_needed():
    rng = np.random.default_rng(5)
    small, large = (
        pad(concatenate([random_system(rng, n, False) for n in sizes]), 40, 4)
        for sizes in ((3, 4), (18, 15))
    )
    narrow, wide = (lists_of(system, short=9.0, long=np.inf) for system in (small, large))
    assert lists_like(wide, small).extent == wide.extent
    assert_exact(lists_like(wide, small), small)
    assert lists_like(narrow, large).extent[5] > narrow.extent[5]
    assert_exact(lists_like(narrow, large), large)


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_too_little_room_is_flagged_and_mended(limit):
    system = random_system(np.random.default_rng(6), 60, True, lengths=(5.0, 6.0))
    roomy = lists_of(system, parts=3)
    extent = list(roomy.extent)
    extent[5 + limit] = 3
    data = jnp.zeros(library.lists_size(extent), jnp.int32)
    cramped = replace(roomy, data=data, extent=tuple(extent), most=jnp.zeros(3, jnp.int32))
    built = jax.jit(CpuLists._built)(cramped, system)
    assert built.overflow
    # It stays flagged when later states need less.
    sparse = system.at(system.positions, 3.0 * system.cell)
    assert advance(built, sparse).overflow
    # The lists are those of the build before, with more room.
    assert_exact(roomy.enlarged(sparse, built), system)


def test_a_run_into_a_dense_state_overflows_and_is_mended():
    system = random_system(np.random.default_rng(7), 50, True, lengths=(12.0, 14.0))
    lists = lists_of(system)
    dense = system.at(0.35 * system.positions, 0.35 * system.cell)
    later = advance(lists, dense)
    assert later.overflow
    larger = lists.enlarged(system, later)
    assert_exact(larger, system)
    assert_exact(advance(larger, dense), dense)


def test_lists_are_recalled_bit_for_bit():
    rng = np.random.default_rng(9)
    system = random_system(rng, 60, (True, True, False), lengths=(5.0, 6.0))
    lists = lists_of(system)
    moved = system.at(system.positions + 0.1 * rng.normal(size=(60, 3)), 0.99 * system.cell)
    later = advance(lists, moved)
    elsewhere = lists_of(system.at(1.3 * system.positions, 1.3 * system.cell))
    recalled = elsewhere.recalled(moved, later.memory())
    # What the integers hold beyond the lists is left over from elsewhere.
    assert eqx.tree_equal(replace(recalled, data=later.data), later)
    jax.tree.map(np.testing.assert_array_equal, asdict(decode(recalled)), asdict(decode(later)))
    with pytest.raises(KeyError):
        lists.recalled(moved, {})


def test_lists_are_built_again_exactly_when_they_must():
    rng = np.random.default_rng(8)
    system = make_system(
        rng.uniform(size=(40, 3)) * 7, np.ones(40, int), cell=random_cell(rng), pbc=True
    )
    start = _with_room(lists_of(system), system, np.array([4000, 2000, 200]))
    direction = rng.normal(size=(40, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    for length, needed in ((0.499 * SKIN, False), (0.501 * SKIN, True)):
        moved = system.at(jnp.asarray(system.positions + length * direction))
        later = advance(start, moved)
        rebuilt = np.array_equal(later.positions, moved.positions)
        assert rebuilt == needed
        if needed:
            assert_exact(later, moved)
        else:
            np.testing.assert_array_equal(later.data, start.data)
        listed = decode(later)
        for cutoff, found in ((SHORT, listed.short_pairs()), (LONG, listed.long_pairs())):
            assert set(entries(reference_pairs(moved, cutoff))) <= set(found)


def test_a_strained_cell_uses_up_the_skin():
    system = random_system(np.random.default_rng(9), 40, True, lengths=(6.0, 8.0))
    start = _with_room(lists_of(system), system, np.array([4000, 2000, 200]))
    allowed = SKIN / (LONG + SKIN)
    for fraction, needed in ((0.95, False), (1.05, True), (-0.95, False), (-1.05, True)):
        strain = np.eye(3)
        strain[0, 1] = fraction * allowed
        strained = system.at(jnp.asarray(system.positions @ strain), system.cell @ strain)
        later = advance(start, strained)
        assert np.array_equal(later.cell, strained.cell) == needed
        assert set(entries(reference_pairs(strained, LONG))) <= set(decode(later).long_pairs())
        if needed:
            assert_exact(later, strained)


def test_without_a_skin_lists_are_built_at_every_update():
    system = random_system(np.random.default_rng(10), 40, True, lengths=(6.0, 8.0))
    lists = lists_of(system, skin=0.0)
    moved = system.at(system.positions + 1e-3)
    later = advance(lists, moved)
    np.testing.assert_array_equal(later.positions, moved.positions)
    assert_exact(later, moved)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_coordinates_that_are_nowhere_take_part_in_no_pair(value):
    system = random_system(np.random.default_rng(11), 40, (True, False, True), lengths=(6.0, 8.0))
    lists = lists_of(system)
    broken = system.at(system.positions.at[5, 1].set(value))
    later = advance(lists, broken)
    listed = decode(later)
    assert not any(5 in pair[:2] for pair in (*listed.short_pairs(), *listed.long_pairs()))
    nothing = replace(system, numbers=system.numbers.at[5].set(0))
    assert listed.short_pairs() == entries(reference_pairs(nothing, SHORT + SKIN))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_cell_that_is_not_finite_does_not_crash(value):
    system = random_system(np.random.default_rng(12), 40, True, lengths=(6.0, 8.0))
    lists = lists_of(system)
    broken = system.at(system.positions, system.cell.at[0, 1, 1].set(value))
    assert advance(lists, broken).data.shape == lists.data.shape


def test_what_cannot_be_listed_is_refused():
    positions = np.array([[0.0, 0.0, 0.0], [3.0, 0.0, 0.0], [3.0, 0.0, 0.02]])
    with pytest.raises(CoincidentAtomsError, match=r"C 1 and H 2"):
        lists_of(make_system(positions, [8, 6, 1]))
    # Across a boundary.
    with pytest.raises(CoincidentAtomsError, match=r"O 0 and C 1"):
        lists_of(make_system(positions[:2], [8, 6], cell=3.01 * np.eye(3), pbc=True))
    crystal = random_system(np.random.default_rng(13), 5, True)
    with pytest.raises(CellError):
        lists_of(crystal, long=np.inf)
    for skin in (-0.1, np.inf):
        with pytest.raises(InputError):
            lists_of(crystal, skin=skin)
    broken = crystal.at(crystal.positions.at[0, 0].set(np.nan))
    with pytest.raises(StructureError):
        lists_of(broken)
