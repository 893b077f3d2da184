"""SDF records: charges, radicals, isotopes, titles; drawings are refused."""

import pytest

from sundog.errors import ChargeError, FileFormatError
from sundog.io.electrons import electronic_state
from sundog.io.reading import read_structures

ATOM = "{:10.4f}{:10.4f}{:10.4f} {:<3s} 0  0  0  0  0  0"


def record(atoms, more=(), title="one", program="", bonds=(), fields=()):
    counts = f"{len(atoms):3d}{len(bonds):3d}  0  0  0  0  0  0  0  0999 V2000"
    rows = [ATOM.format(*place, symbol) for symbol, place in atoms]
    pairs = [f"{i:3d}{j:3d}  1  0" for i, j in bonds]
    return [title, program, "", counts, *rows, *pairs, *more, "M  END", *fields, "$$$$"]


WATER = [("O", (0, 0, 0.1)), ("H", (0, 0.8, -0.5)), ("H", (0, -0.8, -0.5))]
METHYL = [("C", (0, 0, 0.1)), ("H", (1, 0, 0)), ("H", (-0.5, 0.9, 0)), ("H", (-0.5, -0.9, 0))]


@pytest.fixture
def read(tmp_path):
    def read(*records):
        path = tmp_path / "a.sdf"
        path.write_text("\n".join(line for one in records for line in one) + "\n")
        said = []
        return read_structures(path, report=said.append), said

    return read


def test_blanks_behind_a_delimiter_hide_no_record(read):
    first = record(WATER)
    first[-1] = "$$$$  "
    frames, _ = read(first, record(WATER, title="two"))
    assert [atoms.info["name"] for atoms in frames] == ["one", "two"]


def test_a_radical_says_its_multiplicity(read):
    (atoms,), _ = read(record(METHYL, ["M  RAD  1   1   2"]))
    assert electronic_state(atoms) == (0, 2)
    assert atoms.info["spin"] == 2
    (atoms,), _ = read(record(WATER, ["M  RAD  1   1   3"]))
    assert electronic_state(atoms) == (0, 3)


def test_several_radical_centres_do_not_tell_the_multiplicity(read):
    (atoms,), _ = read(record(WATER, ["M  RAD  2   2   2   3   2"]))
    with pytest.raises(ChargeError, match="moments that add up to 2"):
        electronic_state(atoms)
    assert electronic_state(atoms, multiplicity=1) == (0, 1)


def test_isotopes_have_their_masses(read):
    atoms = [("O", (0, 0, 0.1)), ("D", (0, 0.8, -0.5)), ("H", (0, -0.8, -0.5))]
    (found,), _ = read(record(atoms, ["M  ISO  1   1  18"]))
    assert found.get_masses().round(3).tolist() == [17.999, 2.014, 1.008]
    with pytest.raises(FileFormatError, match=r"isotope of unknown mass.*O of mass number 30"):
        read(record(WATER, ["M  ISO  1   1  30"]))


def test_counts_that_touch_each_other(read):
    many = [("He", (2.0 * k, 0, 1)) for k in range(120)]
    (atoms,), _ = read(record(many, bonds=[(1, 2)] * 101))
    assert len(atoms) == 120


def test_fewer_atoms_than_promised(read):
    short = record(WATER)
    short[3] = short[3].replace("  3", " 30", 1)
    with pytest.raises(FileFormatError, match="cut short"):
        read(short)


def test_drawings_in_the_plane_are_refused(read):
    flat = [(symbol, (x, y, 0)) for symbol, (x, y, _) in METHYL]
    with pytest.raises(FileFormatError, match="drawing in the plane"):
        read(record(flat, program="     RDKit          2D"))
    five = [*flat, ("H", (0, 3, 0))]
    with pytest.raises(FileFormatError, match="drawing in the plane"):
        read(record(five, bonds=[(1, k) for k in (2, 3, 4, 5)]))
    with pytest.raises(FileFormatError, match="drawing in the plane"):
        read(record([("C", (k, 0, 0)) for k in range(5)]))
    assert len(read(record(flat))[0]) == 1  # a planar molecule is none


def test_data_fields_of_one_line_are_kept_and_others_said(read):
    fields = ["> <ID>", "A7", "", "> <energy>", "-3", "", "> <NOTE>", "one", "two", ""]
    (atoms,), said = read(record(WATER, fields=fields))
    assert atoms.info["ID"] == "A7"
    assert "energy" not in atoms.info
    assert said == ["Data fields that are not carried: NOTE, energy"]


def test_records_without_hydrogens_are_counted(read):
    _, said = read(record([("C", (0, 0, 0)), ("O", (0, 0, 1.2))]), record(WATER))
    assert said[0].startswith("Warning: 1 of 2 records have no hydrogen")
