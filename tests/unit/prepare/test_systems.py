"""Systems with names."""

import pytest

from sundog.errors import InputError
from sundog.prepare.systems import DHA, STACHYOSE, SYSTEMS, build_system


def test_water_of_any_number():
    assert len(build_system("water", 216).atoms) == 648
    assert SYSTEMS["water"].atoms == 3 * 4096


@pytest.mark.parametrize(("name", "formula"), [("stachyose", "C24H42O21"), ("dha", "C22H32O2")])
def test_molecules_have_their_formula_and_no_open_stereochemistry(name, formula):
    pytest.importorskip("rdkit")
    built = build_system(name)
    assert built.atoms.get_chemical_formula("hill") == formula
    assert len(built.atoms) == SYSTEMS[name].atoms
    assert not any("not defined" in line for line in built.decisions)


def test_stachyose_is_two_galactoses_glucose_and_fructose():
    chem = pytest.importorskip("rdkit.Chem")
    molecule = chem.MolFromSmiles(STACHYOSE)
    # α-D-galactopyranose, α-D-glucopyranose and β-D-fructofuranose.
    for smiles, count in (
        ("OC[C@H]1O[C@H](O)[C@H](O)[C@@H](O)[C@H]1O", 2),
        ("OC[C@H]1O[C@H](O)[C@H](O)[C@@H](O)[C@@H]1O", 1),
        ("OC[C@H]1O[C@](O)(CO)[C@@H](O)[C@@H]1O", 1),
    ):
        sugar = chem.MolFromSmiles(smiles)
        assert len(molecule.GetSubstructMatches(sugar, useChirality=True)) == count


def test_all_double_bonds_of_dha_are_cis():
    pytest.importorskip("rdkit")
    atoms = build_system("dha").atoms
    doubles = [k for k in range(21) if 1.30 < atoms.get_distance(k, k + 1) < 1.36]
    doubles = [k for k in doubles if atoms.numbers[k + 1] == 6]
    assert len(doubles) == DHA.count("=C\\") == 6
    for k in doubles:
        angle = atoms.get_dihedral(k - 1, k, k + 1, k + 2)
        assert min(angle, 360 - angle) < 15


@pytest.mark.parametrize(("name", "molecules"), [("benzene", 27), ("water-ethanol", 50)])
def test_liquids_are_packed(name, molecules):
    pytest.importorskip("rdkit")
    pytest.importorskip("packmol")
    atoms = build_system(name, molecules).atoms
    assert len(set(atoms.arrays["residuenumbers"])) == molecules
    assert atoms.pbc.all()


def test_what_has_no_such_name_or_size_is_refused():
    with pytest.raises(InputError, match="Did you mean popc-bilayer"):
        build_system("popc-bilayr")
    with pytest.raises(InputError, match="one size only"):
        build_system("dha", 5)
    with pytest.raises(InputError, match="positive integer"):
        build_system("water", 0)
