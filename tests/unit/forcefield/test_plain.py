"""The tabulated force field is the reference, up to its splines."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fixtures import (
    NEARSIGHTED,
    QUICKLY,
    SMALL,
    call,
    call_anew,
    ethanol,
    large_crystal,
    moved,
    pairs_for,
    random_force_field,
    small_crystal,
)
from sundog.errors import CellError
from sundog.forcefield.formulations.plain import on_plain
from sundog.forcefield.so3lr import astype
from sundog.kernels.plain import kernels, pair_sums, species
from sundog.neighbors.neighbors import allocate_neighbors
from sundog.neighbors.pairs import PairList
from sundog.neighbors.reference import reference_pairs
from sundog.system import concatenate, make_system, pad

ATOL = 1e-8
"""eV, eV/Å, e, …: far above the error of the splines, far below that of a wrong term."""


def assert_equal(prediction, reference):
    for name in ("energy", "forces", "virial", "volume", "dipole"):
        np.testing.assert_allclose(
            getattr(prediction, name), getattr(reference, name), atol=ATOL, err_msg=name
        )
    for name in ("partial_charges", "hirshfeld_ratios", "polarizability", "c6"):
        np.testing.assert_allclose(
            getattr(prediction, name), getattr(reference, name), atol=ATOL, err_msg=name
        )
    assert prediction.energies.keys() == reference.energies.keys()
    for name, energies in reference.energies.items():
        np.testing.assert_allclose(prediction.energies[name], energies, atol=ATOL, err_msg=name)
    for one, other in zip(
        jax.tree.leaves(prediction.features), jax.tree.leaves(reference.features), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=ATOL)


def assert_same(force_field, system, pairs=None, compute=call, of_reference=None):
    pairs = pairs_for(force_field, system) if pairs is None else pairs
    prediction = compute(on_plain(force_field), system, pairs)
    assert_equal(prediction, call(force_field, system, of_reference or pairs))
    assert np.isfinite(prediction.forces).all()
    np.testing.assert_array_equal(prediction.virial, prediction.virial.swapaxes(1, 2))
    return prediction


OTHER = replace(SMALL, features=24, heads=4, degrees=(1, 3), layers=3, cutoff=4.4)
"""Filters have heads of different widths."""


def other_shape():
    """A force field, a crystal, and its lists: what several tests share a program for."""
    force_field = random_force_field(OTHER, "truncated", cutoff=6.0)
    system = pad(small_crystal(seed=2), 14, 1)
    return force_field, system, pairs_for(force_field, system)


@pytest.mark.parametrize(
    "system",
    [ethanol(total_charge=-1), ethanol(multiplicity=3)],
    ids=["ion", "triplet"],
)
def test_molecule(system):
    assert_same(random_force_field(SMALL, "exact"), system)


def test_own_images_and_pairs_beyond_the_cutoff():
    positions = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.1], [1.2, 2.1, 0.3]])
    system = make_system(
        positions, [8, 1, 7], cell=[[4.1, 0, 0], [1, 4.0, 0], [0, 1, 4.2]], pbc=True
    )
    force_field, crystal, longer = other_shape()
    pairs = {
        name: reference_pairs(system, cutoff + 0.6, capacity=len(longer[name].i))
        for name, cutoff in force_field.cutoffs.items()
    }
    assert_same(force_field, pad(system, crystal.number_of_atoms, 1), pairs)


def test_another_shape_of_network_and_its_first_layer_by_species(monkeypatch):
    force_field, system, pairs = other_shape()
    assert_same(force_field, system, pairs)
    monkeypatch.setattr(species, "ATOMS_WORTH_TABLES", 1)
    assert_same(force_field, system, pairs, call_anew)


@pytest.mark.slow
def test_enough_atoms_for_a_first_layer_by_species():
    system = pad(large_crystal(), 291, 1)
    assert system.number_of_atoms > species.ATOMS_WORTH_TABLES
    assert_same(random_force_field(NEARSIGHTED, "truncated"), system)


def test_padded_batch_with_fragments():
    force_field = random_force_field(SMALL, "truncated")
    one = ethanol()
    two = np.vstack([one.positions, moved(one, np.array([0.0, 0.0, 5.0])).positions])
    index = np.repeat([0, 1], one.number_of_atoms)
    pair = make_system(two, np.tile(one.numbers, 2), fragments=(index, [1, -1]))
    alone = ethanol(total_charge=1, fragments=(np.zeros(9, int), [1.0]))
    systems = [pair, alone]
    system = concatenate(systems)
    pairs = pairs_for(force_field, system)
    padded = pad(system, system.number_of_atoms + 5, 3)
    prediction = assert_same(force_field, padded, pairs)
    np.testing.assert_array_equal(prediction.forces[system.number_of_atoms :], 0)


def wolf_and_rows(precision="float64"):
    """A force field, a crystal, and its lists in rows."""
    force_field, system = random_force_field(SMALL, "wolf", precision), small_crystal()
    lists = allocate_neighbors(system, force_field.cutoffs, 0.3).lists
    assert all(one.pairs.row_length for one in lists.values())
    return force_field, system, {name: one.pairs for name, one in lists.items()}


def test_lists_in_rows_and_blocks_do_not_matter(monkeypatch):
    force_field, system, pairs = wolf_and_rows()
    monkeypatch.setattr(kernels, "PAIRS_PER_BLOCK", 100)
    # Five rows of twelve at a time: the last block overlaps the one before it.
    monkeypatch.setattr(pair_sums, "PAIRS_PER_BLOCK", 5 * pairs["long"].row_length)
    assert_same(force_field, system, pairs, call_anew)


def test_no_pairs_at_all():
    empty = PairList(
        i=jnp.zeros(0, jnp.int32),
        j=jnp.zeros(0, jnp.int32),
        shift=jnp.zeros((0, 3), jnp.int32),
        mask=jnp.zeros(0, bool),
    )
    force_field, like = random_force_field(SMALL, "exact"), ethanol()
    atom = pad(make_system(np.zeros((1, 3)), [1]), like.number_of_atoms, 1)
    # The reference is given padding, as much as has been compiled already.
    lengths = {name: len(pairs.i) for name, pairs in pairs_for(force_field, like).items()}
    padding = {name: reference_pairs(atom, 5.0, length) for name, length in lengths.items()}
    nothing = {"short": empty, "long": empty}
    prediction = assert_same(force_field, atom, nothing, of_reference=padding)
    np.testing.assert_array_equal(prediction.forces, 0)


def test_float32_inside_a_loop():
    force_field, system, pairs = wolf_and_rows("float32")
    leaves, structure = jax.tree.flatten((on_plain(force_field), system, pairs))

    @partial(jax.jit, compiler_options=QUICKLY)
    def descend(leaves):
        fast, system, pairs = jax.tree.unflatten(structure, leaves)

        def step(state):
            number, positions, _, _ = state
            prediction = fast(system.at(positions), pairs)
            moved = positions + 1e-4 * prediction.forces
            return number + 1, moved, prediction.energy, prediction.partial_charges

        start = (0, system.positions, jnp.zeros(1), jnp.zeros(12, jnp.float32))
        return jax.lax.while_loop(lambda state: state[0] < 2, step, start)

    _, positions, energy, charges = descend(leaves)
    assert positions.dtype == energy.dtype == jnp.float64
    assert charges.dtype == jnp.float32
    # In float64, which has been compiled already; the steps are too short to matter.
    reference = call(astype(force_field, "float64"), system, pairs)
    np.testing.assert_allclose(energy, reference.energy, rtol=1e-5)
    np.testing.assert_allclose(charges, reference.partial_charges, atol=1e-4)


def test_it_answers_for_the_reference():
    force_field = random_force_field(SMALL, "exact")
    fast = on_plain(force_field)
    assert fast.cutoffs == force_field.cutoffs
    with pytest.raises(CellError):
        fast.check(small_crystal())
