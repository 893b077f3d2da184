"""The tail of the dispersion against integrals and sums done otherwise."""

from math import pi

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fixtures import moved, small_crystal
from sundog.elements import free_atom_c6, free_atom_polarizabilities
from sundog.errors import CellError
from sundog.forcefield.derivatives import energy_and_derivatives
from sundog.forcefield.pair_sum import term_energies
from sundog.io.structures import system_from_atoms
from sundog.neighbors.reference import reference_pairs
from sundog.numerics.switch import exponential_switch
from sundog.prepare.water import water_box
from sundog.properties import AtomicProperties
from sundog.system import System, concatenate, make_system, pad
from sundog.terms.dispersion import Dispersion, polarizabilities, unswitched
from sundog.terms.dispersion_tail import DispersionTail
from sundog.units import BAR

DAMPING = 1.2


def atoms_of(system: System, ratios) -> AtomicProperties:
    zero = jnp.zeros(system.number_of_atoms)
    return AtomicProperties(system.numbers, zero, zero, jnp.asarray(ratios))


def drawn_ratios(system: System, spread=0.1, seed=0):
    return np.random.default_rng(seed).uniform(1 - spread, 1 + spread, system.number_of_atoms)


def integrated(function, start, stop, panels=400):
    """A composite rule, much finer than the one that is tested."""
    edges = np.linspace(start, stop, panels + 1)
    x, w = np.polynomial.legendre.leggauss(8)
    half = 0.5 * np.diff(edges)[:, None]
    places = edges[:-1, None] + half * (x[None] + 1)
    return float((half * w[None] * np.asarray(function(jnp.asarray(places)))).sum())


@pytest.mark.parametrize("cutoff", [5.0, 7.0, 12.0, 20.0])
@pytest.mark.parametrize("alpha", [2.0, 25.0])
def test_the_integral_is_that_of_a_much_finer_rule(cutoff, alpha):
    def shells(r):
        one = jnp.ones_like(r)
        return 4 * pi * r**2 * unswitched(r, alpha * one, one, DAMPING)

    def left_out(r):
        return (1 - exponential_switch(r, cutoff - 2, cutoff)) * shells(r)

    expected = integrated(left_out, cutoff - 2, cutoff)
    expected += integrated(lambda u: shells(1 / u) / u**2, 0, 1 / cutoff)
    found = DispersionTail(DAMPING, cutoff).integral(alpha * jnp.ones(1))[0]
    assert float(found) == pytest.approx(expected, rel=1e-10)


def test_the_energy_is_the_double_sum_over_atoms():
    system = small_crystal()
    ratios = np.ones(system.number_of_atoms)
    tail = DispersionTail(DAMPING, 7.0)
    alpha = np.asarray(free_atom_polarizabilities())[system.numbers]
    c = (free_atom_c6() / free_atom_polarizabilities() ** 2)[np.asarray(system.numbers)]
    expected = 0.0
    for a, ca in zip(alpha, c, strict=True):
        integrals = np.asarray(tail.integral(jnp.asarray(0.5 * (a + alpha))))
        expected += float(np.sum(a * alpha * 2 * ca * c / (ca + c) * integrals))
    expected /= 2 * float(system.volume[0])
    found = tail.energies(polarizabilities(atoms_of(system, ratios)), system)
    assert float(found.sum()) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("spread", "bound"), [(0.1, 5e-5), (0.3, 5e-4)])
def test_the_spread_of_polarizabilities_within_elements_hardly_matters(spread, bound):
    system = system_from_atoms(water_box(32))
    alpha = np.asarray(polarizabilities(atoms_of(system, drawn_ratios(system, spread))))
    c = (free_atom_c6() / free_atom_polarizabilities() ** 2)[np.asarray(system.numbers)]
    for cutoff in (7.0, 12.0):
        tail = DispersionTail(DAMPING, cutoff)
        of_pairs = tail.integral(jnp.asarray(0.5 * (alpha[:, None] + alpha[None])))
        mixed = 2 * c[:, None] * c / (c[:, None] + c)
        exact = alpha @ (mixed * np.asarray(of_pairs)) @ alpha / (2 * float(system.volume[0]))
        found = float(tail.energies(jnp.asarray(alpha), system).sum())
        assert found == pytest.approx(exact, rel=bound)


