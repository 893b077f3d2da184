"""Charge and multiplicity: who says them, and that no ion runs as a neutral molecule."""

import ase
import ase.build
import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator

from sundog.errors import ChargeError
from sundog.io.electrons import (
    describe_states,
    electronic_state,
    state_of,
    with_electronic_state,
)


def water(**info) -> ase.Atoms:
    atoms = ase.build.molecule("H2O")
    atoms.info = info
    return atoms


def test_neutral_and_closed_shell_by_default():
    assert electronic_state(water()) == (0, 1)


def test_lowest_multiplicity_of_an_odd_number_of_electrons():
    assert electronic_state(water(charge=1)) == (1, 2)


@pytest.mark.parametrize("key", ["charge", "total_charge"])
def test_charge_is_read_from_info(key):
    assert electronic_state(water(**{key: -2}))[0] == -2


@pytest.mark.parametrize("key", ["spin", "multiplicity"])
def test_multiplicity_is_read_from_info(key):
    assert electronic_state(water(**{key: 3})) == (0, 3)


@pytest.mark.parametrize("value", [1, 1.0, np.int64(1), np.float64(1.0), "+1"])
def test_integers_in_every_guise(value):
    assert electronic_state(water(charge=value))[0] == 1


def test_explicit_values_go_first():
    atoms = water(charge=1, spin=2)
    assert electronic_state(atoms, charge=0, multiplicity=1) == (0, 1)


@pytest.mark.parametrize("value", [0.5, "neutral", True, [1, 2], None, np.nan, np.inf])
def test_charges_that_are_no_integers(value):
    with pytest.raises(ChargeError, match=r'atoms\.info\["charge"\]: must be an integer'):
        electronic_state(water(charge=value))


def test_an_explicit_charge_that_is_no_integer():
    with pytest.raises(ChargeError, match=r"charge: must be an integer \(got 0\.5\)"):
        electronic_state(water(), charge=0.5)


def test_a_multiplicity_that_is_no_integer():
    with pytest.raises(ChargeError, match='"spin"'):
        electronic_state(water(spin="singlet"))


def test_an_impossible_multiplicity():
    with pytest.raises(ChargeError, match="odd multiplicity"):
        electronic_state(water(spin=2))


def test_entries_that_disagree():
    with pytest.raises(ChargeError, match="disagree"):
        electronic_state(water(charge=1, total_charge=-1))


def test_entries_that_agree():
    assert electronic_state(water(charge=2, total_charge=2))[0] == 2


def test_atomic_charges_of_an_ion_are_not_taken_for_neutral():
    atoms = water()
    atoms.set_initial_charges([-1.0, 0.0, 0.0])
    with pytest.raises(ChargeError, match=r"sum of -1.*charge=-1"):
        electronic_state(atoms)
    assert electronic_state(atoms, charge=0) == (0, 1)


def test_atomic_charges_of_a_neutral_molecule_say_nothing():
    atoms = water()
    atoms.set_initial_charges([-0.8, 0.4, 0.4])
    assert electronic_state(atoms) == (0, 1)


def test_formal_charges_of_a_pdb_file_are_noticed(tmp_path):
    from sundog.io.reading import read_structures

    path = tmp_path / "ion.pdb"
    path.write_text(
        "HETATM    1 CL   CL  A   1       1.000   1.000   1.000  1.00  0.00          CL1-\n"
    )
    (atoms,) = read_structures(path)
    with pytest.raises(ChargeError, match="charge=-1"):
        electronic_state(atoms)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("Charge", -1, "charge: atoms.info has an entry 'Charge'"),
        ("net_charge", "+1", "charge: atoms.info has an entry 'net_charge'"),
        ("Q", 2, "charge: atoms.info has an entry 'Q'"),
        ("chrg", -1, "charge: atoms.info has an entry 'chrg'"),
        ("charge_total", -1, "charge: atoms.info has an entry 'charge_total'"),
        ("total molecular charge", 1, "charge: atoms.info has an entry 'total molecular charge'"),
        ("q_tot", 1, "charge: atoms.info has an entry 'q_tot'"),
        ("number_of_unpaired_electrons", 2, "multiplicity: atoms.info has an entry 'number_of"),
        ("total_magmom", 2.0, "multiplicity: atoms.info has an entry 'total_magmom'"),
        ("spin_multiplicity", 3, "multiplicity: atoms.info has an entry 'spin_multiplicity'"),
        ("uhf", 2, "multiplicity: atoms.info has an entry 'uhf'"),
        ("total_spin", 1, "multiplicity: atoms.info has an entry 'total_spin'"),
    ],
)
def test_near_misses_are_refused_where_they_disagree(key, value, words):
    with pytest.raises(ChargeError, match=words):
        electronic_state(water(**{key: value}))
    assert electronic_state(water(**{key: value}), charge=0, multiplicity=1) == (0, 1)


@pytest.mark.parametrize(
    "info",
    [
        {"Charge": 0},
        {"uhf": 0},
        {"Q": -0.83},
        {"total_spin": 0},
        {"Multiplicity": 1},
        {"Charge": -1, "charge": -1},
        {"charges": 3},
        {"partial_charge": 3},
        {"charge_model": 2},
        {"spinup": 5},
        {"Charge": "neutral"},
    ],
)
def test_near_misses_that_agree_or_mean_something_else(info):
    electronic_state(water(**info))


def test_moments_that_make_another_multiplicity_are_refused():
    atoms = ase.build.molecule("O2")
    with pytest.raises(ChargeError, match=r"moments that add up to 2.*multiplicity=3"):
        electronic_state(atoms)
    atoms.info["spin"] = 3
    assert electronic_state(atoms) == (0, 3)
    del atoms.info["spin"]
    assert electronic_state(atoms, multiplicity=1) == (0, 1)
    computed = ase.Atoms("O2", [[0, 0, 0], [0, 0, 1.2]])
    computed.calc = SinglePointCalculator(computed, magmom=1.98)
    with pytest.raises(ChargeError, match=r"moments that add up to 1.98.*multiplicity=3"):
        electronic_state(computed)
    hydroxyl = ase.build.molecule("OH")
    assert electronic_state(hydroxyl) == (0, 2)
    # The moments of the neutral radical say nothing of the anion.
    assert electronic_state(hydroxyl, charge=-1) == (-1, 1)


def test_a_state_says_who_said_it():
    assert state_of(water(charge=0), multiplicity=1).describe() == (
        "charge +0 (from charge), multiplicity 1 (as asked)"
    )
    assert state_of(water()).describe() == "charge +0 (assumed), multiplicity 1 (assumed)"


def test_an_odd_number_of_electrons_is_warned_of_unless_it_was_said():
    line, warning = describe_states([state_of(ase.build.molecule("OH"))])
    assert line == "Electrons: charge +0 (assumed), multiplicity 2 (assumed)"
    assert "9 electrons, an odd number" in warning
    assert "give `charge`" in warning
    assert len(describe_states([state_of(water(charge=1, spin=2))])) == 1


def test_states_of_a_set_are_counted():
    states = [state_of(one) for one in (water(), water(charge=1), water(), water(charge=-2))]
    line, warning = describe_states(states)
    assert line == "Electrons: charge/multiplicity +0/1 in 2, +1/2 in 1, -2/1 in 1 structures"
    assert "1 of 4 structures, the first number 1" in warning


def test_a_structure_states_one_charge_and_no_near_misses():
    atoms = with_electronic_state(water(Charge=0, total_charge=1, name="w"), 1, 2)
    assert atoms.info == {"name": "w", "charge": 1, "spin": 2}
