"""XYZ files: a comment is extended throughout, or it is a comment."""

import pytest

from sundog.errors import FileFormatError
from sundog.io.electrons import electronic_state
from sundog.io.reading import read_structures

ATOMS = ["O 0 0 0.1", "H 0 0.8 -0.5", "H 0 -0.8 -0.5"]


@pytest.fixture
def read(tmp_path):
    """Read the first structure of a comment line and lines of atoms, with what is said."""

    def read(comment, atoms=ATOMS, encoding="utf-8"):
        path = tmp_path / "a.xyz"
        text = "\n".join([str(len(atoms)), comment, *atoms]) + "\n"
        path.write_bytes(text.encode(encoding))
        said = []
        return read_structures(path, report=said.append)[0], said

    return read


@pytest.mark.parametrize(
    "comment",
    [
        "energy: -5.070544440612 gnorm: 0.000560 xtb: 6.7.1 (8d0f1dd)",
        "Coordinates from ORCA-job w E -76.323541234567",
        "        -76.32354",
        "pbc 10 10 10",
        "energy = -76.3 Eh after 3 steps",
        "made with a=b and c",
    ],
)
def test_a_comment_is_kept_as_such_and_read_as_nothing(read, comment):
    atoms, said = read(comment)
    assert atoms.info == {"comment": comment.strip()}
    assert atoms.calc is None
    assert not atoms.pbc.any()
    assert said == []


def test_a_charge_in_words_is_not_read_and_that_is_said(read):
    atoms, said = read("total charge -1 multiplicity 2")
    assert electronic_state(atoms) == (0, 1)
    assert "is not read; give `charge`" in said[0]


@pytest.mark.parametrize(
    ("comment", "info"),
    [
        ("charge=-1 spin=1", {"charge": -1, "spin": 1}),
        ('name="two words" charge=1', {"name": "two words", "charge": 1}),
        ("E=-3.5", {"E": -3.5}),
        ('Properties=species:S:1:pos:R:3 a_flag pbc="F F F"', {"a_flag": True}),
        ('charge = 2 list="1 2 3"', {"charge": 2, "list": [1, 2, 3]}),
    ],
)
def test_an_extended_line_is_read(read, comment, info):
    atoms, _ = read(comment)
    assert {k: getattr(v, "tolist", lambda v=v: v)() for k, v in atoms.info.items()} == info


@pytest.mark.parametrize("comment", ["made by me charge=-1", "relaxed total_charge=1 (xtb)"])
def test_a_charge_in_a_line_that_is_neither_is_refused(read, comment):
    with pytest.raises(FileFormatError, match=r"line 2 gives a charge.*key=value throughout"):
        read(comment)


def test_atomic_numbers_and_isotopes_as_symbols(read):
    atoms, said = read("", ["8 0 0 0.1", "D 0 0.8 -0.5", "t 0 -0.8 -0.5"])
    assert atoms.get_chemical_symbols() == ["O", "H", "H"]
    assert atoms.get_masses().round(3).tolist() == [15.999, 2.014, 3.016]
    assert "2 hydrogens are deuterium or tritium" in said[0]


def test_isotopes_where_the_symbols_are_not_the_first_column(read):
    lines = ["0 0 0.1 O 1", "0 0.8 -0.5 D 2", "0 -0.8 -0.5 H 3"]
    atoms, _ = read("Properties=pos:R:3:species:S:1:tags:I:1", lines)
    assert atoms.get_masses().round(3).tolist() == [15.999, 2.014, 1.008]
    assert atoms.get_tags().tolist() == [1, 2, 3]


def test_masses_of_the_file_go_before_those_of_isotopes(read):
    atoms, _ = read("Properties=species:S:1:pos:R:3:masses:R:1", ["D 0 0 0 2.5"])
    assert atoms.get_masses().tolist() == [2.5]


def test_a_symbol_of_no_element_names_its_line(read):
    with pytest.raises(FileFormatError, match=r"line 4 has an atom of no element \(got 'Hw'"):
        read("", [ATOMS[0], "Hw 0 0.8 -0.5", ATOMS[2]])


def test_columns_that_nothing_names_are_said(read):
    _, said = read("", [f"{line} 0.4" for line in ATOMS])
    assert said == ["Columns behind x, y and z are not read: no `Properties` names them"]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8-sig", "utf-16"])
def test_comments_of_all_encodings(read, encoding):
    atoms, _ = read("in Å", encoding=encoding)
    assert atoms.info["comment"] == "in Å"


def test_comments_of_frames_stay_with_them(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text("".join(f"1\nframe {k}\nO 0 0 {k}\n" for k in range(4)))
    assert [one.info["comment"] for one in read_structures(path, "1::2")] == ["frame 1", "frame 3"]


@pytest.mark.parametrize("count", ["-2", "three", "1e1", "9999999999"])
def test_numbers_of_atoms_that_are_none(tmp_path, count):
    (tmp_path / "a.xyz").write_text(f"{count}\n\nHe 0 0 0\n")
    with pytest.raises(FileFormatError, match=r"cannot be read|truncated"):
        read_structures(tmp_path / "a.xyz")


@pytest.mark.parametrize(
    "properties",
    ["species:S:1:pos:R:99999999", "species:S:1:pos:R", "species:S:1:pos:R:0", "a:b:c"],
)
def test_columns_that_are_not_there_are_refused_at_once(read, properties):
    with pytest.raises(FileFormatError, match="columns that are not there"):
        read(f"Properties={properties}")
