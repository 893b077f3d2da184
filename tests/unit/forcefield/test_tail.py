"""The tail of the dispersion in all formulations of the force field."""

import jax.numpy as jnp
import numpy as np
import pytest

from fixtures import SMALL, call, needs_cpu_kernels, pairs_for, random_force_field
from fixtures import small_crystal as crystal
from sundog.errors import CellError, InputError
from sundog.forcefield.formulations.cpu import on_cpu
from sundog.forcefield.formulations.plain import on_plain
from sundog.kernels.cpu.lists import allocate_cpu_lists
from sundog.system import concatenate, make_system, pad

SYSTEM = pad(concatenate([crystal(), crystal(seed=1, scale=1.3)]), 30, 4)


@pytest.fixture(scope="module")
def reference():
    force_field = random_force_field(SMALL, "truncated", tail=True)
    return force_field, call(force_field, SYSTEM, pairs_for(force_field, SYSTEM))


def assert_same(found, expected):
    assert found.energies.keys() == expected.energies.keys()
    tails = expected.energies["dispersion_tail"]
    assert float(tails[0]) < float(tails[1]) < 0
    np.testing.assert_array_equal(tails[2:], 0)
    np.testing.assert_allclose(found.energies["dispersion_tail"], tails, rtol=1e-9)
    for name in ("energy", "forces", "virial"):
        one, other = getattr(found, name), getattr(expected, name)
        np.testing.assert_allclose(one, other, atol=1e-8, err_msg=name)


@pytest.mark.slow
def test_tabulated(reference):
    force_field, expected = reference
    fast = on_plain(force_field)
    assert_same(call(fast, SYSTEM, pairs_for(force_field, SYSTEM)), expected)


@needs_cpu_kernels
def test_compiled(reference):
    force_field, expected = reference
    fast = on_cpu(force_field, threads=2)
    short, long = fast.cutoffs["short"], fast.cutoffs["long"]
    lists = allocate_cpu_lists(SYSTEM, short_cutoff=short, long_cutoff=long, skin=0.3)
    assert_same(call(fast, SYSTEM, lists), expected)


def test_the_tail_pushes_atoms_through_their_ratios(reference):
    _, with_tail = reference
    without_tail = random_force_field(SMALL, "truncated")
    without = call(without_tail, SYSTEM, pairs_for(without_tail, SYSTEM))
    assert "dispersion_tail" not in without.energies
    difference = np.asarray(with_tail.energy - without.energy)
    np.testing.assert_allclose(difference, with_tail.energies["dispersion_tail"], atol=1e-12)
    assert float(jnp.abs(with_tail.forces - without.forces).max()) > 1e-7


def test_what_has_no_tail_is_refused():
    with pytest.raises(InputError, match="exact"):
        random_force_field(SMALL, "exact", tail=True)
    molecule = make_system(np.zeros((1, 3)), [8])
    with pytest.raises(CellError, match='dispersion_tail="off"'):
        random_force_field(SMALL, "truncated", tail=True).check(molecule)
