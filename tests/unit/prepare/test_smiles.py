"""Molecules from SMILES."""

import io

import numpy as np
import pytest

from sundog.errors import InputError, UnsupportedElementError
from sundog.io.extxyz import write_extxyz

pytest.importorskip("rdkit")

from sundog.prepare.molecules import build_smiles


def text_of(atoms):
    stream = io.StringIO()
    write_extxyz(stream, atoms)
    return stream.getvalue()


def test_ethanol_is_whole_and_has_names():
    built = build_smiles("CCO", name="ETH")
    atoms = built.atoms
    assert atoms.get_chemical_formula("hill") == "C2H6O"
    assert atoms.get_distance(0, 1) == pytest.approx(1.52, abs=0.03)
    assert atoms.get_distance(1, 2) == pytest.approx(1.42, abs=0.03)
    assert len(set(atoms.arrays["atomtypes"])) == 9
    assert set(atoms.arrays["residuenames"]) == {"ETH"}
    assert atoms.info == {"charge": 0}
    assert any("MMFF94" in line for line in built.decisions)


def test_a_benzene_ring_is_flat():
    positions = build_smiles("c1ccccc1").atoms.positions
    assert np.linalg.svd(positions - positions.mean(axis=0))[1][2] < 0.02


def test_the_same_command_gives_the_same_bytes():
    first, second = (text_of(build_smiles("CCCC(N)C(=O)OCC", seed=3).atoms) for _ in range(2))
    assert first == second
    assert first != text_of(build_smiles("CCCC(N)C(=O)OCC", seed=4).atoms)


def test_formal_charges_are_kept():
    atoms = build_smiles("C[N+](C)(C)CC(=O)[O-]").atoms
    assert atoms.info["charge"] == 0
    assert sorted(atoms.arrays["formal_charges"])[::17] == [-1, 0]
    assert build_smiles("[NH4+]").atoms.info["charge"] == 1


def test_undefined_stereocentres_are_listed_with_what_was_made():
    lines = build_smiles("CC(O)C(F)C=CC").decisions
    assert [line for line in lines if "not defined" in line] == [
        "Stereocentre C2 is not defined in the SMILES: R was built",
        "Stereocentre C3 is not defined in the SMILES: S was built",
        "Double bond C4=C5 is not defined in the SMILES: E was built",
    ]


@pytest.mark.parametrize(("smiles", "sign"), [("N[C@@H](C)C(=O)O", 1), ("N[C@H](C)C(=O)O", -1)])
def test_the_chirality_is_the_one_written(smiles, sign):
    built = build_smiles(smiles)
    nitrogen, alpha, beta, carbonyl = built.atoms.positions[:4]
    hand = np.cross(nitrogen - alpha, carbonyl - alpha) @ (beta - alpha)
    assert hand * sign > 1.0
    assert not any("not defined" in line for line in built.decisions)


def test_components_are_apart_and_said():
    built = build_smiles("C[N+](C)(C)C.[Cl-]")
    assert "2 components (C4H12N+, Cl-)" in built.decisions[0]
    assert built.atoms.info["charge"] == 0
    assert built.atoms.arrays["residuenumbers"].tolist() == [1] * 17 + [2]
    assert built.atoms.get_distances(17, range(17)).min() > 2.5


def test_protonation_at_a_ph_only_when_asked():
    pytest.importorskip("dimorphite_dl")
    assert not build_smiles("NCCCC(=O)O").atoms.arrays["formal_charges"].any()
    built = build_smiles("NCCCC(=O)O", ph=7.0)
    assert sorted(built.atoms.arrays["formal_charges"].tolist())[::15] == [-1, 1]
    assert "At pH 7 the molecule is" in built.decisions[0]


def test_isotopes_have_their_masses():
    atoms = build_smiles("[2H]OC").atoms
    assert atoms.get_masses()[0] == pytest.approx(2.01410, abs=1e-4)
    assert atoms.get_masses()[1] == pytest.approx(15.999)


def test_water_has_the_names_of_water():
    atoms = build_smiles("O").atoms
    assert atoms.arrays["atomtypes"].tolist() == ["O", "H1", "H2"]
    assert set(atoms.arrays["residuenames"]) == {"HOH"}


@pytest.mark.parametrize(
    ("smiles", "words"),
    [
        ("C1CC", "unclosed ring"),
        ("C(C)(C)(C)(C)C", "Explicit valence for atom # 0 C, 5"),
        ("hello", "syntax error"),
        ("", "cannot be read"),
        ("*CC", "placeholder"),
        ("[H+]", "bonded to nothing"),
        ("[CH3]", "unpaired electrons"),
        ("CC~C", "no definite order"),
    ],
)
def test_what_is_no_molecule_is_refused_in_words(smiles, words, capfd):
    with pytest.raises(InputError, match=words):
        build_smiles(smiles)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("smiles", ["[Na+].[Cl-]", "CBr", "CI", "C[Pt]", "[Zn+2]", "C[Si](C)(C)C"])
def test_elements_without_parameters_are_refused(smiles):
    with pytest.raises(UnsupportedElementError, match="no parameters for"):
        build_smiles(smiles)


def test_a_radical_that_is_allowed_has_a_multiplicity():
    assert build_smiles("[CH3]", allow_radicals=True).atoms.info == {"charge": 0, "multiplicity": 2}


@pytest.mark.parametrize(
    "wrong", [{"name": "A B"}, {"name": "TOOLONG"}, {"seed": -1}, {"ph": 15.0}, {"ph": np.nan}]
)
def test_arguments_have_bounds(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        build_smiles("C", **wrong)
