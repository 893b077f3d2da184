"""Elements by residue, name and column: never by the first letters where they may mean another."""

import pytest

from sundog.errors import StructureError
from sundog.topology.atom_names import least_hydrogens, symbol_of


@pytest.mark.parametrize(
    ("residue", "name", "symbol"),
    [
        ("SOD", "SOD", "Na"),
        ("POT", "POT", "K"),
        ("CLA", "CLA", "Cl"),
        ("CES", "CES", "Cs"),
        ("CAL", "CAL", "Ca"),
        ("Na+", "Na+", "Na"),
        ("Cl-", "Cl-", "Cl"),
        ("NA", "NA", "Na"),
        ("CL", "CL", "Cl"),
        ("CA", "CA", "Ca"),
        ("ZN2", "ZN", "Zn"),
        ("IOD", "I", "I"),
        ("ION", "CLA", "Cl"),
    ],
)
def test_ions_of_charmm_amber_gromacs_and_the_wwpdb(residue, name, symbol):
    assert symbol_of(name, residue, alone=True) == symbol


@pytest.mark.parametrize(
    ("residue", "name", "symbol"),
    [
        ("ALA", "CA", "C"),
        ("GLU", "CD", "C"),
        ("ARG", "NE", "N"),
        ("SER", "HG", "H"),
        ("LEU", "HD11", "H"),
        ("LEU", "1HD1", "H"),
        ("CYX", "SG", "S"),
        ("NLYS", "NZ", "N"),
        ("HSD", "CE1", "C"),
        ("MSE", "SE", "Se"),
        ("ACE", "CH3", "C"),
        ("DA", "C1*", "C"),
        ("DG3", "O5'", "O"),
        ("ALA", "DA", "D"),
        ("TIP3", "OH2", "O"),
        ("SOL", "HW1", "H"),
        ("DOD", "D1", "D"),
    ],
)
def test_standard_residues_and_water_by_their_atoms(residue, name, symbol):
    assert symbol_of(name, residue) == symbol
    # Where only this atom of the residue is in the file, it is no ion.
    assert symbol_of(name, residue, alone=True) == symbol


@pytest.mark.parametrize(
    ("name", "symbol"),
    [("C12", "C"), ("H2R", "H"), ("OXT", "O"), ("HO2", "H"), ("HG1", "H"), ("P", "P"), ("F1", "F"),
     ("BR1", "Br"), ("MG", "Mg"), ("ZN", "Zn"), ("CAA", "C"), ("1H", "H"), ("N3'", "N")],
)  # fmt: skip
def test_names_of_ligands_that_can_mean_one_element(name, symbol):
    assert symbol_of(name, "LIG") == symbol


@pytest.mark.parametrize("name", ["CL1", "CLA", "CA", "NA", "CD", "FE", "SE", "SI1", "CO"])
def test_names_of_ligands_that_may_mean_two_are_refused(name):
    with pytest.raises(StructureError, match=rf"{name} of residue LIG.*may be .* or .*77-78"):
        symbol_of(name, "LIG")


@pytest.mark.parametrize("name", ["A1", "Q", "D1", "LX"])
def test_names_that_mean_nothing_are_refused(name):
    with pytest.raises(StructureError, match="no element begins so"):
        symbol_of(name, "LIG")


def test_the_columns_of_a_pdb_name_tell_the_letters_of_its_symbol():
    assert symbol_of("CL1", "LIG", aligned=2) == "Cl"
    assert symbol_of("CA", "LIG", aligned=1) == "C"
    assert symbol_of("CA", "LIG", aligned=2) == "Ca"
    with pytest.raises(StructureError, match="C or Cl"):
        symbol_of("CL1", "LIG", aligned=1)  # often set one column to the right


def test_side_chains_of_residues_like_amino_acids():
    assert symbol_of("CD", "PTR", amino_like=True) == "C"


@pytest.mark.parametrize(
    ("residue", "name", "column"),
    [("SOL", "MW", ""), ("WAT", "EPW", ""), ("TIP5", "LP1", ""), ("LIG", "LP1", ""),
     ("LIG", "MCH3", ""), ("WAT", "EPW", "EP"), ("LIG", "Q1", "X")],
)  # fmt: skip
def test_virtual_sites_are_refused_by_name(residue, name, column):
    with pytest.raises(StructureError, match=f"{name} of residue {residue} is a virtual site"):
        symbol_of(name, residue, column)


def test_the_element_column_goes_first():
    assert symbol_of("CA", "ALA", "CA") == "Ca"
    assert symbol_of("CL1", "LIG", "CL") == "Cl"
    assert symbol_of("D", "ALA", "D") == "D"
    with pytest.raises(StructureError, match="its element column says QQ"):
        symbol_of("CA", "ALA", "QQ")


def test_hydrogens_that_residues_have_at_least():
    assert least_hydrogens("HOH") == 1
    assert least_hydrogens("NALA") == least_hydrogens("ALA") == 4
    assert least_hydrogens("LIG") is None
