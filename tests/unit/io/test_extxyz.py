"""What is written is read back to the last bit."""

import io

import ase
import ase.build
import ase.io
import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sundog.errors import InputError, RunDirectoryError
from sundog.io.extxyz import format_frame, write_extxyz


def round_trip(atoms: ase.Atoms) -> ase.Atoms:
    read = ase.io.read(io.StringIO(format_frame(atoms)), format="extxyz")
    assert isinstance(read, ase.Atoms)
    return read


def same_bits(a, b) -> bool:
    return np.asarray(a, dtype=np.float64).tobytes() == np.asarray(b, dtype=np.float64).tobytes()


def crowded_water(seed: int = 0) -> ase.Atoms:
    random = np.random.default_rng(seed)
    atoms = ase.build.molecule("H2O")
    atoms.positions = random.normal(size=(3, 3)) * 10.0 ** random.integers(-12, 12, size=(3, 3))
    return atoms


finite = st.floats(allow_nan=False, allow_infinity=False)
names = st.from_regex(r"[a-zA-Z_][\w-]{0,8}", fullmatch=True).filter(
    lambda name: name.isascii() and not hasattr(ase.Atoms, name) and name.lower() != "uid"
)
values = st.one_of(
    finite,
    st.integers(-(2**62), 2**62),
    st.integers(2**70, 2**80),
    st.booleans(),
    st.text(max_size=12),
    hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=4), elements=finite),
    hnp.arrays(np.int64, hnp.array_shapes(max_dims=2, max_side=4), elements=st.integers(-99, 99)),
    hnp.arrays(np.bool_, hnp.array_shapes(max_dims=1, max_side=4)),
    st.dictionaries(st.text(max_size=4), st.lists(st.text(max_size=4), max_size=2), max_size=2),
)


@settings(max_examples=150, deadline=None)
@given(
    positions=hnp.arrays(np.float64, (3, 3), elements=finite),
    cell=hnp.arrays(np.float64, (3, 3), elements=finite),
    pbc=hnp.arrays(np.bool_, (3,)),
    numbers=hnp.arrays(np.int64, (3,), elements=st.integers(0, 118)),
    info=st.dictionaries(names, values, max_size=4),
    column=hnp.arrays(np.float64, (3, 2), elements=finite),
)
def test_read_after_write_is_identity(positions, cell, pbc, numbers, info, column):
    atoms = ase.Atoms(numbers, positions, cell=cell, pbc=pbc)
    atoms.info = {f"my_{name}": value for name, value in info.items()}
    atoms.arrays["my_column"] = column
    read = round_trip(atoms)
    assert same_bits(read.positions, positions)
    # A cell of zeros is no cell, whatever the signs of its zeros.
    assert same_bits(read.cell.array, cell if cell.any() else np.zeros((3, 3)))
    assert same_bits(read.arrays["my_column"], column)
    assert (read.numbers == numbers).all()
    assert (read.pbc == pbc).all()
    assert read.info.keys() == atoms.info.keys()
    for name, value in atoms.info.items():
        assert np.array_equal(read.info[name], value), name
        assert isinstance(read.info[name], np.ndarray) == isinstance(value, np.ndarray)


def test_results_come_back_as_results():
    atoms = crowded_water()
    random = np.random.default_rng(1)
    stress = random.normal(size=(3, 3))
    results = {
        "energy": random.normal(),
        "forces": random.normal(size=(3, 3)),
        "charges": random.normal(size=3),
        "dipole": random.normal(size=3),
        "stress": stress + stress.T,
    }
    atoms.info = {k: results[k] for k in ("energy", "dipole", "stress")}
    atoms.arrays |= {k: results[k] for k in ("forces", "charges")}
    read = round_trip(atoms)
    assert read.info == {}
    assert read.get_potential_energy() == results["energy"]
    assert same_bits(read.get_forces(), results["forces"])
    assert same_bits(read.get_charges(), results["charges"])
    assert same_bits(read.get_dipole_moment(), results["dipole"])
    assert same_bits(read.get_stress(voigt=False), results["stress"])


