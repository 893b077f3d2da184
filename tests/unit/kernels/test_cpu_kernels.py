"""The compiled kernels compute what the reference formulation computes."""

from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fixtures import (
    NEARSIGHTED,
    SMALL,
    call,
    ethanol,
    large_crystal,
    moved,
    needs_cpu_kernels,
    pairs_for,
    random_force_field,
    small_crystal,
)
from sundog.errors import InputError, UnavailableError
from sundog.forcefield.formulations import choice as kernels
from sundog.forcefield.formulations.choice import LARGEST_DEVIATION, verified, with_kernels
from sundog.forcefield.formulations.cpu import CpuForceField, on_cpu
from sundog.forcefield.prediction import Prediction
from sundog.forcefield.so3lr import ForceField, astype
from sundog.kernels.cpu import library
from sundog.kernels.cpu.lists import CpuLists, allocate_cpu_lists
from sundog.model.hyperparameters import Hyperparameters
from sundog.system import System, concatenate, make_system, pad

pytestmark = needs_cpu_kernels

PUBLISHED = Hyperparameters()
"""The shape that the kernels know at compile time."""

NARROW = replace(SMALL, features=24, heads=1, degrees=(1,), layers=1, angular_features=5)
UNEVEN = replace(
    SMALL,
    features=36,
    heads=4,
    degrees=(2, 3),
    angular_features=20,
    hirshfeld_features=70,
)
LARGEST = replace(
    SMALL, features=48, heads=24, degrees=tuple(range(3, 11)), layers=2, angular_features=128
)
"""As many heads, degrees and angular features as the kernels have room for."""


def dimer_with_fragments() -> System:
    one = ethanol()
    positions = np.vstack([one.positions, moved(one, np.array([0.0, 0.0, 5.0])).positions])
    index = np.repeat([0, 1], one.number_of_atoms)
    return make_system(positions, np.tile(one.numbers, 2), fragments=(index, [1, -1]))


def slab() -> System:
    crystal = small_crystal(seed=2)
    return make_system(
        crystal.positions, crystal.numbers, cell=crystal.cell[0], pbc=(True, True, False)
    )


def molecules() -> System:
    alone = make_system(np.zeros((1, 3)), [8])
    states = [ethanol(), ethanol(total_charge=-1), ethanol(multiplicity=3), alone]
    return pad(concatenate(states), 32, 6)


def periodic_batch() -> System:
    crystals = [small_crystal(), slab(), small_crystal(seed=1, scale=1.3)]
    return pad(concatenate([crystals[0], ethanol(total_charge=1), *crystals[1:]]), 50, 5)


CASES = {
    "molecules, charge, spin, padding": (SMALL, "exact", molecules),
    "fragments, one head and layer": (NARROW, "exact", dimer_with_fragments),
    "truncated, published shape": (PUBLISHED, "truncated", small_crystal),
    "wolf, uneven shape": (UNEVEN, "wolf", lambda: small_crystal(seed=3)),
    "batch with a slab, largest shape": (LARGEST, "truncated", periodic_batch),
    # From 256 atoms on the first layer is made of tables by pair of species.
    "species, published shape": (replace(PUBLISHED, cutoff=3.2), "truncated", large_crystal),
    "species, padding": (NEARSIGHTED, "truncated", lambda: pad(large_crystal(), 291, 1)),
}
case = pytest.mark.parametrize(
    "name",
    # Of this one, the others have either half.
    [
        pytest.param(one, marks=pytest.mark.slow) if one == "species, published shape" else one
        for one in CASES
    ],
)


@cache
def reference(name: str) -> tuple[ForceField, System, Prediction]:
    shape, electrostatics, make = CASES[name]
    force_field, system = random_force_field(shape, electrostatics), make()
    return force_field, system, call(force_field, system, pairs_for(force_field, system))


def on_kernels(force_field: ForceField, threads: int | None = None) -> CpuForceField:
    return on_cpu(force_field, threads)


def lists_for(fast: CpuForceField, system: System, parts: int = 3) -> CpuLists:
    """Lists of few atoms cut into more parts than they deserve."""
    short, long = fast.cutoffs["short"], fast.cutoffs["long"]
    return allocate_cpu_lists(system, short_cutoff=short, long_cutoff=long, skin=0.3, parts=parts)


