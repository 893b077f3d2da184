"""An energy term without kernels of its own is summed all the same, wherever it stands."""

from dataclasses import replace
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fixtures import SIMPLE, call, ethanol, needs_cpu_kernels, random_force_field, small_crystal
from foreign_terms import Bump, Well, named
from interpreted_kernels import interpreted
from sundog.errors import InputError
from sundog.forcefield.formulations.cpu import on_cpu
from sundog.forcefield.formulations.plain import on_plain
from sundog.forcefield.formulations.shares import shared_out
from sundog.forcefield.so3lr import ForceField
from sundog.neighbors.ordered import Ordered
from sundog.neighbors.reference import reference_pairs

SYSTEMS = {
    "exact": ethanol(total_charge=1),
    "truncated": small_crystal(),
    "wolf": small_crystal(),
    "ewald": small_crystal(),
}
FORMULATIONS = {"plain": on_plain, "cpu": partial(on_cpu, threads=2), "gpu": interpreted}
MARKS = {"plain": [], "cpu": [needs_cpu_kernels], "gpu": []}
treatments = pytest.mark.parametrize("electrostatics", SYSTEMS)

NETWORK = replace(SIMPLE, cutoff=4.5)

ACCURACY = 1e-6
"""Of the mesh, eV/Å; tables deviate by as much."""

WEIGHT = 2.5
"""How often the long range counts in forces and virial."""


def without(electrostatics) -> ForceField:
    tail = electrostatics == "ewald"
    return random_force_field(NETWORK, electrostatics, accuracy=ACCURACY, tail=tail)


def with_terms_everywhere(electrostatics) -> ForceField:
    """A force field with a foreign term in every place."""
    force_field = without(electrostatics)
    near = Well(jnp.asarray([0.3, -0.2]), 4.0)
    far = Well(jnp.asarray([-0.1, 0.4]), 6.5)
    *coulomb, dispersion = force_field.long_terms
    return replace(
        force_field,
        short_terms=(named(near, "near_first"), *force_field.short_terms, named(Bump(), "near")),
        long_terms=(named(far, "first"), *coulomb, named(far, "middle"), dispersion, Bump()),
    )


@pytest.fixture(scope="module")
def reference():
    """Predictions of the reference with a term in every place, by treatment."""
    known = {}

    def predicted(electrostatics):
        if electrostatics not in known:
            force_field = with_terms_everywhere(electrostatics).weighted(WEIGHT)
            system = SYSTEMS[electrostatics]
            known[electrostatics] = call(force_field, system, force_field.pairs_once(system))
        return known[electrostatics]

    return predicted


CELLS = [(kernels, treatment) for kernels in FORMULATIONS for treatment in SYSTEMS]
OFTEN = {
    ("plain", "ewald"),
    ("cpu", "exact"),
    ("cpu", "truncated"),
    ("cpu", "ewald"),
    ("gpu", "wolf"),
}
"""Cells that differ in what is computed; the others are as slow to compile and say little more."""


@pytest.mark.parametrize(
    ("made", "electrostatics"),
    [
        pytest.param(
            FORMULATIONS[kernels],
            treatment,
            id=f"{kernels}-{treatment}",
            marks=[*MARKS[kernels], *([] if (kernels, treatment) in OFTEN else [pytest.mark.slow])],
        )
        for kernels, treatment in CELLS
    ],
)
def test_terms_in_every_place_are_those_of_the_reference(made, electrostatics, reference):
    expected, system = reference(electrostatics), SYSTEMS[electrostatics]
    force_field = made(with_terms_everywhere(electrostatics)).weighted(WEIGHT)
    lists = force_field.allocate_neighbors(system, 0.3)
    found = call(force_field, system, lists.pairs)
    assert set(found.energies) == set(expected.energies)
    for name, energy in expected.energies.items():
        np.testing.assert_allclose(found.energies[name], energy, atol=2e-5, err_msg=name)
    np.testing.assert_allclose(found.energy, sum(found.energies.values()), rtol=1e-13)
    np.testing.assert_allclose(found.forces, expected.forces, atol=2e-5)
    np.testing.assert_allclose(found.virial, expected.virial, atol=2e-4)


