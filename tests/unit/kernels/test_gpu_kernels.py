"""The kernels for GPUs, interpreted, are the plain ones; and a GPU can be given them."""

from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from inspect import signature

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fixtures import (
    QUICKLY,
    SIMPLE,
    SMALL,
    call,
    call_anew,
    ethanol,
    pairs_for,
    random_force_field,
    small_crystal,
)
from interpreted_kernels import interpreted
from sundog.errors import InputError
from sundog.forcefield.formulations import choice as kernels
from sundog.forcefield.formulations.choice import with_kernels
from sundog.forcefield.formulations.gpu import on_gpu
from sundog.forcefield.formulations.ordered import OF_ATOMS
from sundog.forcefield.formulations.plain import on_plain
from sundog.kernels.base import Attended
from sundog.kernels.gpu.mesh import ReproducibleTransport
from sundog.kernels.gpu.rows import rows_of, sum_rows
from sundog.kernels.gpu.tiles import Tile
from sundog.kernels.plain import species
from sundog.longrange.mesh import OnMesh, PlainTransport
from sundog.longrange.planned import Planned, apart
from sundog.model.hyperparameters import Hyperparameters
from sundog.neighbors.neighbors import allocate_neighbors
from sundog.neighbors.ordered import Ordered
from sundog.neighbors.reference import reference_pairs
from sundog.properties import AtomFeatures
from sundog.system import concatenate, make_system, pad

MANY = 1000
"""Atoms from which on systems are put in spatial order, where a test wants them as they come."""

OTHER = replace(SMALL, features=24, heads=4, degrees=(1, 3), layers=3, cutoff=4.4)
"""Heads of different widths, none of them a power of two."""


def assert_same(force_field, system, pairs, tolerance):
    expected = call(on_plain(force_field), system, pairs)
    assert_as_expected(call(interpreted(force_field, MANY), system, pairs), expected, tolerance)


def assert_as_expected(found, expected, tolerance):
    assert float(jnp.abs(expected.forces).max()) > 1e-3

    def compare(name, one, other):
        atol = tolerance * float(jnp.abs(other).max())
        np.testing.assert_allclose(one, other, rtol=0, atol=atol, err_msg=name)

    for name in ("energy", "forces", "virial", "partial_charges", "hirshfeld_ratios", "dipole"):
        compare(name, getattr(found, name), getattr(expected, name))
    for name, energies in expected.energies.items():
        compare(name, found.energies[name], energies)


@pytest.mark.parametrize("tile", [Tile(4, 8), Tile(1, 16), Tile(16, 2)], ids=str)
def test_sums_over_rows(tile):
    system = ethanol()
    pairs = reference_pairs(system, 3.0, capacity=128)
    values = np.random.default_rng(0).normal(size=(128, 5))
    values[~np.asarray(pairs.mask)] = np.nan
    expected = np.zeros((system.number_of_atoms, 5))
    np.add.at(expected, np.asarray(pairs.i)[pairs.mask], values[pairs.mask])
    rows = rows_of(pairs, system.number_of_atoms)
    found = sum_rows(jnp.asarray(values), rows, replace(tile, interpret=True), jnp.float64)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.slow
def test_a_layer_is_the_plain_one():
    rng, system, shape = np.random.default_rng(0), ethanol(), OTHER
    force_field = random_force_field(shape, "exact")
    kernels = on_plain(force_field).kernels, interpreted(force_field, MANY).inner.kernels
    pairs = reference_pairs(system, shape.cutoff + 0.5, capacity=128)
    atoms, features = system.number_of_atoms, shape.features
    components = sum(2 * degree + 1 for degree in shape.degrees)

    def drawn(columns):
        return jnp.asarray(rng.normal(size=(atoms, columns)))

    seen = Attended(*(drawn(features) for _ in range(5)), drawn(components))
    cotangent = AtomFeatures(drawn(features), drawn(components))

    def passed(one):
        arranged = one.arranged(pairs, atoms)
        geometry = one.geometry(system, arranged)
        after, kept = one.layers[1].forward(seen, geometry, arranged)
        before, by_geometry = one.layers[1].backward(seen, geometry, kept, cotangent, arranged)
        return after, before, one.forces(system, arranged, by_geometry)

    expected, found = (jax.jit(partial(passed, one), compiler_options=QUICKLY)() for one in kernels)
    for one, other in zip(jax.tree.leaves(expected), jax.tree.leaves(found), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-11)


