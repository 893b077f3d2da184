"""PDB and mmCIF files: no atom is lost, none is guessed, and what is left out is said."""

import numpy as np
import pytest

from sundog.errors import FileFormatError, InputError, StructureError
from sundog.io.completeness import check_complete
from sundog.io.reading import read_one, read_structures

LINE = (
    "{kind:6s}{serial:5d} {name:4s}{alt:1s}{residue:4s}{chain:1s}{number:>4s}{code:1s}   "
    "{x:8.3f}{y:8.3f}{z:8.3f}{occupancy:6.2f}{b:6.2f}      {segment:4s}{element:>2s}{charge:2s}"
)


def line(name, residue, number="1", x=0.0, **more):
    given = {"kind": "ATOM", "serial": 1, "alt": "", "chain": "A", "code": "", "y": 0.0, "z": 0.0}
    given |= {"occupancy": 1.0, "b": 0.0, "segment": "", "element": "", "charge": ""}
    return LINE.format(name=name, residue=residue, number=number, x=x, **given | more).rstrip()


def water(number="1", x=0.0, **more):
    more = {"residue": "HOH", "number": number, **more}
    parts = ((" O", "O", x), (" H1", "H", x + 0.6), (" H2", "H", x - 0.6))
    return [line(name, element=element, x=at, **more) for name, element, at in parts]


