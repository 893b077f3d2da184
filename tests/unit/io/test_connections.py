"""Bonds that files name: read as they stand, and said where they are none."""

import pytest

from sundog.io.connections import Connection, End, connections_of_pdb_line, resolved
from sundog.io.reading import biomolecule_contents, read_structures

SSBOND = "SSBOND   1 CYS A    3    CYS B   40A                         1555   {}  2.00"
LINK = "LINK         ND2 ASN A  65                 C1  NAG B   1     1555   1555  1.45"


def atom(serial, name, residue, chain, number, x, element="S"):
    return (
        f"ATOM  {serial:5d}  {name:<3} {residue:>3} {chain}{number:>4d}    "
        f"{x:8.3f}{0.0:8.3f}{0.0:8.3f}  1.00  0.00          {element:>2}"
    )


@pytest.mark.parametrize(("copy", "elsewhere"), [("1555", False), ("3655", True)])
def test_a_disulfide_of_a_record(copy, elsewhere):
    (found,) = connections_of_pdb_line(SSBOND.format(copy), int, {})
    ends = End("A", 3, "", "SG"), End("B", 40, "A", "SG")
    assert found == Connection("SSBOND", *ends, elsewhere)


def test_a_link_of_a_record():
    (found,) = connections_of_pdb_line(LINK, int, {})
    assert found[1:3] == (End("A", 65, "", "ND2"), End("B", 1, "", "C1"))


def test_serial_numbers_of_conect_records(tmp_path):
    lines = [
        *(atom(k, f"S{k}", "LIG", "A", 1, 2.0 * k) for k in (1, 2, 3)),
        atom(3, "S4", "LIG", "A", 1, 8.0),  # 3 is two atoms, and means neither
        "CONECT    1    2    3",
        "CONECT    2    1",
    ]
    (tmp_path / "a.pdb").write_text("\n".join(lines))
    contents = biomolecule_contents(tmp_path / "a.pdb")
    assert [(one.first.atom, one.second.atom) for one in contents.connections] == [("S1", "S2")]


def test_records_that_cannot_be_read_are_said(tmp_path):
    (tmp_path / "a.pdb").write_text(
        f"SSBOND between 3 and 40\n{atom(1, 'S', 'H2S', 'A', 1, 0.0)}\n"
    )
    said = []
    read_structures(tmp_path / "a.pdb", report=said.append)
    assert "Record that cannot be read and is not used: 'SSBOND between 3 and 40'" in said


def test_a_record_without_a_chain_means_the_only_atom_that_fits():
    one = Connection("LINK", End("", 1, "", "S"), End("", 2, "", "S"))
    columns = [["A", "A", "B"], [1, 2, 2], ["", "", ""], ["S", "S", "S"]]
    assert resolved([one], *columns) == [(one, 0, None)]


@pytest.mark.parametrize(("length", "far"), [(2.05, False), (2.7, True)])
def test_a_named_bond_that_is_too_long_is_said_by_every_verb(length, far, tmp_path):
    record = "SSBOND   1 CYS A    1    CYS A    2"
    atoms = [atom(k, "SG", "CYS", "A", k, k * length) for k in (1, 2)]
    (tmp_path / "a.pdb").write_text("\n".join([record, *atoms]))
    said = []
    read_structures(tmp_path / "a.pdb", report=said.append)
    words = "SSBOND SG of CYS A:1 – SG of CYS A:2, 2.70 Å"
    assert any(words in line for line in said) == far


def test_bonds_of_mmcif_files(tmp_path):
    (tmp_path / "a.cif").write_text(
        "\n".join(
            [
                "data_x",
                "loop_",
                *(
                    f"_struct_conn.{name}"
                    for name in [
                        "conn_type_id",
                        "ptnr1_auth_asym_id",
                        "ptnr1_auth_seq_id",
                        "ptnr1_label_atom_id",
                        "ptnr2_auth_asym_id",
                        "ptnr2_auth_seq_id",
                        "ptnr2_label_atom_id",
                        "ptnr2_symmetry",
                        "pdbx_ptnr2_PDB_ins_code",
                    ]
                ),
                "disulf A 3 SG A 40 SG 1_555 B",
                "covale A 3 CB A 9 O 2_655 ?",
                "metalc A 3 SG A 50 ZN 1_555 ?",
                "hydrog A 3 N A 7 O 1_555 ?",
                "loop_",
                *(
                    f"_atom_site.{name}"
                    for name in [
                        "id",
                        "type_symbol",
                        "label_atom_id",
                        "Cartn_x",
                        "Cartn_y",
                        "Cartn_z",
                    ]
                ),
                "1 C C1 0 0 0",
            ]
        )
    )
    found = biomolecule_contents(tmp_path / "a.cif").connections
    assert [(one.record, one.elsewhere) for one in found] == [("disulf", False), ("covale", True)]
    assert found[0].second == End("A", 40, "B", "SG")