def assert_close(found: Prediction, expected: Prediction, tolerance: float) -> None:
    """All that is predicted agrees, relative to the largest number of its kind."""
    structure = jax.tree.structure(expected)
    assert jax.tree.structure(found) == structure
    for (path, a), b in zip(
        jax.tree.leaves_with_path(found), jax.tree.leaves(expected), strict=True
    ):
        assert a.dtype == b.dtype
        bound = tolerance * max(1.0, float(jnp.max(jnp.abs(b))))
        np.testing.assert_allclose(a, b, atol=bound, rtol=0, err_msg=jax.tree_util.keystr(path))


@pytest.fixture
def all_instruction_sets():
    """Names of those this processor has; the widest is in use again afterwards."""
    available = []
    for name in library.INSTRUCTION_SETS:
        library.limit_instruction_set(name)
        if library.instruction_set() == name:
            available.append(name)
    yield available
    library.limit_instruction_set(library.INSTRUCTION_SETS[-1])


@case
def test_everything_is_the_references(name):
    # For these models the tables are closer to the filters than their bound.
    force_field, system, expected = reference(name)
    fast = on_kernels(force_field, threads=2)
    assert_close(call(fast, system, lists_for(fast, system)), expected, 1e-9)


@case
def test_instruction_sets_threads_and_parts(name, all_instruction_sets):
    force_field, system, expected = reference(name)
    fast = on_kernels(force_field, threads=2)
    lists = lists_for(fast, system)
    for instruction_set in all_instruction_sets:
        library.limit_instruction_set(instruction_set)
        found = call(fast, system, lists)
        assert_close(found, expected, 1e-9)
        # Threads come in any order, and the result is the same to the bit.
        for _ in range(5):
            jax.tree.map(np.testing.assert_array_equal, call(fast, system, lists), found)
    if name == "molecules, charge, spin, padding":
        for threads in (1, 3):
            again = call(on_kernels(force_field, threads), system, lists)
            jax.tree.map(np.testing.assert_array_equal, again, found)
    whole = lists_for(fast, system, parts=1)
    assert_close(call(fast, system, whole), found, 1e-12)


def single_precision_errors(found: Prediction, exact: Prediction) -> dict[str, float]:
    names = ("energy", "forces", "virial", "partial_charges", "hirshfeld_ratios")
    return {
        name: float(jnp.max(jnp.abs(getattr(found, name).astype("float64") - getattr(exact, name))))
        for name in names
    }


@pytest.mark.parametrize(
    "name",
    [
        "fragments, one head and layer",
        pytest.param("truncated, published shape", marks=pytest.mark.slow),
    ],
)
def test_float32_is_as_exact_as_the_references(name, all_instruction_sets):
    force_field, system, exact = reference(name)
    single = astype(force_field, "float32")
    rounded = call(single, system, pairs_for(single, system))
    allowed = single_precision_errors(rounded, exact)
    fast = on_kernels(single, threads=2)
    lists = lists_for(fast, system)
    for instruction_set in all_instruction_sets:
        library.limit_instruction_set(instruction_set)
        found = call(fast, system, lists)
        assert found.partial_charges.dtype == jnp.float32
        assert found.energy.dtype == found.forces.dtype == jnp.float64
        for quantity, error in single_precision_errors(found, exact).items():
            assert error <= 2 * allowed[quantity] + 1e-6, (instruction_set, quantity)


@pytest.mark.parametrize("place", ["nowhere", "on another atom"])
def test_a_batch_member_does_not_feel_another_that_fell_apart(place):
    fast = on_kernels(reference("molecules, charge, spin, padding")[0], threads=1)
    batch = concatenate([ethanol(), ethanol()])
    lists = lists_for(fast, batch, parts=1)
    sound = call(fast, batch, lists.pairs)
    position = jnp.full(3, jnp.nan) if place == "nowhere" else batch.positions[10]
    broken = batch.at(batch.positions.at[9].set(position))
    found = call(fast, broken, lists.update(broken).pairs)
    np.testing.assert_allclose(found.energy[0], sound.energy[0], rtol=1e-12)
    np.testing.assert_allclose(found.forces[:9], sound.forces[:9], atol=1e-12)
    np.testing.assert_allclose(found.virial[0], sound.virial[0], atol=1e-11)