@pytest.fixture
def read(tmp_path):
    """Read the structures of lines, with what is said."""

    def read(lines, name="a.pdb", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
        said = []
        return read_structures(path, report=said.append), said

    return read


def alternates(*rows):
    """Lines of SER 1 from (name, letter, x, occupancy)."""
    return [
        line(f" {name}", "SER", x=x, alt=letter, occupancy=occupancy, element=name[0])
        for name, letter, x, occupancy in rows
    ]


def test_the_better_occupied_place_of_an_atom_is_taken(read):
    lines = alternates(("H", "", 0, 1), ("HA", "A", 1, 0.3), ("HA", "B", 2, 0.7))
    (atoms,), said = read(lines)
    assert atoms.positions[:, 0].tolist() == [0, 2]
    assert said == ["Alternate locations: 1 places are left out; taken are B of SER 1 of chain A"]


def test_places_of_a_residue_are_taken_together(read):
    lines = alternates(("CB", "A", 1, 0.6), ("CB", "B", 2, 0.4), ("H", "", 0, 1))
    lines += alternates(("OG", "A", 3, 0.4), ("OG", "B", 4, 0.5))
    (atoms,), _ = read(lines)
    assert atoms.positions[:, 0].tolist() == [1, 0, 3]


def test_an_atom_that_has_no_place_of_the_chosen_letter_is_kept(read):
    lines = alternates(("CB", "A", 1, 0.6), ("CB", "B", 2, 0.4), ("HB", "B", 5, 0.4))
    lines += alternates(("CA", "A", 3, 0.6), ("CA", "B", 4, 0.4), ("OG", "A", 6, 0.6))
    (atoms,), _ = read(lines)
    assert sorted(atoms.arrays["atomtypes"]) == ["CA", "CB", "HB", "OG"]


def test_the_letter_with_places_for_most_atoms_goes_before_occupancy(read):
    lines = alternates(("CB", "A", 1, 0.6), ("CB", "B", 2, 0.4), ("HB", "B", 3, 0.4))
    (atoms,), _ = read(lines)
    assert atoms.positions[:, 0].tolist() == [2, 3]


def test_letters_that_no_atom_shares_are_independent(read):
    lines = alternates(("CB", "A", 1, 0.4), ("CB", "B", 2, 0.6), ("H", "", 0, 1))
    lines += alternates(("OG", "C", 3, 0.7), ("OG", "D", 4, 0.3))
    (atoms,), _ = read(lines)
    assert atoms.positions[:, 0].tolist() == [2, 0, 3]


def test_of_two_residues_at_one_place_the_better_occupied_one_is_taken(read):
    first = [line(" CB", "SER", alt="A", occupancy=0.4, element="C", x=1.0)]
    second = [line(n, "ALA", alt="B", occupancy=0.6, element=n.strip()[0]) for n in (" CB", " HB1")]
    (atoms,), _ = read([*first, *second])
    assert atoms.arrays["residuenames"].tolist() == ["ALA", "ALA"]


def test_hydrogen_and_deuterium_at_an_exchanged_site_are_one_atom(read):
    lines = [
        line(" H", "ALA", alt="A", occupancy=0.3, element="H"),
        line(" D", "ALA", alt="B", occupancy=0.7, element="D", x=0.1),
    ]
    (atoms,), said = read(lines)
    assert atoms.numbers.tolist() == [1]
    assert atoms.get_masses()[0] == pytest.approx(2.014, abs=1e-3)
    assert any("1 hydrogens are deuterium" in one for one in said)


def test_occupancies_without_alternatives_are_said(read):
    _, said = read([line(" H", "SER", element="H", occupancy=0.5), *water("2")])
    assert said == [
        "Occupancies: 1 atoms have one below 1 and no alternate location, the first H of SER 1 of "
        "chain A; they count as present"
    ]
    assert read([line(" H", "SER", element="H", occupancy=0.0)])[1] == []


def test_ions_and_water_without_an_element_column(read):
    lines = [line(n, "TIP3", chain="", segment="WAT") for n in (" OH2", " H1", " H2")]
    lines.append(line(" CLA", "CLA", "2", chain="", segment="ION"))
    (atoms,), _ = read(lines)
    assert atoms.get_chemical_symbols() == ["O", "H", "H", "Cl"]
    assert atoms.arrays["chainids"].tolist() == ["WAT"] * 3 + ["ION"]


def test_an_element_that_is_not_told_names_file_and_line(read):
    with pytest.raises(StructureError, match=r"a\.pdb, line 2: atom CL1 of residue LIG.*C or Cl"):
        read([line(" C1", "LIG"), line(" CL1", "LIG")])


def test_columns_of_old_files_are_no_elements(read):
    (atoms,), _ = read([line(" H", "ALA", segment="1CRN", element="12")])
    assert atoms.get_chemical_symbols() == ["H"]


@pytest.mark.parametrize(("text", "charge"), [("2+", 2), ("1-", -1), ("-", -1), ("+2", 2)])
def test_formal_charges_in_all_spellings(read, text, charge):
    (atoms,), _ = read([line("MG", "MG", element="MG", charge=text)])
    assert atoms.get_initial_charges().tolist() == [charge]


def test_insertion_codes_and_numbers_that_are_too_wide(read):
    lines = [line(" O", "HOH", n, element="O", code=c) for n, c in (("52", "A"), ("A000", ""))]
    lines += [line(" H", "HOH", "1000", element="H", code="1")]
    (atoms,), _ = read(lines)
    assert atoms.arrays["residuenumbers"].tolist() == [52, 10000, 10001]
    assert atoms.arrays["insertioncodes"].tolist() == ["A", ".", "."]


def test_atoms_of_one_name_are_all_kept(read):
    (atoms,), _ = read([line(" H", "LIG", x=float(k)) for k in range(4)])
    assert len(atoms) == 4


def test_frames_between_ends(read):
    frames, _ = read([*water(), "END", *water(x=1.0), "END"])
    assert [len(frame) for frame in frames] == [3, 3]


def test_a_crystal_is_said_and_a_box_is_not(read):
    cryst = "CRYST1   20.000   20.000   20.000  90.00  90.00  90.00 {}          4"
    _, said = read([cryst.format("P 21 21 21"), *water()])
    assert "space group P 21 21 21" in said[0]
    assert read([cryst.format("P 1"), *water()])[1] == []


def test_residues_that_were_not_seen_are_counted(read):
    lines = [
        "REMARK 465   M RES C SSSEQI",
        "REMARK 465     MET A     1",
        "REMARK 465     GLY A     2",
    ]
    assert "2 were not seen" in read([*lines, *water()])[1][0]


def test_remarks_in_latin_1_and_a_byte_order_mark(read):
    assert len(read(["REMARK  3 Å", *water()], encoding="latin-1")[0][0]) == 3
    assert len(read(water(), encoding="utf-8-sig")[0][0]) == 3
    assert len(read(water(), encoding="utf-16")[0][0]) == 3


def test_a_line_cut_short(read):
    with pytest.raises(FileFormatError, match=r"line 3 cannot be read"):
        read([*water()[:2], water()[2][:40]])


def test_control_sequences_of_a_file_are_not_printed(read):
    with pytest.raises(StructureError) as refusal:
        read([line(" \x1b[J", "LIG")])
    assert "\x1b" not in str(refusal.value)


def test_the_model_that_is_taken_of_several_is_said(tmp_path):
    path = tmp_path / "nmr.pdb"
    path.write_text("\n".join(["MODEL 1", *water(), "ENDMDL", "MODEL 2", *water(x=2.0), "ENDMDL"]))
    said = []
    assert read_one(path, report=said.append).positions[0, 0] == 0.0
    assert read_one(path, 1, said.append).positions[0, 0] == 2.0
    assert read_one(path, -1, said.append).positions[0, 0] == 2.0
    assert said == [
        "nmr.pdb: the first of 2 structures is taken, frame=0 to frame=1 take another",
        *["nmr.pdb: the last of 2 structures is taken, as asked"] * 2,
    ]
    with pytest.raises(InputError, match="frame: the file has no structure of this number"):
        read_one(path, 2)
    (tmp_path / "run.xyz").write_text("1\n\nHe 0 0 0\n1\n\nHe 5 0 0\n1\n\nHe 6 0 0\n")
    assert read_one(tmp_path / "run.xyz", report=said.append).positions[0, 0] == 6.0
    assert "the last of 3 structures is taken, frame=0 to frame=2 take another" in said[-1]


HEAD = """\
data_x
_cell.length_a ?
_symmetry.space_group_name_H-M ?
loop_
_atom_site.group_PDB
_atom_site.id
_atom_site.type_symbol
_atom_site.label_atom_id
_atom_site.label_alt_id
_atom_site.label_comp_id
_atom_site.label_asym_id
_atom_site.pdbx_PDB_ins_code
_atom_site.Cartn_x
_atom_site.Cartn_y
_atom_site.Cartn_z
_atom_site.occupancy
_atom_site.pdbx_formal_charge
_atom_site.auth_seq_id
_atom_site.pdbx_PDB_model_num
"""


def test_mmcif_with_unknown_cells_deuterium_and_charges(read):
    rows = ["HETATM 1 O O . DOD A ? 0 0 0 ? ? 1 1", "HETATM 2 D D1 . DOD A ? 1 0 0 1 ? 1 1"]
    rows += ["HETATM 3 D D2 . DOD A ? 0 1 0 1 ? 1 1", "HETATM 4 CL CL . CL A ? 5 0 0 1 -1 2 1"]
    (atoms,), said = read([HEAD + "\n".join(rows)], "a.cif")
    assert atoms.get_chemical_symbols() == ["O", "H", "H", "Cl"]
    assert np.round(atoms.get_masses(), 3).tolist() == [15.999, 2.014, 2.014, 35.45]
    assert atoms.get_initial_charges().tolist() == [0, 0, 0, -1]
    assert not atoms.pbc.any()
    assert said == ["Isotopes: 2 hydrogens are deuterium, of 2.014 amu"]


def test_mmcif_takes_the_better_occupied_place(read):
    rows = ["ATOM 1 H H A ALA A ? 0 0 0 0.4 ? 1 1", "ATOM 2 H H B ALA A ? 1 0 0 0.6 ? 1 1"]
    (atoms,), said = read([HEAD + "\n".join(rows)], "a.mmcif")
    assert atoms.positions[:, 0].tolist() == [1]
    assert "B of ALA 1" in said[0]


def test_residues_without_their_hydrogens_are_refused(read):
    lines = [line(f" {n}", "GLY", element=n[0]) for n in ("N", "CA", "C", "O")]
    (atoms,), said = read([*lines, line(" O", "HOH", "2", element="O")])
    assert "no hydrogen" in said[0]
    with pytest.raises(StructureError, match=r"2 of 2 residues lack them.*GLY 1 with 0.*pdbfixer"):
        check_complete(atoms)
    check_complete(read(water())[0][0])