def test_derivatives_by_polarizability_and_strain():
    system = small_crystal()
    tail = DispersionTail(DAMPING, 7.0)
    alpha = polarizabilities(atoms_of(system, drawn_ratios(system)))

    def energies(a):
        return tail.energies(a, system).sum()

    energy = jax.jit(energies)
    slopes = jax.jit(jax.grad(energies))(alpha)
    for atom in (0, 1, 4, 11):
        step = jnp.zeros_like(alpha).at[atom].set(1e-4)
        expected = float(energy(alpha + step) - energy(alpha - step)) / 2e-4
        assert float(slopes[atom]) == pytest.approx(expected, rel=1e-8)

    def strained(positions, strain):
        return tail.energies(alpha, system.at(positions), strain).sum()[None], None

    total, forces, virial, _ = energy_and_derivatives(strained, system.positions, 1)
    np.testing.assert_array_equal(forces, 0)
    np.testing.assert_allclose(virial[0], -float(total[0]) * np.eye(3), rtol=1e-12, atol=1e-15)


def test_batches_padding_and_supercells():
    tail = DispersionTail(DAMPING, 7.0)
    systems = [small_crystal(), small_crystal(seed=1, scale=1.1), moved(small_crystal(), 3.0)]
    ratios = [drawn_ratios(system, seed=n) for n, system in enumerate(systems)]
    alone = [
        np.asarray(tail.energies(polarizabilities(atoms_of(s, h)), s))
        for s, h in zip(systems, ratios, strict=True)
    ]
    batch = concatenate(systems)
    together = pad(batch, batch.number_of_atoms + 5, 5)
    # What padding predicts must not matter.
    atoms = atoms_of(together, np.concatenate([*ratios, np.full(5, 1e3)]))
    found = tail.energies(polarizabilities(atoms), together)
    np.testing.assert_allclose(found, np.concatenate([*alone, np.zeros(5)]), rtol=1e-13)
    one = systems[0]
    cell, corners = np.asarray(one.cell[0]), np.indices((2, 2, 2)).reshape(3, -1).T
    eight = make_system(
        ((corners @ cell)[:, None] + np.asarray(one.positions)).reshape(-1, 3),
        np.tile(one.numbers, 8),
        cell=2 * cell,
        pbc=True,
    )
    alpha = polarizabilities(atoms_of(eight, np.tile(ratios[0], 8)))
    np.testing.assert_allclose(tail.energies(alpha, eight), np.tile(alone[0], 8), rtol=1e-12)


def test_a_structure_that_does_not_fill_space_is_refused():
    slab = system_from_atoms(water_box(4))
    slab = make_system(slab.positions, slab.numbers, cell=slab.cell[0], pbc=(True, True, False))
    with pytest.raises(CellError, match=r'three directions.*dispersion_tail="off"'):
        DispersionTail(DAMPING, 9.0).check(slab)


@pytest.mark.slow
def test_a_liquid_converges_with_the_cutoff_far_sooner_with_its_tail():
    system = system_from_atoms(water_box(64))
    atoms = atoms_of(system, np.where(np.asarray(system.numbers) == 8, 0.95, 0.65))

    def energy_and_pressure(cutoff, with_tail):
        pairs = reference_pairs(system, cutoff)
        tail = DispersionTail(DAMPING, cutoff)

        def energy(positions, strain):
            here = system.at(positions)
            terms = (Dispersion(DAMPING, cutoff),)
            total = term_energies(terms, atoms, here, pairs, strain)["dispersion"].sum()
            if with_tail:
                total += tail.energies(polarizabilities(atoms), here, strain).sum()
            return total[None], None

        total, _, virial, _ = energy_and_derivatives(energy, system.positions, 1)
        pressure = -jnp.trace(virial[0]) / (3 * system.volume[0]) / BAR
        return np.array([float(total[0]) / system.number_of_atoms, float(pressure)])

    converged = energy_and_pressure(20.0, True)
    for cutoff in (9.0, 10.0, 12.0):
        without = np.abs(energy_and_pressure(cutoff, False) - converged)
        with_tail = np.abs(energy_and_pressure(cutoff, True) - converged)
        assert (12 * with_tail < without).all(), (cutoff, with_tail, without)