def test_shapes_beyond_the_kernels_are_refused_with_a_reason():
    shapes = {
        "angular features": replace(SMALL, angular_features=129),
        "heads": replace(SMALL, features=32, heads=32),
        "degree": replace(SMALL, degrees=(1, 11)),
        "layers": replace(NARROW, layers=17),
    }
    for shape in shapes.values():
        with pytest.raises(UnavailableError, match="shape"):
            on_cpu(random_force_field(shape, "exact"))


def test_a_repulsion_with_a_cutoff_of_its_own_is_refused_with_a_reason():
    force_field = random_force_field(SMALL, "exact")
    (zbl,) = force_field.short_terms
    shorter = replace(zbl, cutoff=SMALL.cutoff - 0.5)
    with pytest.raises(UnavailableError, match=r"4 Å and the network at 4\.5 Å"):
        on_cpu(replace(force_field, short_terms=(shorter,)))
    with pytest.raises(InputError, match=r"zbl reaches beyond.*5 Å.*at most 4\.5 Å"):
        replace(force_field, short_terms=(replace(zbl, cutoff=SMALL.cutoff + 0.5),))


def test_terms_that_the_kernels_cannot_leave_out_are_asked_for():
    force_field = random_force_field(SMALL, "truncated")
    coulomb, dispersion = force_field.long_terms
    for changed in (
        replace(force_field, short_terms=()),
        replace(force_field, long_terms=(coulomb,)),
        replace(force_field, long_terms=(coulomb, replace(dispersion, cutoff=6.0))),
    ):
        with pytest.raises(UnavailableError, match="always sum the repulsion"):
            on_cpu(changed)


def test_kernels_are_chosen_by_name(monkeypatch):
    force_field = reference("fragments, one head and layer")[0]
    assert with_kernels(force_field, "reference") == (force_field, "reference")
    for name in ("auto", "cpu"):
        fast, line = with_kernels(force_field, name)
        assert isinstance(fast, CpuForceField)
        assert line == f"cpu ({library.instruction_set()})"
    with pytest.raises(InputError, match="GPU"):
        with_kernels(force_field, "gpu")

    def unavailable(force_field):
        raise UnavailableError("the moon is full")

    monkeypatch.setattr(kernels, "on_cpu", unavailable)
    monkeypatch.setattr(kernels, "on_plain", lambda force_field: force_field)
    assert with_kernels(force_field, "auto") == (force_field, "plain, because the moon is full")
    with pytest.raises(InputError, match="the moon is full"):
        with_kernels(force_field, "cpu")


def test_kernels_are_used_only_when_they_agree_with_the_reference(monkeypatch):
    force_field, system, _ = reference("fragments, one head and layer")
    fast = on_kernels(force_field)
    said, warned = [], []

    def predict_quickly(one, structure):
        return call(one, structure, one.allocate_neighbors(structure, 0.0).pairs)

    monkeypatch.setattr(kernels, "_predict", predict_quickly)
    # A piece, as of a larger structure.
    monkeypatch.setattr(kernels, "ATOMS_TO_COMPARE", 9)
    assert verified(fast, force_field, system, said.append, warned.append) is fast
    assert said[-1].startswith("Kernels checked: forces of 9 atoms deviate by")
    wrong = replace(fast, parameters=1.01 * fast.parameters)
    assert verified(wrong, force_field, system, said.append, warned.append) is force_field
    assert "kernels not used" in warned[-1]
    assert f"{LARGEST_DEVIATION['float64']:.0e}" in warned[-1]
    not_a_number = replace(fast, parameters=jnp.nan * fast.parameters)
    assert verified(not_a_number, force_field, system, said.append, warned.append) is force_field
    assert (len(said), len(warned)) == (1, 2)
    # The reference is not compared with itself.
    assert verified(force_field, force_field, system, said.append, warned.append) is force_field
    assert (len(said), len(warned)) == (1, 2)