@pytest.mark.parametrize(
    "electrostatics", ["truncated", pytest.param("exact", marks=pytest.mark.slow)]
)
def test_the_reference_adds_what_the_term_alone_gives(electrostatics):
    """A term that needs no properties of the atoms is what it would be without a network."""
    force_field, system = without(electrostatics), SYSTEMS[electrostatics]
    term, pairs = Bump(), force_field.pairs_once(system)
    before = call(force_field, system, pairs)
    listed = reference_pairs(system, term.cutoff)

    @jax.jit
    def alone(positions, strain):
        r = positions[listed.j] - positions[listed.i]
        r = r + listed.shift.astype(r.dtype) @ system.cell[0]
        distances = jnp.linalg.norm(r + r @ strain, axis=1)
        return 0.5 * jnp.sum(term.pair(distances, (), ()))

    energy, (gradient, virial) = jax.value_and_grad(alone, argnums=(0, 1))(
        system.positions, jnp.zeros((3, 3))
    )
    assert abs(energy) > 0.01
    after = call(replace(force_field, long_terms=(term, *force_field.long_terms)), system, pairs)
    np.testing.assert_allclose(after.energies["bump"], energy[None], rtol=1e-12)
    np.testing.assert_allclose(after.energy - before.energy, energy[None], rtol=1e-9)
    np.testing.assert_allclose(after.forces - before.forces, -gradient, atol=1e-10)
    np.testing.assert_allclose(after.virial - before.virial, virial[None], atol=1e-10)


@pytest.mark.parametrize(
    "made",
    [
        on_plain,
        pytest.param(FORMULATIONS["cpu"], marks=needs_cpu_kernels),
        pytest.param(interpreted, marks=pytest.mark.slow),
    ],
    ids=FORMULATIONS,
)
def test_the_long_range_is_left_out_with_its_foreign_terms(made):
    force_field, system = with_terms_everywhere("truncated"), SYSTEMS["truncated"]
    expected = call(force_field.weighted(0), system, force_field.pairs_once(system))
    fast = made(force_field).weighted(0)
    found = call(fast, system, fast.allocate_neighbors(system, 0.3).pairs)
    assert set(found.energies) == {"so3krates", "zbl", "near", "near_first"}
    assert set(found.energies) == set(expected.energies)
    np.testing.assert_allclose(found.forces, expected.forces, atol=2e-5)


@treatments
@pytest.mark.parametrize("place", range(3))
def test_the_compiled_kernels_take_their_own_terms_alone(electrostatics, place):
    force_field = without(electrostatics)
    own = list(force_field.long_terms)
    place = min(place, len(own))
    more = replace(force_field, long_terms=(*own[:place], Bump(), *own[place:]))
    shares = shared_out(more)
    assert [type(one) for one in shares.long] == [Bump]
    assert shares.short == ()
    assert shares.dispersion is own[-1]
    assert (shares.coulomb is None) == (electrostatics == "ewald")
    # A class derived from one of the kernels' own may compute anything.
    derived = replace(force_field, long_terms=(*own, named(own[-1], "other")))
    assert [one.name for one in shared_out(derived).long] == ["other"]


def test_large_systems_for_gpus_have_a_list_of_atoms_beside_the_clusters_if_need_be():
    force_field, system = with_terms_everywhere("truncated"), SYSTEMS["truncated"]
    ranges = {}
    for name, one in {"more": force_field, "own": without("truncated")}.items():
        pairs = interpreted(one).allocate_neighbors(system, 0.3).pairs
        assert isinstance(pairs, Ordered)
        ranges[name] = set(pairs.pairs)
    assert ranges == {"own": {"short", "long"}, "more": {"short", "long", "long_by_atoms"}}


@needs_cpu_kernels
def test_plain_lists_beside_the_kernels_own_follow_a_system():
    system = SYSTEMS["truncated"]
    fast = on_cpu(with_terms_everywhere("truncated"), threads=2)
    lists = fast.allocate_neighbors(system, 0.4)
    assert type(on_cpu(without("truncated")).allocate_neighbors(system, 0.4)) is not type(lists)
    shifts = np.random.default_rng(5).normal(scale=0.3, size=system.positions.shape)
    later = system.at(system.positions + shifts)
    followed = eqx.filter_jit(lambda lists, system: lists.update(system))(lists, later)
    assert not followed.overflow
    expected = call(fast, later, fast.pairs_once(later, like=fast.pairs_once(system)))
    found = call(fast, later, followed.pairs)
    np.testing.assert_allclose(found.forces, expected.forces, atol=1e-10)
    np.testing.assert_allclose(found.energy, expected.energy, rtol=1e-12)