@pytest.mark.slow
def test_ewald_on_rows_with_a_skin_in_float32():
    force_field = random_force_field(SMALL, "ewald", "float32", cutoff=6.0, tail=True)
    system, fast = small_crystal(seed=2), on_plain(force_field)
    neighbors = fast.allocate_neighbors(system, 0.3)
    lists = {
        name: one.pairs for name, one in allocate_neighbors(system, fast.cutoffs, 0.3).lists.items()
    }
    assert all(one.row_length for one in lists.values())
    assert_same(force_field, system, Planned(lists, neighbors.pairs.plan), tolerance=1e-4)


def test_padded_batch():
    force_field = random_force_field(SMALL, "truncated")
    crystal = small_crystal(seed=2)
    system = concatenate([ethanol(total_charge=1), crystal, make_system(np.zeros((1, 3)), [8])])
    pairs = pairs_for(force_field, system)
    assert_same(force_field, pad(system, system.number_of_atoms + 3, 4), pairs, tolerance=1e-11)


@pytest.mark.parametrize(
    ("electrostatics", "dtype", "tolerance"),
    [
        pytest.param("truncated", "float64", 1e-11, marks=pytest.mark.slow),
        pytest.param("wolf", "float64", 1e-11, marks=pytest.mark.slow),
        ("ewald", "float32", 1e-4),
    ],
)
def test_atoms_in_spatial_order(electrostatics, dtype, tolerance):
    tail = electrostatics == "ewald"
    network = replace(SIMPLE, cutoff=4.5)
    force_field = random_force_field(network, electrostatics, dtype, cutoff=6.0, tail=tail)
    plain = on_plain(force_field)
    fast = interpreted(force_field)
    crystals = [small_crystal(seed=2), small_crystal(seed=5, scale=1.1)]
    # Several clusters, the last of which is not full, and padding; ewald is for one cell.
    system = concatenate(crystals[:1] if tail else [*crystals, ethanol(total_charge=1)])
    system = pad(system, system.number_of_atoms + 3, system.number_of_systems)
    neighbors = fast.allocate_neighbors(system, 0.3)
    lists, _ = apart(neighbors.pairs)
    assert isinstance(lists, Ordered)
    expected = call(plain, system, pairs_for(plain, system))
    found = call(fast, system, neighbors.pairs)
    assert_as_expected(found, expected, tolerance)
    # A field that is not put back would have an entry for each place.
    assert [x.shape for x in jax.tree.leaves(found)] == [x.shape for x in jax.tree.leaves(expected)]
    for name in OF_ATOMS:
        for one, other in zip(
            jax.tree.leaves(getattr(found, name)),
            jax.tree.leaves(getattr(expected, name)),
            strict=True,
        ):
            atol = tolerance * float(jnp.abs(other).max())
            np.testing.assert_allclose(one, other, rtol=0, atol=atol, err_msg=name)


