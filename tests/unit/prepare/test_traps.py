"""Traps of structure files, each of which has caught a program."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from sundog.errors import FileFormatError, StructureError, UnsupportedElementError
from sundog.prepare.biomolecules.choices import StructureChoices
from sundog.prepare.biomolecules.structures import prepare_structure

pytestmark = pytest.mark.skipif(
    any(find_spec(package) is None for package in ("biotite", "hydride", "openmm", "pdbfixer")),
    reason="needs sundog[prepare]",
)

GLYCAN = Path(__file__).parent / "data" / "glycan_1gya.pdb"
CRAMBIN = Path(__file__).parent / "data" / "1crn.pdb"


def test_crambin_has_its_disulfides_and_642_atoms():
    prepared = prepare_structure(CRAMBIN)
    atoms = prepared.atoms
    assert len(atoms) == 642
    assert atoms.info["charge"] == 0
    (line,) = (line for line in prepared.decisions if line.startswith("Bonds between residues"))
    assert line.count("SG of CYS") == 6
    assert "45 peptide bonds" in line


def test_structures_at_one_place_are_refused_before_anything_is_built(tmp_path):
    lines = [line for line in CRAMBIN.read_text().splitlines() if line.startswith("ATOM")]
    (tmp_path / "p.pdb").write_text("\n".join([*lines, *lines, "END", ""]))
    with pytest.raises(StructureError, match=r"327 pair\(s\) of atoms stand upon each other"):
        prepare_structure(tmp_path / "p.pdb")


@pytest.mark.parametrize(
    "text",
    [
        "3\n\nO 0 0 0\nH 1 0 0\nH 0 1 0\n",
        "<html><body>404: ATOM not found</body></html>",
        "data_1ABC\nloop_\n_atom_site.id\n_atom_site.type_symbol\n1 C\n",
        "REMARK   only words\nEND\n",
    ],
)
def test_a_file_of_another_kind_under_the_name_of_pdb(text, tmp_path):
    (tmp_path / "p.pdb").write_text(text)
    with pytest.raises(FileFormatError, match=r"no atoms there .*ends in .cif"):
        prepare_structure(tmp_path / "p.pdb")


def test_a_glycosylation_site_is_no_modified_residue(tmp_path):
    # MODRES says of asparagine with a sugar that it is an asparagine.
    record = "MODRES 1GYA ASN A   65  ASN  GLYCOSYLATION SITE\n"
    (tmp_path / "p.pdb").write_text(record + GLYCAN.read_text())
    choices = StructureChoices(termini="neutral", standardise=True)
    prepared = prepare_structure(tmp_path / "p.pdb", choices)
    assert "ASN" in prepared.atoms.arrays["residuenames"]
    assert any("ND2 of ASN A:65 – C1 of NAG B:1" in line for line in prepared.decisions)
    assert "Modified residue: ASN 65 is one of ASN" in prepared.decisions


def test_a_metal_is_refused_by_residue_with_a_remedy_that_works(tmp_path):
    zinc = "HETATM  999 ZN    ZN A 101      30.000  30.000  30.000  1.00  0.00          ZN\n"
    (tmp_path / "p.pdb").write_text(CRAMBIN.read_text().replace("END\n", zinc + "END\n"))
    with pytest.raises(UnsupportedElementError, match=r'Zn of ZN A:101.*remove="ZN"'):
        prepare_structure(tmp_path / "p.pdb")
    assert len(prepare_structure(tmp_path / "p.pdb", StructureChoices(remove=("ZN",))).atoms) == 642
