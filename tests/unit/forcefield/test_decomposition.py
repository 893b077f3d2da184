"""Energies and forces by term: they add up, and each is the derivative of its own energy."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fixtures import call, ethanol, moved, pairs_for, small_crystal, small_force_field
from sundog.forcefield.decomposition import between_groups, decompose

decomposed = eqx.filter_jit(decompose)


@pytest.mark.parametrize("electrostatics", ["exact", pytest.param("ewald", marks=pytest.mark.slow)])
def test_parts_add_up_to_the_prediction(electrostatics):
    force_field = small_force_field(electrostatics, tail=electrostatics == "ewald")
    system = ethanol(total_charge=1) if electrostatics == "exact" else small_crystal()
    pairs = pairs_for(force_field, system)
    whole = call(force_field, system, pairs)
    parts = decomposed(force_field, system, pairs, forces=True)
    assert set(parts.energies) == set(parts.forces) == set(whole.energies)
    for name, energy in whole.energies.items():
        np.testing.assert_allclose(parts.energies[name].sum(), energy[0], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(parts.forces[name].sum(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(sum(parts.forces.values()), whole.forces, atol=1e-11)
    assert max(np.abs(f).max() for f in parts.forces.values()) > 0.01


def test_the_force_of_a_term_goes_through_charges_and_ratios():
    force_field, system, h = small_force_field("exact"), ethanol(), 1e-4
    pairs = pairs_for(force_field, system)
    parts = decomposed(force_field, system, pairs, forces=True)
    for name in parts.energies:
        step = np.zeros((system.number_of_atoms, 3))
        step[2, 1] = h
        ahead, behind = (
            decomposed(force_field, moved(system, sign * step), pairs, forces=False).energies[name]
            for sign in (1, -1)
        )
        slope = float(ahead.sum() - behind.sum()) / (2 * h)
        assert parts.forces[name][2, 1] == pytest.approx(-slope, abs=1e-7), name


@pytest.mark.parametrize("electrostatics", ["exact", "wolf"])
def test_between_groups_is_what_a_brute_force_sum_of_pairs_says(electrostatics):
    force_field, system = small_force_field(electrostatics), ethanol()
    pairs = pairs_for(force_field, system)
    atoms = decomposed(force_field, system, pairs, forces=False).atoms
    group = np.arange(system.number_of_atoms) % 2
    found = between_groups(force_field, system, pairs, atoms, jnp.asarray(group))
    places = np.asarray(system.positions)
    for term in (*force_field.short_terms, *force_field.long_terms):
        sites = term.sites(atoms)
        expected = 0.0
        for i, j in zip(*np.triu_indices(len(group), 1), strict=True):
            r = jnp.asarray([np.linalg.norm(places[i] - places[j])])
            if group[i] != group[j] and r[0] < force_field.cutoffs["long"]:
                one, other = (_taken(sites, k) for k in (i, j))
                expected += float(term.pair(r, one, other)[0])
        assert float(found[term.name].sum()) == pytest.approx(expected, rel=1e-10), term.name
    alone = between_groups(force_field, system, pairs, atoms, jnp.zeros_like(jnp.asarray(group)))
    assert all(not np.any(np.asarray(values)) for values in alone.values())


def test_other_charges_are_used_where_they_are_given():
    force_field, system = small_force_field("exact"), ethanol()
    pairs = pairs_for(force_field, system)
    atoms = decomposed(force_field, system, pairs, forces=False).atoms
    doubled = replace(atoms, partial_charges=2 * atoms.partial_charges)
    group = jnp.arange(system.number_of_atoms) % 2
    once, twice = (
        between_groups(force_field, system, pairs, some, group)["electrostatics"].sum()
        for some in (atoms, doubled)
    )
    assert float(twice) == pytest.approx(4 * float(once), rel=1e-12)


def _taken(sites, k):
    return jax.tree.map(lambda values: values[k : k + 1], sites)
