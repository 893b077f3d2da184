"""Every format is read in full, and every bad file is refused with its remedy."""

import gzip

import ase.build
import ase.io
import numpy as np
import pytest

from sundog.errors import FileFormatError, InputError, StructureError, StructureWarning
from sundog.io.reading import read_structures
from sundog.io.structures import system_from_atoms

XYZ_WATER = "3\n{comment}\nO 0.0 0.0 0.1\nH 0.0 0.8 -0.5\nH 0.0 -0.8 -0.5\n"

PDB_ATOMS = """\
ATOM      1  N   ALA A   1      11.104   6.134  -6.504  1.00  0.00           N
ATOM      2  CA  ALA A   1      11.639   6.071  -5.147  1.00  0.00           C
ATOM      3  HA  ALA A   1      12.639   6.071  -5.147  1.00  0.00           H
TER       4      ALA A   1
HETATM    5  O   HOH B   2       1.000   2.000   3.000  1.00  0.00           O
HETATM    6  H1  HOH B   2       1.957   2.000   3.000  1.00  0.00           H
HETATM    7  H2  HOH B   2       0.760   2.927   3.000  1.00  0.00           H
"""

GRO = """\
water and ions in a box
    5
    1SOL     OW    1   0.100   0.200   0.300
    1SOL    HW1    2   0.196   0.200   0.300
    1SOL    HW2    3   0.076   0.293   0.300
    2CL      CL    4   1.000   1.000   1.000
    3NA      NA    5   1.500   1.500   1.500
   2.00000   2.10000   2.20000
"""

MMCIF = """\
data_TEST
_cell.length_a 20.5
_cell.length_b 21.5
_cell.length_c 22.5
_cell.angle_alpha 90.0
_cell.angle_beta 90.0
_cell.angle_gamma 90.0
loop_
_atom_site.group_PDB
_atom_site.id
_atom_site.type_symbol
_atom_site.label_atom_id
_atom_site.label_alt_id
_atom_site.label_comp_id
_atom_site.label_asym_id
_atom_site.label_seq_id
_atom_site.Cartn_x
_atom_site.Cartn_y
_atom_site.Cartn_z
_atom_site.auth_seq_id
_atom_site.pdbx_PDB_model_num
ATOM 1 N N  . GLY A 1 11.104 6.134 -6.504 7 1
ATOM 2 C CA . GLY A 1 11.639 6.071 -5.147 7 1
ATOM 3 H HA2 . GLY A 1 12.639 6.071 -5.147 7 1
"""

CIF = """\
data_salt
_cell_length_a 5.0
_cell_length_b 5.0
_cell_length_c 5.0
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_space_group_name_H-M_alt 'P 1'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
O1 O 0.0 0.0 0.0
H1 H 0.2 0.0 0.0
"""

SDF_AMMONIUM = """\
ammonium
  by hand

  5  0  0  0  0  0  0  0  0  0999 V2000
    0.0000    0.0000    0.0000 N   0  0  0  0  0  0
    0.6000    0.6000    0.6000 H   0  0  0  0  0  0
   -0.6000   -0.6000    0.6000 H   0  0  0  0  0  0
    0.6000   -0.6000   -0.6000 H   0  0  0  0  0  0
   -0.6000    0.6000   -0.6000 H   0  0  0  0  0  0
M  CHG  1   1   1
M  END
$$$$
"""


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


# formats


def test_every_frame_of_an_xyz_file(write):
    path = write("water.xyz", 3 * XYZ_WATER.format(comment="charge=0"))
    frames = read_structures(path)
    assert [frame.get_chemical_formula() for frame in frames] == ["H2O"] * 3
    assert frames[0].info["charge"] == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.xyz", XYZ_WATER.format(comment="")),
        ("a.pdb", PDB_ATOMS),
        ("a.gro", GRO),
        ("a.cif", MMCIF),
        ("a.sdf", SDF_AMMONIUM),
    ],
)
def test_a_compressed_file_is_read_as_the_plain_one(write, name, text):
    plain = write(name, text)
    packed = plain.with_name(f"{name}.gz")
    packed.write_bytes(gzip.compress(text.encode()))
    assert read_structures(packed) == read_structures(plain)


@pytest.mark.parametrize(
    ("index", "expected"), [(":", [0, 1, 2]), ("-1", [2]), (0, [0]), (-1, [2]), ("::2", [0, 2])]
)
def test_index_chooses_frames(write, index, expected):
    path = write("w.xyz", "".join(XYZ_WATER.format(comment=f"frame={i}") for i in range(3)))
    assert [frame.info["frame"] for frame in read_structures(path, index)] == expected