@needs_cpu_kernels
@pytest.mark.slow
def test_plain_lists_beside_the_kernels_own_are_recalled_and_grow():
    system = SYSTEMS["truncated"]
    fast = on_cpu(with_terms_everywhere("truncated"), threads=2)
    lists = fast.allocate_neighbors(system, 0.4)
    shifts = np.random.default_rng(5).normal(scale=0.3, size=system.positions.shape)
    later = system.at(system.positions + shifts)
    followed = eqx.filter_jit(lambda lists, system: lists.update(system))(lists, later)
    again = lists.recalled(later, followed.memory())
    # The kernels' own have a test of their own, and leave room in them as they find it.
    for a, b in zip(jax.tree.leaves(again.plain), jax.tree.leaves(followed.plain), strict=True):
        np.testing.assert_array_equal(a, b)
    found, same = (call(fast, later, one.pairs).forces for one in (followed, again))
    np.testing.assert_array_equal(same, found)
    dense = system.at(0.8 * system.positions, 0.8 * system.cell)
    asked = lists.update(dense)
    assert asked.overflow
    larger = lists.enlarged(system, asked)
    # The pruned list's need is known once the list it is taken from has room.
    asked = larger.update(dense)
    assert not asked.plain.lists["long"].overflow
    larger = larger.enlarged(system, asked)
    assert not larger.update(dense).overflow
    np.testing.assert_array_equal(larger.own.positions, lists.own.positions)


def test_a_check_of_kernels_is_not_remembered_for_code_that_may_change():
    assert without("exact").own_terms_alone
    assert not with_terms_everywhere("exact").own_terms_alone


def test_two_terms_of_one_name_are_refused():
    force_field = without("truncated")
    for name in ("so3krates", "zbl", "electrostatics", "dispersion"):
        with pytest.raises(InputError, match=rf"have one name.*{name}"):
            replace(force_field, long_terms=(*force_field.long_terms, named(Bump(), name)))
        with pytest.raises(InputError, match=rf"have one name.*{name}"):
            replace(force_field, short_terms=(named(Bump(), name), *force_field.short_terms))
    with pytest.raises(InputError, match=r"have one name.*bump"):
        replace(force_field, long_terms=(Bump(), *force_field.long_terms, Bump(height=0.1)))
    for name in ("electrostatics", "dispersion_tail"):
        ewald = without("ewald")
        with pytest.raises(InputError, match=rf"have one name.*{name}"):
            replace(ewald, long_terms=(*ewald.long_terms, named(Bump(), name)))


@pytest.mark.parametrize(
    "made",
    [lambda one: one, on_plain, pytest.param(on_cpu, marks=needs_cpu_kernels), interpreted],
)
def test_two_terms_of_one_name_are_refused_after_an_edit_of_the_tree_too(made):
    force_field, system = without("exact"), SYSTEMS["exact"]
    terms = (Bump(), *force_field.long_terms, Bump())
    edited = made(eqx.tree_at(lambda one: one.long_terms, force_field, terms))
    with pytest.raises(InputError, match="have one name"):
        edited(system, edited.pairs_once(system))


def test_a_term_that_reaches_beyond_its_pairs_is_refused():
    force_field = without("truncated")
    far = Bump(cutoff=7.5)
    with pytest.raises(InputError, match=r"bump reaches beyond.*7\.5 Å.*at most 7 Å"):
        replace(force_field, long_terms=(*force_field.long_terms, far))
    with pytest.raises(InputError, match=r"bump reaches beyond.*5 Å.*at most 4\.5 Å"):
        replace(force_field, short_terms=(*force_field.short_terms, Bump(cutoff=5.0)))
    molecules = without("exact")
    assert replace(molecules, long_terms=(*molecules.long_terms, far)).long_terms[-1] is far


@pytest.mark.parametrize("made", [lambda one: one, on_plain])
def test_sites_that_a_pair_sum_cannot_take_are_refused_in_words(made):
    class Whole(Bump):
        def sites(self, atoms):
            return atoms.numbers

    class Matrix(Bump):
        def sites(self, atoms):
            return jnp.ones((len(atoms.numbers), 2))

    system = SYSTEMS["exact"]
    for term in (Whole(), Matrix()):
        force_field = without("exact")
        more = made(replace(force_field, long_terms=(*force_field.long_terms, term)))
        with pytest.raises(InputError, match="term bump: its sites"):
            eqx.filter_eval_shape(more, system, more.pairs_once(system))


@needs_cpu_kernels
@pytest.mark.parametrize("made", [on_plain, on_cpu])
def test_lists_of_another_formulation_are_refused_in_words(made):
    force_field, system = without("exact"), SYSTEMS["exact"]
    other = {on_plain: on_cpu, on_cpu: on_plain}[made](force_field)
    with pytest.raises(InputError, match="lists are those of another formulation"):
        made(force_field)(system, other.pairs_once(system))
