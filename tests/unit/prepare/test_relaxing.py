"""Relaxation with Amber, and the names that GLYCAM has for sugars."""

from importlib.util import find_spec

import numpy as np
import pytest

from sundog.errors import StructureError
from sundog.io.topologies import topology_from_atoms
from sundog.perception.valences import check_valences
from sundog.prepare.built import joined
from sundog.prepare.peptides.sequences import build_sequence
from sundog.prepare.relaxing.amber import relaxed
from sundog.prepare.relaxing.glycam import carrier_name, sugar_name
from sundog.prepare.water import water_box

needs_openmm = pytest.mark.skipif(find_spec("openmm") is None, reason="needs sundog[prepare]")


@pytest.mark.parametrize(
    ("residue", "linked", "name"),
    [
        ("NAG", {"C1", "O4"}, "4YB"),
        ("NAG", {"C1"}, "0YB"),
        ("BMA", {"C1", "O3", "O6"}, "VMB"),
        ("MAN", {"C1", "O2"}, "2MA"),
        ("FUC", {"C1"}, "0fA"),
        ("SIA", {"C2"}, "0SA"),
        ("NAG", {"O4"}, None),  # a free reducing end is another residue there
        ("NAG", set(), None),
        ("MAN", {"C1", "C6"}, None),
        ("EDO", {"C1"}, None),
    ],
)
def test_names_of_sugars(residue, linked, name):
    assert sugar_name(residue, linked) == name


def test_amino_acids_that_carry_a_glycan():
    assert carrier_name("ASN", {"N", "C", "ND2"}) == "NLN"
    assert carrier_name("SER", {"N", "C", "OG"}) == "OLS"
    assert carrier_name("ASN", {"N", "C"}) is None


@pytest.fixture(scope="module")
def peptide():
    return build_sequence("ACE-SER-VAL-LYS-NME").atoms


@needs_openmm
def test_a_peptide_keeps_its_bonds_and_loses_its_clashes(peptide):
    crushed = peptide.copy()
    names, numbers = crushed.arrays["atomtypes"], crushed.arrays["residuenumbers"]
    hydroxyl = np.flatnonzero((names == "OG") & (numbers == 2))[0]
    pairs = topology_from_atoms(peptide).pairs
    crushed.positions[hydroxyl] += 0.4
    said = []
    after = relaxed(crushed, pairs, said.append)
    assert np.array_equal(topology_from_atoms(after).pairs, pairs)
    check_valences(after, topology_from_atoms(after))
    assert "56 atoms" in said[0] or f"{len(peptide)} atoms" in said[0]
    assert len(said) == 1
    again = relaxed(crushed, pairs, said.append)
    assert again.positions.tobytes() == after.positions.tobytes()


@needs_openmm
def test_residues_without_a_template_stand_still_and_are_said(peptide):
    pytest.importorskip("rdkit")
    from sundog.prepare.molecules import build_smiles

    ligand = build_smiles("CC(=O)Nc1ccc(O)cc1").atoms
    ligand.positions += [12.0, 0.0, 0.0]
    both = joined([peptide, ligand])
    said = []
    after = relaxed(both, topology_from_atoms(both).pairs, said.append)
    own = slice(len(peptide), None)
    assert np.array_equal(after.positions[own], both.positions[own])
    assert not np.array_equal(after.positions[: len(peptide)], peptide.positions)
    assert said[1].startswith("Amber has no template of 1 residues, which stand still: ")
    with pytest.raises(StructureError, match="templates of no residue"):
        relaxed(ligand, topology_from_atoms(ligand).pairs, said.append)


@needs_openmm
@pytest.mark.parametrize("skew", [False, True])
def test_a_box_of_water(skew):
    box = water_box(27)
    if skew:
        cell = box.cell.array.copy()
        cell[2, 0] = 0.4 * cell[0, 0]
        box.set_cell(cell)
    size = len(box)
    for name, column in {
        "atomtypes": ["O", "H1", "H2"] * 27,
        "residuenames": ["HOH"] * size,
        "residuenumbers": np.repeat(np.arange(27), 3),
        "chainids": ["W"] * size,
        "formal_charges": np.zeros(size, int),
    }.items():
        box.arrays.pop(name, None)
        box.set_array(name, np.array(column))
    pairs = np.array([[3 * k, 3 * k + m] for k in range(27) for m in (1, 2)])
    after = relaxed(box, pairs, lambda line: None)
    lengths = np.linalg.norm(after.positions[pairs[:, 0]] - after.positions[pairs[:, 1]], axis=1)
    assert np.abs(lengths - 0.9572).max() < 0.05
