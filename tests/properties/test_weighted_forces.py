"""A long range that counts often or not at all, in every formulation of the force field."""

from functools import cache

import numpy as np
import pytest

from fixtures import (
    SIMPLE,
    call,
    moved,
    needs_cpu_kernels,
    random_force_field,
    small_crystal,
)
from sundog.engine.restraints.position import position_restraint
from sundog.engine.restraints.restrained import restrained
from sundog.forcefield.formulations.cpu import on_cpu
from sundog.forcefield.formulations.plain import on_plain

MAKE = {
    "reference": lambda one: one,
    "plain": on_plain,
    "cpu": lambda one: on_cpu(one, threads=2),
}
CASES = [  # what takes long to compile, and says little more, is for slow days
    pytest.param("reference", "ewald", marks=pytest.mark.slow),
    pytest.param("reference", "truncated", marks=pytest.mark.slow),
    pytest.param("plain", "ewald", marks=pytest.mark.slow),
    pytest.param("plain", "truncated", marks=pytest.mark.slow),
    pytest.param("cpu", "ewald", marks=needs_cpu_kernels),
    pytest.param("cpu", "truncated", marks=[needs_cpu_kernels, pytest.mark.slow]),
]
FAR, WEIGHT = {"electrostatics", "dispersion"}, 4


@cache
def reference(treatment):
    # An accurate mesh, so that formulations can be compared.
    return random_force_field(SIMPLE, treatment, cutoff=4.5, accuracy=1e-6)


@cache
def short_forces(treatment):
    system, force_field = small_crystal(), reference(treatment)
    return call(force_field.weighted(0), system, force_field.pairs_once(system)).forces


@pytest.mark.parametrize(("kind", "treatment"), CASES)
def test_derivatives_are_those_of_the_weighted_energy(kind, treatment):
    force_field, system = MAKE[kind](reference(treatment)), small_crystal()
    pairs = force_field.allocate_neighbors(system, 0.3).pairs
    whole = call(force_field, system, pairs)
    short, often = (call(force_field.weighted(w), system, pairs) for w in (0, WEIGHT))
    for name in ("forces", "virial"):
        one, none, many = (np.asarray(getattr(p, name)) for p in (whole, short, often))
        assert np.abs(one - none).max() > 1e-3
        np.testing.assert_allclose(many, none + WEIGHT * (one - none), atol=1e-11)
    # Energies are not weighted, but those that are not needed are not computed.
    assert set(often.energies) == set(whole.energies) == set(short.energies) | FAR
    assert not FAR & set(short.energies)
    for name, energy in often.energies.items():
        np.testing.assert_allclose(energy, whole.energies[name], rtol=1e-12)
        if name not in FAR:
            np.testing.assert_allclose(energy, short.energies[name], rtol=1e-12)
    # Each part is an energy of its own, charges and ratios included.
    step = 1e-4 * np.random.default_rng(5).normal(size=(12, 3))
    ahead, behind = (call(force_field, moved(system, s), pairs) for s in (step, -step))
    for names, forces in (
        (FAR, whole.forces - short.forces),
        (set(whole.energies) - FAR, short.forces),
    ):
        change = sum(float(ahead.energies[n][0] - behind.energies[n][0]) for n in names)
        assert change == pytest.approx(-2 * np.sum(np.asarray(forces) * step), rel=1e-5)
    np.testing.assert_allclose(short.forces, short_forces(treatment), atol=2e-6)


@needs_cpu_kernels
def test_restraints_count_once():
    system, force_field = small_crystal(), MAKE["cpu"](reference("truncated"))
    held = restrained(force_field, [position_restraint(system, np.arange(4), 0.5)])
    displaced = moved(system, 0.1)
    pairs = force_field.allocate_neighbors(system, 0.6).pairs
    found, bare = (
        call(one.weighted(WEIGHT), displaced, pairs).forces for one in (held, force_field)
    )
    expected = np.where(np.arange(12)[:, None] < 4, -0.05, 0.0)
    np.testing.assert_allclose(found - bare, np.broadcast_to(expected, (12, 3)), atol=1e-9)
