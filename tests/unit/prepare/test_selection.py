"""The part of a file that is prepared."""

import pytest

from sundog.errors import FileFormatError, InputError, StructureError
from sundog.prepare.biomolecules.choices import StructureChoices
from sundog.prepare.biomolecules.selection import selected

OPERATORS = """\
REMARK 350 BIOMOLECULE: 1
REMARK 350 APPLY THE FOLLOWING TO CHAINS: A
REMARK 350   BIOMT1   1  1.000000  0.000000  0.000000        0.00000
REMARK 350   BIOMT2   1  0.000000  1.000000  0.000000        0.00000
REMARK 350   BIOMT3   1  0.000000  0.000000  1.000000        0.00000
REMARK 350   BIOMT1   2 -1.000000  0.000000  0.000000       10.00000
REMARK 350   BIOMT2   2  0.000000 -1.000000  0.000000        0.00000
REMARK 350   BIOMT3   2  0.000000  0.000000  1.000000        5.00000
"""

CRYSTAL = "CRYST1   20.000   20.000   20.000  90.00  90.00  90.00 P 21 21 21    4\n"


def atom(name, residue, number, x, element, chain="A"):
    return (
        f"HETATM    1 {name:<4} {residue:>3} {chain}{number:>4d}    "
        f"{x:8.3f}{0.0:8.3f}{0.0:8.3f}  1.00  0.00          {element:>2}\n"
    )


WATER = atom(" O", "HOH", 1, 1.0, "O")
UNKNOWN = atom("UNK", "UNX", 2, 5.0, "X")


@pytest.fixture
def take(tmp_path):
    """Select of a text; return structure and what is said."""

    def take(text, **choices):
        path = tmp_path / "a.pdb"
        path.write_text(text)
        said = []
        return selected(path, StructureChoices(**choices), said.append).atoms, said

    return take


def test_unknown_atoms_are_refused_with_a_remedy_that_works(take):
    with pytest.raises(StructureError, match='remove="UNX"'):
        take(WATER + UNKNOWN)
    atoms, said = take(WATER + UNKNOWN, remove=("UNX",))
    assert len(atoms) == 1
    assert "Left out, as asked: UNX" in said


def test_chains_that_are_not_taken_are_not_looked_at(take):
    atoms, _ = take(WATER + atom("UNK", "UNX", 2, 5.0, "X", "B"), chains=("A",))
    assert len(atoms) == 1


def test_an_assembly_is_built_where_asked_and_said_where_not(take):
    atoms, said = take(OPERATORS + CRYSTAL + WATER)
    assert len(atoms) == 1
    assert any('assembly="1" builds the first' in line for line in said)
    whole, said = take(OPERATORS + CRYSTAL + WATER, assembly="1")
    assert whole.arrays["chainids"].tolist() == ["A", "A-2"]
    assert whole.positions[1].tolist() == [9, 0, 5]
    assert not any("builds" in line for line in said)
    _, said = take(OPERATORS + CRYSTAL + WATER, assembly="asymmetric")
    assert any("none, what is in the file is taken, as asked" in line for line in said)
    with pytest.raises(InputError, match="assembly: the file describes none of this number"):
        take(OPERATORS + CRYSTAL + WATER, assembly="3")


def test_nothing_is_left(take):
    with pytest.raises(StructureError, match="no atoms are left"):
        take(WATER, remove=("HOH",))


def test_a_file_of_another_format(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text("1\n\nHe 0 0 0\n")
    with pytest.raises(FileFormatError, match="names no atoms and residues"):
        selected(path, StructureChoices(), lambda line: None)