def test_pdb_keeps_names_numbers_chains_and_cell(write):
    cryst = "CRYST1   30.000   31.000   32.000  90.00  90.00  90.00 P 1           1\n"
    (atoms,) = read_structures(write("a.pdb", cryst + PDB_ATOMS + "END\n"))
    assert atoms.get_chemical_symbols() == ["N", "C", "H", "O", "H", "H"]
    assert atoms.arrays["atomtypes"].tolist() == ["N", "CA", "HA", "O", "H1", "H2"]
    assert atoms.arrays["residuenames"].tolist() == ["ALA"] * 3 + ["HOH"] * 3
    assert atoms.arrays["residuenumbers"].tolist() == [1, 1, 1, 2, 2, 2]
    assert atoms.arrays["chainids"].tolist() == ["A"] * 3 + ["B"] * 3
    assert atoms.positions[0].tolist() == [11.104, 6.134, -6.504]
    assert atoms.pbc.all()
    assert atoms.cell.lengths().tolist() == [30.0, 31.0, 32.0]


def test_pdb_models_share_the_cell_before_them(write):
    cryst = "CRYST1   30.000   30.000   30.000  90.00  90.00  90.00 P 1           1\n"
    models = "".join(f"MODEL     {i}\n{PDB_ATOMS}ENDMDL\n" for i in (1, 2))
    frames = read_structures(write("two.pdb", cryst + models + "END\n"))
    assert [len(frame) for frame in frames] == [6, 6]
    assert all(frame.pbc.all() for frame in frames)


def test_pdb_placeholder_cell_is_no_cell(write):
    cryst = "CRYST1    1.000    1.000    1.000  90.00  90.00  90.00 P 1           1\n"
    (atoms,) = read_structures(write("nmr.pdb", cryst + PDB_ATOMS))
    assert not atoms.pbc.any()
    assert atoms.cell.rank == 0


def test_pdb_takes_the_first_of_alternate_locations(write):
    first = "ATOM      1  H  AALA A   1       1.000   1.000   1.000  0.50  0.00           H\n"
    second = "ATOM      2  H  BALA A   1       1.300   1.000   1.000  0.50  0.00           H\n"
    with pytest.warns(StructureWarning, match=r"1 places are left out; taken are A of ALA 1"):
        (atoms,) = read_structures(write("alt.pdb", first + second))
    assert atoms.positions.tolist() == [[1.0, 1.0, 1.0]]


def test_mmcif_in_either_suffix(write):
    for name in ("a.cif", "a.mmcif"):
        (atoms,) = read_structures(write(name, MMCIF))
        assert atoms.positions[:2].tolist() == [[11.104, 6.134, -6.504], [11.639, 6.071, -5.147]]
        assert atoms.arrays["residuenumbers"].tolist() == [7, 7, 7]
        np.testing.assert_allclose(atoms.cell.lengths(), [20.5, 21.5, 22.5], rtol=1e-12)


def test_crystal_cif_without_what_dynamics_would_break(write):
    (atoms,) = read_structures(write("salt.cif", CIF))
    assert atoms.get_chemical_symbols() == ["O", "H"]
    assert atoms.info == {}


def test_gro_elements_and_box(write):
    (atoms,) = read_structures(write("box.gro", GRO))
    assert atoms.get_chemical_symbols() == ["O", "H", "H", "Cl", "Na"]
    np.testing.assert_allclose(atoms.cell.lengths(), [20.0, 21.0, 22.0], rtol=1e-14)
    assert atoms.arrays["residuenames"].tolist() == ["SOL"] * 3 + ["CL", "NA"]


@pytest.mark.parametrize("box", ["   0.00000   0.00000   0.00000", "", "\n\n"])
def test_gro_without_a_box_is_not_periodic(write, box):
    text = GRO.replace("   2.00000   2.10000   2.20000", box)
    (atoms,) = read_structures(write("vacuum.gro", text))
    assert len(atoms) == 5
    assert not atoms.pbc.any()


def test_poscar_by_its_name(tmp_path):
    ase.io.write(tmp_path / "POSCAR", ase.build.bulk("C"), format="vasp")
    (atoms,) = read_structures(tmp_path / "POSCAR")
    assert atoms.pbc.all()


def test_sdf_records_carry_their_formal_charges(write):
    neutral = SDF_AMMONIUM.replace("M  CHG  1   1   1\n", "").replace("ammonium", "")
    first, second = read_structures(write("two.sdf", SDF_AMMONIUM + neutral))
    assert (first.info["charge"], second.info["charge"]) == (1, 0)


def test_sdf_charges_of_old_files_stand_with_the_atoms(write):
    old = SDF_AMMONIUM.replace("M  CHG  1   1   1\n", "").replace("N   0  0", "N   0  3")
    (atoms,) = read_structures(write("old.mol", old))
    assert atoms.info["charge"] == 1


