"""mol2 files: formal charges from types of atoms."""

import pytest

from sundog.errors import FileFormatError
from sundog.io.reading import read_structures
from sundog.prepare.biomolecules.choices import StructureChoices
from sundog.prepare.files import built_from_file

pytest.importorskip("rdkit")

ACETATE = """@<TRIPOS>MOLECULE
acetate
7 6 1
SMALL
USER_CHARGES

@<TRIPOS>ATOM
1 C1 0.000 0.000 0.000 C.3 1 ACT -0.1
2 C2 1.520 0.000 0.000 C.2 1 ACT 0.7
3 O1 2.140 1.080 0.000 O.co2 1 ACT -0.8
4 O2 2.140 -1.080 0.000 O.co2 1 ACT -0.8
5 H1 -0.360 1.030 0.000 H 1 ACT 0.0
6 H2 -0.360 -0.515 0.892 H 1 ACT 0.0
7 H3 -0.360 -0.515 -0.892 H 1 ACT 0.0
@<TRIPOS>BOND
1 1 2 1
2 2 3 ar
3 2 4 ar
4 1 5 1
5 1 6 1
6 1 7 1
"""


def test_formal_charges_follow_from_types(tmp_path):
    (tmp_path / "a.mol2").write_text(ACETATE)
    built = built_from_file(tmp_path / "a.mol2", StructureChoices(), in_water=False)
    assert built.atoms.info["charge"] == -1
    assert built.atoms.get_chemical_formula() == "C2H3O2"
    assert built.atoms.positions[2].tolist() == [2.14, 1.08, 0.0]
    assert any("Partial charges" in line for line in built.decisions)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ACETATE * 2, "2 molecules"),
        ("nothing\n", "0 molecules"),
        (ACETATE.replace("C.3", "Qq"), "does not understand"),
        (ACETATE.replace("2.140 1.080 0.000 O.co2", "2.140 x 0.000 O.co2"), "does not understand"),
    ],
)
def test_files_that_are_no_molecule_are_refused(tmp_path, text, words):
    (tmp_path / "a.mol2").write_text(text)
    with pytest.raises(FileFormatError, match=words):
        built_from_file(tmp_path / "a.mol2", StructureChoices(), in_water=False)


def test_other_verbs_say_who_reads_it(tmp_path):
    (tmp_path / "a.mol2").write_text(ACETATE)
    with pytest.raises(FileFormatError, match="sundog prepare"):
        read_structures(tmp_path / "a.mol2")
