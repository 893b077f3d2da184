"""Contracts of every force field: symmetries, derivatives, padding, batches."""

from dataclasses import replace
from functools import partial
from itertools import product

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fixtures import (
    call,
    ethanol,
    moved,
    pairs_for,
    small_crystal,
    small_force_field,
)
from sundog.forcefield import pair_sum
from sundog.forcefield.formulations.cpu import on_cpu
from sundog.forcefield.so3lr import ForceField
from sundog.kernels.cpu.library import why_unavailable
from sundog.system import concatenate, make_system
from sundog.testing import check_force_field


def predict(force_field, system, skin=0.0):
    if isinstance(force_field, ForceField):
        pairs = pairs_for(force_field, system, skin)
    else:
        pairs = force_field.allocate_neighbors(system, skin).pairs
    return call(force_field, system, pairs)


def slow_ones(cells, fast):
    """Cells of a matrix, of which those that differ in what is computed are for every day."""
    return [
        pytest.param(*one, id="-".join(one), marks=[] if one in fast else [pytest.mark.slow])
        for one in cells
    ]


def ewald_ion():
    return replace(small_crystal(), total_charge=jnp.ones(1))


CASES = {
    "molecule": ("exact", False, ethanol),
    "ion": ("exact", False, partial(ethanol, total_charge=-1)),
    "triplet": ("exact", False, partial(ethanol, multiplicity=3)),
    "truncated crystal": ("truncated", False, small_crystal),
    "wolf crystal": ("wolf", False, small_crystal),
    "ewald crystal with its tail": ("ewald", True, small_crystal),
    "ewald ion": ("ewald", False, ewald_ion),
}
KERNELS = {"reference": lambda one: one, "cpu": partial(on_cpu, threads=2)}
CELLS = list(product(KERNELS, CASES))


def made(kernels, case, precision="float64"):
    """The force field of a case on some kernels, and the structure."""
    if kernels == "cpu" and (reason := why_unavailable()):
        pytest.skip(f"compiled kernels: {reason}")
    electrostatics, tail, system = CASES[case]
    force_field = small_force_field(electrostatics, precision=precision, tail=tail)
    return KERNELS[kernels](force_field), system()


CHECKED = [
    ("reference", "triplet"),
    ("cpu", "truncated crystal"),
    ("cpu", "ewald ion"),
]


@pytest.mark.parametrize(("kernels", "case"), slow_ones(CELLS, CHECKED))
def test_keeps_the_contract(kernels, case):
    force_field, system = made(kernels, case)
    check_force_field(force_field, system, skip=("weighted",), rounding=1e-10)


SUMMED = [cell for cell in CELLS if cell[1] not in ("wolf crystal", "ewald crystal with its tail")]


@pytest.mark.parametrize(("kernels", "case"), slow_ones(CELLS, SUMMED))
def test_charge_is_conserved_and_terms_are_named(kernels, case):
    force_field, system = made(kernels, case)
    prediction = predict(force_field, system)
    np.testing.assert_allclose(
        prediction.partial_charges.sum(), system.total_charge.sum(), atol=1e-12
    )
    names = {"so3krates", "zbl", "electrostatics", "dispersion"}
    tail = {"dispersion_tail"} if CASES[case][1] else set()
    assert set(prediction.energies) == names | tail


@pytest.mark.parametrize(
    "electrostatics", [pytest.param("truncated", marks=pytest.mark.slow), "ewald"]
)
def test_a_supercell_is_eight_cells(electrostatics):
    # Cells shorter than both cutoffs: pairs of an atom with its own images take part.
    force_field = small_force_field(electrostatics, tail=electrostatics == "ewald")
    cell = 4.2 * np.eye(3)
    positions = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.1], [1.2, 2.1, 0.3]])
    numbers = np.array([8, 1, 7])
    shifts = np.stack(np.meshgrid(*[[0, 1]] * 3, indexing="ij"), -1).reshape(-1, 3) @ cell
    small = make_system(positions, numbers, cell=cell, pbc=True)
    large = make_system(
        (positions[None] + shifts[:, None]).reshape(-1, 3),
        np.tile(numbers, 8),
        cell=2 * cell,
        pbc=True,
    )
    one, eight = predict(force_field, small), predict(force_field, large)
    np.testing.assert_allclose(eight.energy, 8 * one.energy, rtol=1e-12)
    np.testing.assert_allclose(eight.forces, np.tile(one.forces, (8, 1)), atol=1e-10)
    np.testing.assert_allclose(eight.stress, one.stress, atol=1e-12)