@pytest.mark.slow
def test_a_piece_of_a_large_system_is_checked_the_way_of_the_whole(monkeypatch):
    force_field = random_force_field(SMALL, "truncated", cutoff=6.0)
    fast, system = interpreted(force_field, least_atoms=12), small_crystal()
    ways, said = [], []

    def predict_quickly(one, structure):
        pairs = one.allocate_neighbors(structure, 0.0).pairs
        ways.append(type(pairs))
        return call(one, structure, pairs)

    monkeypatch.setattr(kernels, "_predict", predict_quickly)
    monkeypatch.setattr(kernels, "ATOMS_TO_COMPARE", 9)
    assert kernels.verified(fast, force_field, system, said.append, said.append) is fast
    assert "forces of 9 atoms" in said[0]
    assert ways == [dict, Ordered]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_first_layer_by_species_is_the_general_one(dtype, monkeypatch):
    shape = replace(SMALL, features=24, heads=3)
    force_field = random_force_field(shape, "truncated", dtype)
    crystal = small_crystal(seed=3)
    # Rows with a skin, and padding.
    system = pad(crystal, crystal.number_of_atoms + 3, 1)
    pairs = {
        name: one.pairs
        for name, one in allocate_neighbors(system, force_field.cutoffs, 0.3).lists.items()
    }
    assert all(one.row_length for one in pairs.values())
    expected = call_anew(on_plain(force_field), system, pairs)
    monkeypatch.setattr(species, "ATOMS_WORTH_TABLES", 1)
    found = call_anew(interpreted(force_field, MANY), system, pairs)
    assert_as_expected(found, expected, {"float64": 1e-9, "float32": 1e-4}[dtype])
    np.testing.assert_array_equal(found.forces[crystal.number_of_atoms :], 0)


def test_meshes_do_not_depend_on_the_order_of_atoms():
    rng = np.random.default_rng(0)
    u, charges = jnp.asarray(rng.uniform(-3, 9, (40, 3))), jnp.asarray(rng.normal(size=40))
    charges = charges.astype(jnp.float32)
    order = rng.permutation(40)
    mesh = jnp.asarray(rng.integers(0, 2, 40), jnp.int32)

    def spread(transport, some):
        return transport.spread(OnMesh(u[some], mesh[some], (6, 5, 8), 4), charges[some], 2)

    found = spread(ReproducibleTransport(), np.arange(40))
    np.testing.assert_array_equal(found, spread(ReproducibleTransport(), order))
    np.testing.assert_allclose(found, spread(PlainTransport(), order), atol=1e-6)


def on_some_card():
    """A context that names the card to translate for, which jax asks for from 0.11 on."""
    if "platform" not in signature(jax.sharding.AbstractDevice).parameters:
        return nullcontext()
    device = jax.sharding.AbstractDevice("NVIDIA H100 80GB HBM3", None, "gpu")
    mesh = jax.sharding.AbstractMesh((), (), abstract_device=device)
    return jax.sharding.use_abstract_mesh(mesh)


@pytest.mark.parametrize(
    ("electrostatics", "atoms", "count"),
    [
        pytest.param("ewald", 1000, 7, marks=pytest.mark.slow),
        ("truncated", 1, 8),
        pytest.param("wolf", 1, 7, marks=pytest.mark.slow),
        pytest.param("exact", 1000, 7, marks=pytest.mark.slow),
    ],
)
def test_they_are_translated_for_a_gpu(electrostatics, atoms, count, monkeypatch):
    monkeypatch.setattr(species, "ATOMS_WORTH_TABLES", atoms)
    force_field = random_force_field(Hyperparameters(), electrostatics, "float32", cutoff=6.0)
    fast = replace(on_gpu(force_field), least_atoms=atoms)
    crystal = small_crystal()
    systems = {"exact": ethanol(), "wolf": concatenate([crystal, crystal])}
    system = systems.get(electrostatics, crystal)
    neighbors = fast.allocate_neighbors(system, 0.0)
    leaves, structure = jax.tree.flatten((fast, system, neighbors.pairs))

    def program(leaves):
        force_field, system, pairs = jax.tree.unflatten(structure, leaves)
        return force_field(system, pairs).forces

    with on_some_card():
        text = jax.jit(program).trace(leaves).lower(lowering_platforms=("cuda",)).as_text()
    # Two filters forward and back in the loop over layers; short and long sums; the forces; and
    # with tables the sums of the first layer.
    assert text.count("__gpu$xla.gpu.triton") == count


def test_without_a_gpu_they_are_refused():
    with pytest.raises(InputError, match=r"JAX computes on cpu here.*plain"):
        with_kernels(random_force_field(SMALL, "exact", "float32"), "gpu")
