"""The gate: charges by residue and by valences, and what contradicts them."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from sundog.errors import ChargeError
from sundog.hamiltonian import ElectronOptions
from sundog.io.gate import doubts, gate, unchecked

HYDROXIDE = Atoms("OH", [(0.0, 0.0, 0.0), (0.0, 0.0, 0.97)])


def named(atoms: Atoms, residue: str, names=None) -> Atoms:
    atoms = atoms.copy()
    atoms.set_array("residuenames", np.array([residue] * len(atoms)))
    atoms.set_array("residuenumbers", np.ones(len(atoms), int))
    atoms.set_array("atomtypes", np.array(names or atoms.get_chemical_symbols()))
    return atoms


def ammonium() -> Atoms:
    places = 0.595 * np.array([(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)])
    return Atoms("NH4", [(0, 0, 0), *places])


def test_a_neutral_molecule_is_neutral_by_its_valences():
    state = gate(molecule("CH3CONH2")).state
    assert (state.charge, state.charge_from) == (0, "from valences")


def test_an_ion_without_residues_or_charge_is_refused_with_the_likely_charge():
    with pytest.raises(ChargeError, match=r"make -1, and 9 electrons.*Give charge=-1"):
        gate(HYDROXIDE)
    assert gate(HYDROXIDE, ElectronOptions(charge=-1)).state.charge == -1


def test_a_charge_that_valences_do_not_make_is_refused():
    with pytest.raises(ChargeError, match=r"\+0 was stated.*make -1"):
        gate(HYDROXIDE, ElectronOptions(charge=0))
    with pytest.raises(ChargeError, match=r"\+1 was stated.*make \+0"):
        gate(molecule("C6H6"), ElectronOptions(charge=1))


@pytest.mark.parametrize(
    "electrons",
    [ElectronOptions(charge=0, multiplicity=2), ElectronOptions(charge=0, allow_radicals=True)],
)
def test_a_radical_that_looks_like_an_ion_passes_where_it_is_stated(electrons):
    assert gate(HYDROXIDE, electrons).state.charge == 0


def test_the_charge_of_residues_is_taken_and_said():
    passed = gate(named(ammonium(), "LIG"))
    assert (passed.state.charge, passed.state.charge_from) == (1, "from residues")
    assert passed.said == ("Charges: LIG +1 (1); total +1",)


def test_formal_charges_of_the_file_must_agree():
    atoms = named(ammonium(), "LIG")
    atoms.set_initial_charges([1, 0, 0, 0, 0])
    assert gate(atoms).state.charge == 1
    atoms.set_initial_charges([-1, 0, 0, 0, 0])
    with pytest.raises(ChargeError, match=r"LIG 1: -1 in the file, \+1 by its bonds"):
        gate(atoms)


def test_a_carbocation_passes_with_its_charge():
    assert gate(molecule("CH3"), ElectronOptions(charge=1)).state.multiplicity == 1


def test_sets_are_counted_and_not_refused():
    (line,) = doubts([molecule("CH4"), HYDROXIDE, molecule("CH3")], ElectronOptions())
    assert "of 3 structures 2 are not" in line
    assert doubts([molecule("CH4")], ElectronOptions()) == []


def test_what_is_not_checked_has_no_valences():
    assert unchecked(molecule("CH3"), ElectronOptions()).perception is None