def test_results_of_a_calculator_are_written():
    atoms = crowded_water()
    voigt = np.arange(6.0) / 7
    forces = np.full((3, 3), 1 / 3)
    atoms.calc = SinglePointCalculator(atoms, energy=-1 / 3, forces=forces, stress=voigt)
    read = round_trip(atoms)
    assert read.get_potential_energy() == -1 / 3
    assert same_bits(read.get_forces(), forces)
    assert same_bits(read.get_stress(), voigt)


def test_a_virial_that_is_not_symmetric():
    atoms = crowded_water()
    atoms.info["virial"] = np.arange(9.0).reshape(3, 3) / 7
    assert same_bits(round_trip(atoms).info["virial"], atoms.info["virial"])


def test_momenta_masses_names_and_initial_charges():
    atoms = crowded_water()
    atoms.set_momenta(np.random.default_rng(2).normal(size=(3, 3)))
    atoms.set_masses([16.0, 2.014, 1.008])
    atoms.set_initial_charges([-0.1, 0.05, 0.05])
    atoms.set_array("residuenames", np.array(["HOH"] * 3))
    atoms.set_array("fixed", np.array([True, False, True]))
    atoms.set_tags([1, 2, 3])
    read = round_trip(atoms)
    for name in ("momenta", "masses", "initial_charges"):
        assert same_bits(read.arrays[name], atoms.arrays[name])
    for name in ("residuenames", "fixed", "tags"):
        assert read.arrays[name].tolist() == atoms.arrays[name].tolist()


def test_charge_and_spin_stay_integers():
    atoms = crowded_water()
    atoms.info = {"charge": -1, "spin": 2}
    assert round_trip(atoms).info == {"charge": -1, "spin": 2}


@pytest.mark.parametrize("text", ["1", "T", "1 2 3", "", "a\nb", 'say "hi" {now}', "\\", "_JSON x"])
def test_words_stay_words(text):
    atoms = crowded_water()
    atoms.info["word"] = text
    assert round_trip(atoms).info["word"] == text


def test_many_frames_to_a_path_and_to_a_stream(tmp_path):
    frames = [crowded_water(seed) for seed in range(3)]
    write_extxyz(tmp_path / "all.extxyz", frames)
    stream = io.StringIO()
    write_extxyz(stream, frames)
    assert (tmp_path / "all.extxyz").read_text() == stream.getvalue()
    read = ase.io.read(tmp_path / "all.extxyz", index=":")
    assert all(same_bits(a.positions, b.positions) for a, b in zip(read, frames, strict=True))


def test_nothing_is_left_of_a_file_that_failed(tmp_path):
    frames = [crowded_water(), crowded_water()]
    frames[1].info["object"] = object()
    with pytest.raises(InputError, match=r"info\['object'\].*object"):
        write_extxyz(tmp_path / "all.extxyz", frames)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(RunDirectoryError, match="could not be written"):
        write_extxyz(tmp_path / "nowhere" / "a.extxyz", crowded_water())


@pytest.mark.parametrize("name", ["pbc", "two words", "Lattice", 'quo"te', 7])
def test_unusable_names_in_info(name):
    atoms = crowded_water()
    atoms.info[name] = 1
    with pytest.raises(InputError, match="unusable name"):
        format_frame(atoms)


@pytest.mark.parametrize("name", ["pos", "charge", "a:b"])
def test_unusable_names_of_columns(name):
    atoms = crowded_water()
    atoms.set_array(name, np.zeros(3))
    with pytest.raises(InputError, match="unusable name"):
        format_frame(atoms)


def test_a_stress_of_another_shape():
    atoms = crowded_water()
    atoms.info["stress"] = np.zeros(4)
    with pytest.raises(InputError, match=r"3×3.*\(4,\)"):
        format_frame(atoms)


def test_a_ragged_list():
    atoms = crowded_water()
    atoms.info["ragged"] = [[1], [2, 3]]
    with pytest.raises(InputError, match="ragged"):
        format_frame(atoms)


def test_an_array_of_matrices():
    atoms = crowded_water()
    atoms.set_array("tensors", np.zeros((3, 3, 3)))
    with pytest.raises(InputError, match="no column"):
        format_frame(atoms)


def test_words_with_spaces_in_a_column():
    atoms = crowded_water()
    atoms.set_array("labels", np.array(["a b", "c", "d"]))
    with pytest.raises(InputError, match="words without spaces"):
        format_frame(atoms)
