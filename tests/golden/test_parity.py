"""The published weights give the reference's numbers.

In float64 an independent implementation agrees to 1e-11 eV/Å, so the bounds here (1e-7
relative in energies, 1e-6 in the rest) catch any change of the physics and none of rounding.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from compare_reference import BOUNDS, Reference, errors, predictions, references

from sundog.single_points.predict import predict
from sundog.system import make_system
from sundog.weights.load import load

REFERENCES = list(references(Path(__file__).with_name("reference.npz")))


@cache
def field(treatment, precision):
    electrostatics, cutoff = treatment
    return load(electrostatics=electrostatics, cutoff_angstrom=cutoff, precision=precision)


@cache
def predicted(treatment, precision):
    """Predictions of all references of one treatment, in batches: few programs are compiled."""
    chosen = [one for one in REFERENCES if one.treatment == treatment]
    found = predictions(field(treatment, precision), chosen)
    return {reference.name: prediction for reference, prediction in found}


def errors_of(reference, precision):
    return errors(reference, predicted(reference.treatment, precision)[reference.name])


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda r: r.name)
def test_float64(reference: Reference):
    found = errors_of(reference, "float64")
    too_large = {name: error for name, error in found.items() if error > BOUNDS[name]}
    assert not too_large


FLOAT32_FORCES = 2e-4  # eV/Å


def of_float32():
    """Structures of more than 20 atoms; one treatment, and its programs, is for every day."""
    for one in REFERENCES:
        if len(one.arrays["numbers"]) > 20:
            marks = [] if one.treatment == ("truncated", 12.0) else [pytest.mark.slow]
            yield pytest.param(one, id=one.name, marks=marks)


@pytest.mark.parametrize("reference", list(of_float32()))
def test_float32_stays_close(reference: Reference):
    found = errors_of(reference, "float32")
    assert found["forces"] < FLOAT32_FORCES
    assert found["energy"] < 1e-6
    assert found["partial_charges"] < 1e-5


METHANE = next(r for r in REFERENCES if r.name == "molecules_nocut/CH4")


def methane_in_a_small_cube(electrostatics, total_charge=0):
    # A 4.2 Å cube: atoms meet their own images within both cutoffs.
    system = make_system(
        METHANE.arrays["positions"],
        METHANE.arrays["numbers"],
        cell=4.2 * np.eye(3),
        pbc=True,
        total_charge=total_charge,
    )
    # The reference has no unpaired electrons, which for an ion of methane is impossible.
    system = replace(system, multiplicity=jnp.ones(1))
    return predict(field((electrostatics, 12.0), "float64"), system)


def test_a_cell_shorter_than_the_cutoffs():
    prediction = methane_in_a_small_cube("truncated")
    expected = {
        "so3krates": -9.283539444,
        "zbl": 0.543390566,
        "electrostatics": -0.182424343,
        "dispersion": -0.054007620,
    }
    assert prediction.energy == pytest.approx(-8.976580841, abs=2e-9)
    for name, energy in expected.items():
        assert prediction.energies[name] == pytest.approx(energy, abs=2e-9)


def test_wolf_restores_the_self_term():
    assert methane_in_a_small_cube("wolf").energy == pytest.approx(-9.051496336, abs=2e-9)


@pytest.mark.parametrize(("charge", "energy"), [(0, -9.047754192), (1, -12.223615996)])
def test_ewald_counts_all_images_and_neutralises_a_charge(charge, energy):
    assert methane_in_a_small_cube("ewald", charge).energy == pytest.approx(energy, abs=2e-9)