# bad files


def test_missing_file_suggests_close_names(write):
    path = write("water.xyz", XYZ_WATER)
    with pytest.raises(FileFormatError, match=r"no such file.*Perhaps water\.xyz"):
        read_structures(path.with_name("watr.xyz"))


def test_missing_folder(tmp_path):
    with pytest.raises(FileFormatError, match=r"no such file.*Check the path"):
        read_structures(tmp_path / "nowhere" / "water.xyz")


def test_a_folder(tmp_path):
    with pytest.raises(FileFormatError, match="is a folder"):
        read_structures(tmp_path)


def test_an_empty_file(write):
    with pytest.raises(FileFormatError, match="empty"):
        read_structures(write("empty.xyz", ""))


def test_an_unknown_format_says_what_is_accepted(write):
    with pytest.raises(FileFormatError, match=r"cannot be read.*mmCIF, gro, POSCAR"):
        read_structures(write("notes.odt", "hello"))


def test_garbage_under_a_known_suffix(tmp_path):
    path = tmp_path / "broken.xyz"
    path.write_bytes(bytes(range(128, 256)))
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_structures(path)


def test_a_truncated_xyz_frame(write):
    text = XYZ_WATER.format(comment="") * 2
    path = write("cut.xyz", "\n".join(text.splitlines()[:-1]) + "\n")
    with pytest.raises(FileFormatError, match=r"begins in line 6 is truncated \(got 2 atoms\).*3"):
        read_structures(path)


def test_an_xyz_line_cut_within_its_columns(write):
    path = write("cut.xyz", XYZ_WATER.format(comment="")[:-10])
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_structures(path)


def test_a_blank_line_hides_no_frames(write):
    text = XYZ_WATER.format(comment="")
    with pytest.raises(FileFormatError, match="blank line stands before line 7"):
        read_structures(write("gap.xyz", text + "\n" + text))


def test_blank_lines_at_the_end_are_harmless(write):
    assert len(read_structures(write("w.xyz", XYZ_WATER.format(comment="") + "\n\n"))) == 1


def test_a_truncated_gro_file_loses_no_atom_silently(write):
    cut = "\n".join(GRO.splitlines()[:-1]) + "\n"
    with pytest.raises(FileFormatError, match=r"truncated.*got 7 lines.*8 for 5 atoms"):
        read_structures(write("cut.gro", cut))


def test_a_truncated_sdf_record(write):
    with pytest.raises(FileFormatError, match="cut short"):
        read_structures(write("cut.sdf", SDF_AMMONIUM[:200]))


def test_a_pdb_file_without_atoms(write):
    with pytest.raises(FileFormatError):
        read_structures(write("remarks.pdb", "REMARK nothing here\nEND\n"))


def test_pdb_models_of_different_length(write):
    shorter = PDB_ATOMS.splitlines(keepends=True)[0]
    text = f"MODEL        1\n{PDB_ATOMS}ENDMDL\nMODEL        2\n{shorter}ENDMDL\nEND\n"
    with pytest.raises(FileFormatError, match=r"differ in length.*6, 1 atoms"):
        read_structures(write("uneven.pdb", text))


def test_no_such_frame(write):
    with pytest.raises(FileFormatError, match=r"no structure there.*'7'"):
        read_structures(write("w.xyz", XYZ_WATER.format(comment="")), "7")


def test_a_frame_without_atoms(write):
    with pytest.raises(FileFormatError, match="no atoms"):
        read_structures(write("none.xyz", "0\n\n"))


def test_an_index_that_is_none(write):
    with pytest.raises(InputError, match="neither a frame number nor a slice"):
        read_structures(write("w.xyz", XYZ_WATER.format(comment="")), "last")


# systems


def test_system_has_the_structure_in_it(write):
    path = write("ion.xyz", XYZ_WATER.format(comment="charge=1 spin=2"))
    system = system_from_atoms(read_structures(path)[0])
    assert system.number_of_atoms == 3
    assert float(system.total_charge[0]) == 1
    assert float(system.multiplicity[0]) == 2
    assert not np.asarray(system.pbc).any()


def test_system_passes_fragments_on():
    atoms = ase.build.molecule("H2O")
    system = system_from_atoms(atoms, fragments=([0, 0, 0], [0.0]))
    assert system.fragment_charge is not None


def test_dummy_atoms_are_refused():
    with pytest.raises(StructureError, match=r"without a chemical element.*atom 3: X"):
        system_from_atoms(ase.Atoms("H2OX", np.arange(12.0).reshape(4, 3)))
