"""Copies of calculators, their keywords, and processes that they are sent to."""

import copy
import multiprocessing
import os
import pickle
from dataclasses import fields

import jax
import numpy as np
import pytest
from ase.build import molecule

from fixtures import small_force_field
from sundog.errors import InputError, UnavailableError
from sundog.interfaces.ase import Calculator
from sundog.numerics import processes
from sundog.numerics.precision import Kept, packed, unpacked


def water(calculator):
    atoms = molecule("H2O")
    atoms.rattle(0.05, seed=1)
    atoms.calc = calculator
    return atoms.get_potential_energy(), atoms.get_forces()


@pytest.fixture(scope="module")
def used():
    calculator = Calculator(small_force_field("exact"), kernels="reference")
    return calculator, water(calculator)


@pytest.mark.parametrize("make", [lambda one: pickle.loads(pickle.dumps(one)), copy.deepcopy])
def test_copies_before_and_after_use_give_the_same(make, used):
    calculator, (energy, forces) = used
    fresh = Calculator(small_force_field("exact"), kernels="reference")
    for original in (calculator, fresh):
        again = make(original)
        again.reset()
        found = water(again)
        assert found[0] == pytest.approx(energy, abs=1e-12)
        np.testing.assert_allclose(found[1], forces, atol=1e-12)


def test_a_force_field_keeps_all_its_digits_where_x64_mode_is_off():
    force_field = small_force_field("exact")
    data = pickle.dumps(force_field)
    with jax.enable_x64(False):
        again = pickle.loads(data)
    for one, other in zip(jax.tree.leaves(force_field), jax.tree.leaves(again), strict=True):
        assert np.asarray(one).dtype == np.asarray(other).dtype
        np.testing.assert_array_equal(one, other)
    assert {one.name for one in fields(force_field)} >= set(vars(again))


def test_in_a_forked_process_arrays_are_left_to_numpy_and_nothing_is_computed(monkeypatch, used):
    tree = packed({"a": jax.numpy.arange(3.0), "b": "words"})
    assert isinstance(tree["a"], Kept)
    monkeypatch.setattr(processes, "_FORKED", [1])
    assert isinstance(unpacked(tree)["a"], np.ndarray)
    with pytest.raises(UnavailableError, match="get_context"):
        used[0].calculate(molecule("H2O"))
    with pytest.raises(UnavailableError, match="spawn"):
        Calculator(small_force_field("exact"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning", "ignore:.*fork:DeprecationWarning")
def test_a_process_knows_that_it_was_forked(used):
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply_async(processes.is_forked).get(timeout=60)
    assert not processes.is_forked()


@pytest.mark.parametrize(
    ("keyword", "meant"),
    [
        ("total_charge", "charge"),
        ("spin", "multiplicity"),
        ("lr_cutoff", "cutoff_angstrom"),
        ("dtype", "precision"),
        ("electrostatic", "electrostatics"),
        ("zzz", "Expected"),
    ],
)
def test_an_unknown_keyword_is_refused_with_the_one_that_is_meant(keyword, meant, used):
    for call in (lambda **one: Calculator(small_force_field("exact"), **one), used[0].set):
        with pytest.raises(InputError, match=f"^{keyword}: a calculator has no such") as refusal:
            call(**{keyword: 1})
        assert meant in str(refusal.value)


def test_what_a_calculator_was_made_with_stays_and_charge_can_be_set():
    with pytest.raises(InputError, match=r"^cutoff_angstrom: the force field.*fixes"):
        Calculator(small_force_field("exact"), cutoff_angstrom=9.0)
    calculator = Calculator(small_force_field("exact"), kernels="reference")
    with pytest.raises(InputError, match=r"^precision: it is chosen when"):
        calculator.set(precision="float64")
    neutral, _ = water(calculator)
    assert calculator.set(charge=1, multiplicity=2) == {"charge": 1, "multiplicity": 2}
    assert calculator.set(charge=1) == {}
    assert water(calculator)[0] != pytest.approx(neutral, abs=1e-3)