@pytest.mark.slow
def test_a_batch_is_its_members():
    force_field = small_force_field("truncated")
    systems = [small_crystal(), ethanol(total_charge=1), small_crystal(seed=1, scale=1.02)]
    together = predict(force_field, concatenate(systems))
    start = 0
    for number, system in enumerate(systems):
        alone = predict(force_field, system)
        mine = slice(start, start + system.number_of_atoms)
        np.testing.assert_allclose(together.energy[number], alone.energy[0], rtol=1e-12)
        np.testing.assert_allclose(together.forces[mine], alone.forces, atol=1e-10)
        np.testing.assert_allclose(together.virial[number], alone.virial[0], atol=1e-9)
        np.testing.assert_allclose(together.dipole[number], alone.dipole[0], atol=1e-10)
        start = mine.stop


def test_energy_is_smooth_when_an_atom_crosses_the_cutoffs():
    force_field = small_force_field("truncated")
    water = np.array([[0.0, 0.0, 0.0], [0.96, 0.0, 0.0], [-0.24, 0.93, 0.0]])

    def along(distance):
        positions = np.vstack([water, [[0.0, 0.0, distance]]])
        return predict(force_field, make_system(positions, [8, 1, 1, 1], multiplicity=2))

    for cutoff in force_field.cutoffs.values():
        inside, outside = along(cutoff - 1e-9), along(cutoff + 1e-9)
        np.testing.assert_allclose(inside.energy, outside.energy, rtol=1e-9)
        np.testing.assert_allclose(inside.forces, outside.forces, atol=1e-5)


def test_fragment_charges_constrain_the_partial_charges():
    force_field = small_force_field("exact")
    one = ethanol()
    positions = np.vstack([one.positions, moved(one, np.array([0.0, 0.0, 5.0])).positions])
    numbers = np.tile(one.numbers, 2)
    index = np.repeat([0, 1], one.number_of_atoms)
    system = make_system(positions, numbers, fragments=(index, [1, -1]))
    charges = np.asarray(predict(force_field, system).partial_charges)
    np.testing.assert_allclose([charges[index == f].sum() for f in (0, 1)], [1, -1], atol=1e-12)
    free = make_system(positions, numbers)
    whole = np.asarray(predict(force_field, free).partial_charges)
    # One constant per fragment is all that the constraint changes.
    difference = charges - whole
    for fragment in (0, 1):
        np.testing.assert_allclose(np.ptp(difference[index == fragment]), 0, atol=1e-12)


def test_charge_and_spin_change_the_energy():
    force_field = small_force_field("exact")
    energies = {
        float(predict(force_field, ethanol(total_charge=q, multiplicity=m)).energy[0])
        for q, m in [(0, 1), (2, 1), (-2, 1), (0, 3)]
    }
    assert len(energies) == 4


@pytest.mark.parametrize("case", slow_ones([(one,) for one in CASES], [("ion",), ("ewald ion",)]))
def test_float32_agrees_with_float64(case):
    (force_field, system), (single, _) = made("reference", case), made("reference", case, "float32")
    exact, rounded = predict(force_field, system), predict(single, system)
    assert rounded.partial_charges.dtype == jnp.float32
    assert rounded.energy.dtype == rounded.forces.dtype == jnp.float64
    np.testing.assert_allclose(rounded.energy, exact.energy, rtol=1e-5)
    np.testing.assert_allclose(rounded.forces, exact.forces, atol=2e-4)


def test_chunked_sums_equal_whole_sums(monkeypatch):
    force_field, system = small_force_field("truncated"), small_crystal()
    pairs = pairs_for(force_field, system)
    whole = call(force_field, system, pairs)
    monkeypatch.setattr(pair_sum, "CHUNK_OF_PAIRS", 500)
    call_in_chunks = eqx.filter_jit(lambda *arguments: force_field(*arguments))
    chunked = call_in_chunks(system, pairs)
    np.testing.assert_allclose(chunked.energy, whole.energy, rtol=1e-13)
    np.testing.assert_allclose(chunked.forces, whole.forces, atol=1e-11)
    np.testing.assert_allclose(chunked.virial, whole.virial, atol=1e-10)


def test_a_far_away_origin_costs_no_digits_in_float32():
    force_field = small_force_field("exact", precision="float32")
    near = ethanol()
    far = make_system(moved(near, 500.0).positions, near.numbers)
    a, b = predict(force_field, near), predict(force_field, far)
    np.testing.assert_allclose(a.forces, b.forces, atol=1e-6)


def test_force_field_is_a_pytree_with_only_parameters_as_arrays():
    force_field = small_force_field()
    leaves = jax.tree.leaves(force_field)
    assert all(jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in leaves)
