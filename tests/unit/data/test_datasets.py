"""Sets of labelled structures, whatever file they are in."""

import ase.db
import h5py
import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.io import write

from sundog.data.readers import read_dataset
from sundog.errors import FileFormatError

WATER = molecule("H2O")
PLACES = np.stack([WATER.positions + 0.1 * k for k in range(4)])


def arrays(**more):
    return {"R": PLACES, "z": WATER.numbers, "E": np.arange(4.0), "F": np.ones((4, 3, 3)), **more}


def check(frames):
    assert [atoms.info["E"] for atoms in frames] == [0, 1, 2, 3]
    assert all((atoms.arrays["F"] == 1).all() for atoms in frames)
    np.testing.assert_array_equal(frames[2].positions, PLACES[2])
    assert frames[0].get_chemical_formula() == "H2O"


def test_npz(tmp_path):
    # Three components of a dipole are not three atoms; what is no number is left alone.
    more = {"dipole": np.ones((4, 3)), "name": np.array("water"), "charge": np.array(0)}
    np.savez(tmp_path / "a.npz", **arrays(**more))
    frames = read_dataset(tmp_path / "a.npz")
    check(frames)
    assert frames[0].info["dipole"].shape == (3,)
    assert frames[0].info["charge"] == 0
    assert "name" not in frames[0].info


def test_hdf5_with_groups(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, value in arrays().items():
            file[f"water/{name}"] = value
        file["two/deep/coordinates"] = [[0.0, 0, 0], [0, 0, 0.74]]
        file["two/deep/species"] = [b"H", b"H"]
    frames = read_dataset(tmp_path / "a.h5")
    deep = frames.pop(0) if len(frames[0]) == 2 else frames.pop()
    assert deep.get_chemical_formula() == "H2"
    check(frames)


def test_structures_of_several_sizes_are_padded_with_zeros(tmp_path):
    numbers = np.array([[8, 1, 1], [1, 1, 0]])
    forces = np.arange(18.0).reshape(2, 3, 3)
    cell = 9 * np.eye(3)
    np.savez(tmp_path / "a.npz", positions=PLACES[:2], numbers=numbers, forces=forces, cell=cell)
    frames = read_dataset(tmp_path / "a.npz")
    assert [len(atoms) for atoms in frames] == [3, 2]
    np.testing.assert_array_equal(frames[1].arrays["forces"], forces[1, :2])
    assert frames[1].pbc.all()
    assert frames[1].cell[0, 0] == 9


def test_ase_database(tmp_path):
    with_label = molecule("CH4")
    with ase.db.connect(tmp_path / "a.db") as database:
        database.write(with_label, charge=1, data={"REF_forces": np.ones((5, 3))})
    (atoms,) = read_dataset(tmp_path / "a.db")
    assert atoms.info["charge"] == 1
    assert atoms.arrays["REF_forces"].shape == (5, 3)


def test_a_folder_is_all_its_files_in_order(tmp_path):
    (tmp_path / "deep").mkdir()
    np.savez(tmp_path / "b.npz", **arrays())
    write(tmp_path / "a.extxyz", [WATER, molecule("NH3")])
    write(tmp_path / "deep" / "c.extxyz", molecule("CH4"))
    (tmp_path / "notes.txt").write_text("not a structure")
    frames = read_dataset(tmp_path)
    assert [len(atoms) for atoms in frames] == [3, 4, 3, 3, 3, 3, 5]
    sources = [atoms.info["source"] for atoms in frames]
    assert sources == ["a.extxyz"] * 2 + ["b.npz"] * 4 + ["deep/c.extxyz"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileFormatError, match="no file of a known kind"):
        read_dataset(tmp_path / "empty")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"E": np.ones(3)}, "no positions"),
        ({"R": PLACES}, "no numbers"),
        ({"R": PLACES[..., :2], "z": WATER.numbers}, "wrong shape"),
        ({"R": PLACES, "z": [8, 1]}, "wrong shape"),
        ({"R": PLACES, "species": ["O", "H", "Xy"]}, "Xy"),
    ],
)
def test_arrays_that_make_no_structures(content, words, tmp_path):
    np.savez(tmp_path / "a.npz", **content)
    with pytest.raises(FileFormatError, match=words):
        read_dataset(tmp_path / "a.npz")


@pytest.mark.parametrize("name", ["a.npz", "a.h5", "a.db"])
def test_damaged_and_missing_files(name, tmp_path):
    with pytest.raises(FileFormatError, match="no such file"):
        read_dataset(tmp_path / name)
    (tmp_path / name).write_bytes(b"this is nothing of the kind" * 50)
    with pytest.raises(FileFormatError, match=r"cannot be read|not an npz file"):
        read_dataset(tmp_path / name)


def test_labels_of_extxyz_keep_their_names(tmp_path):
    atoms = Atoms("H2", [[0, 0, 0], [0, 0, 0.74]], info={"REF_energy": -1.0})
    atoms.set_array("REF_forces", np.ones((2, 3)))
    write(tmp_path / "a.extxyz", atoms)
    (read,) = read_dataset(tmp_path / "a.extxyz")
    assert read.info["REF_energy"] == -1.0
    assert read.arrays["REF_forces"].shape == (2, 3)


@pytest.mark.parametrize(
    ("pbc", "expected"),
    [
        (np.zeros((4, 3), bool), [False] * 3),
        (np.array([True, True, False]), [True, True, False]),
        (np.array(False), [False] * 3),
        (np.ones(4, bool), [True] * 3),
        (None, [True] * 3),
    ],
)
def test_periodicity_of_arrays(pbc, expected, tmp_path):
    more = {} if pbc is None else {"pbc": pbc}
    np.savez(tmp_path / "a.npz", **arrays(cell=6 * np.eye(3), **more))
    for atoms in read_dataset(tmp_path / "a.npz"):
        assert atoms.pbc.tolist() == expected
        assert "pbc" not in atoms.info
        assert "pbc" not in atoms.arrays


def test_periodicity_of_another_shape(tmp_path):
    np.savez(tmp_path / "a.npz", **arrays(pbc=np.ones((4, 2), bool)))
    with pytest.raises(FileFormatError, match="pbc has the wrong shape"):
        read_dataset(tmp_path / "a.npz")


def test_names_are_kept_and_what_is_left_out_is_said(tmp_path):
    more = {"smiles": np.array(["O"] * 4), "split": np.arange(7), "remark": np.array("by hand")}
    np.savez(tmp_path / "a.npz", **arrays(**more), odd=np.array([{"a": 1}], dtype=object))
    said = []
    frames = read_dataset(tmp_path / "a.npz", said.append)
    assert frames[3].info["smiles"] == "O"
    assert said == [
        "The array odd holds pickled objects and is not read",
        "Arrays that are not used, nor carried: remark, split",
    ]


def test_groups_and_rows_keep_their_names(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, value in arrays(ids=np.array([b"a", b"b", b"c", b"d"])).items():
            file[f"water/{name}"] = value
    frames = read_dataset(tmp_path / "a.h5")
    assert [(one.info["name"], one.info["ids"]) for one in frames[:2]] == [
        ("water", "a"),
        ("water", "b"),
    ]
    with ase.db.connect(tmp_path / "a.db") as database:
        database.write(WATER)
    assert read_dataset(tmp_path / "a.db")[0].info["id"] == 1


def test_what_is_said_of_a_file_in_a_folder_names_it(tmp_path):
    (tmp_path / "a.xyz").write_text("1\ncharge 1\nHe 0 0 0\n")
    said = []
    read_dataset(tmp_path, said.append)
    assert said[0].startswith("a.xyz: Warning: the comment line")
