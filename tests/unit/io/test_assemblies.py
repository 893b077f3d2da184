"""Biological assemblies: what files describe, said and built."""

import numpy as np
import pytest

from sundog.errors import InputError
from sundog.io.assemblies import (
    Assembly,
    Operator,
    Part,
    assembled,
    assemblies_of_mmcif,
    assemblies_of_pdb,
    chosen_assembly,
    copied_connections,
    original_chain,
)
from sundog.io.connections import Connection, End
from sundog.io.reading import biomolecule_contents, read_structures
from sundog.io.records import Record

DIMER = """\
REMARK 350 BIOMOLECULE: 1
REMARK 350 AUTHOR DETERMINED BIOLOGICAL UNIT: DIMERIC
REMARK 350 APPLY THE FOLLOWING TO CHAINS: A, B,
REMARK 350                    AND CHAINS: C
REMARK 350   BIOMT1   1  1.000000  0.000000  0.000000        0.00000
REMARK 350   BIOMT2   1  0.000000  1.000000  0.000000        0.00000
REMARK 350   BIOMT3   1  0.000000  0.000000  1.000000        0.00000
REMARK 350   BIOMT1   2 -1.000000  0.000000  0.000000       10.00000
REMARK 350   BIOMT2   2  0.000000 -1.000000  0.000000        0.00000
REMARK 350   BIOMT3   2  0.000000  0.000000  1.000000        5.00000
REMARK 350 BIOMOLECULE: 2
REMARK 350 APPLY THE FOLLOWING TO CHAINS: A
REMARK 350   BIOMT1   1  1.000000  0.000000  0.000000        0.00000
REMARK 350   BIOMT2   1  0.000000  1.000000  0.000000        0.00000
REMARK 350   BIOMT3   1  0.000000  0.000000  1.000000        0.00000
""".splitlines()

IDENTITY = np.eye(3, 4)
TURN = np.array([[-1.0, 0, 0, 10], [0, -1, 0, 0], [0, 0, 1, 0]])


def record(chain, number, position, residue="GLY"):
    return Record("line 1", "CA", residue, number, position, chain=chain, part=chain)


def test_assemblies_of_a_pdb_file():
    dimer, monomer = assemblies_of_pdb(DIMER)
    assert (dimer.name, dimer.copies) == ("1", 2)
    assert dimer.parts[0].chains == {"A", "B", "C"}
    assert dimer.parts[0].operators[1].matrix.tolist() == [
        [-1, 0, 0, 10],
        [0, -1, 0, 0],
        [0, 0, 1, 5],
    ]
    assert monomer.is_file(frozenset("A"))
    assert not monomer.is_file(frozenset("AB"))
    assert not dimer.is_file(frozenset("ABC"))


def rows(**matrices):
    for name, matrix in matrices.items():
        cells = {f"matrix[{a + 1}][{b + 1}]": str(matrix[a][b]) for a in range(3) for b in range(3)}
        yield {"id": name, **cells, **{f"vector[{a + 1}]": str(matrix[a][3]) for a in range(3)}}


def test_expressions_of_mmcif_files_are_products():
    shift = np.hstack([np.eye(3), [[1.0], [2.0], [3.0]]])
    generators = [
        {"assembly_id": "1", "oper_expression": "(P)(1,2)", "asym_id_list": "A,B"},
        {"assembly_id": "2", "oper_expression": "1", "asym_id_list": "A"},
    ]
    operators = list(rows(**{"1": IDENTITY, "2": shift, "P": TURN}))
    first, second = assemblies_of_mmcif(generators, operators)
    names = [one.name for one in first.parts[0].operators]
    assert names == ["Px1", "Px2"]
    # The last factor acts first: x -> TURN (x + (1, 2, 3)).
    moved = first.parts[0].operators[1].matrix
    assert (moved[:, :3] @ [0, 0, 0] + moved[:, 3]).tolist() == [9, -2, 3]
    assert second.is_file(frozenset("A"))


def test_ranges_of_operators():
    many = {str(k): IDENTITY for k in range(1, 61)}
    generators = [{"assembly_id": "1", "oper_expression": "(1-60)", "asym_id_list": "A"}]
    assert assemblies_of_mmcif(generators, list(rows(**many)))[0].copies == 60
    with pytest.raises(ValueError, match="no operator '61'"):
        assemblies_of_mmcif([{**generators[0], "oper_expression": "61"}], list(rows(**many)))


def test_copies_have_names_of_their_own_and_axes_of_symmetry_are_said():
    records = [record("A", 1, (1.0, 2.0, 3.0)), record("A", 2, (5.0, 0.0, 0.0), "HOH")]
    dimer = Assembly("1", (Part(frozenset("A"), (Operator("1", IDENTITY), Operator("2", TURN))),))
    said = []
    whole = assembled(records, dimer, said.append)
    assert [(one.chain, one.number) for one in whole] == [("A", 1), ("A", 2), ("A-2", 1)]
    assert whole[2].position == (9.0, -2.0, 3.0)
    assert any("1 residues on axes of symmetry" in line for line in said)
    bond = Connection("LINK", End("A", 1, "", "CA"), End("A", 2, "", "CA"))
    assert [one.first.chain for one in copied_connections([bond], dimer)] == ["A", "A-2"]
    assert original_chain("A-2", {"A": 0}) == "A"
    assert original_chain("A-2", {"A-2": 0}) == "A-2"


def test_an_assembly_that_is_not_there():
    with pytest.raises(InputError, match="Expected 1 2 asymmetric"):
        chosen_assembly(assemblies_of_pdb(DIMER), "7")


def test_assemblies_of_a_file_are_said_unless_they_are_the_file(tmp_path):
    atom = "ATOM      1 NA    NA {}   1       0.000   0.000   0.000  1.00  0.00          NA"
    path = tmp_path / "a.pdb"
    path.write_text("\n".join([*DIMER, *(atom.format(chain) for chain in "ABC")]))
    said = []
    read_structures(path, report=said.append)
    assert any("number 1 of 2 copies, number 2 of 1 copy" in line for line in said)
    alone = [*DIMER[:7], *(atom.format(chain) for chain in "ABC")]
    path.write_text("\n".join(alone))
    said.clear()
    read_structures(path, report=said.append)
    assert said == []


def test_remarks_that_cannot_be_read_are_said(tmp_path):
    atom = "ATOM      1 NA    NA A   1       0.000   0.000   0.000  1.00  0.00          NA"
    path = tmp_path / "a.pdb"
    path.write_text("\n".join([DIMER[0], DIMER[2], DIMER[4], atom]))
    contents = biomolecule_contents(path)
    assert contents.assemblies == []
    assert "Biological assemblies of REMARK 350 cannot be read" in contents.told[0]
