"""Stores give back what was put in, say what was left out, and refuse what was changed."""

import json
import re

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.io import write

from sundog.data import pieces
from sundog.data.choices import Choices
from sundog.data.making import LEFT_OUT, changed_sources, make_store
from sundog.data.records import gathered
from sundog.data.store import Store
from sundog.errors import FileFormatError, InputError, RunDirectoryError


def labelled(name, seed, **more):
    atoms = molecule(name) if name != "NaCl" else bulk("NaCl", "rocksalt", 5.6)
    random = np.random.default_rng(seed)
    atoms.positions += 0.02 * random.normal(size=atoms.positions.shape)
    atoms.info |= {"REF_energy": float(seed), "name": f"{name}-{seed}", "charge": 0, **more}
    atoms.set_array("REF_forces", random.normal(size=(len(atoms), 3)))
    return atoms


def made(tmp_path, frames, keys=None, unit="eV", **choices):
    write(tmp_path / "set.extxyz", frames)
    said = []
    make_store(
        [tmp_path / "set.extxyz"],
        tmp_path / "store",
        keys or {},
        unit,
        Choices(**choices),
        said.append,
    )
    return Store(tmp_path / "store"), said


def test_what_is_written_is_read(tmp_path):
    frames = [labelled(name, k) for k, name in enumerate(("H2O", "CH4", "NaCl", "C6H6"))]
    frames[1].info["REF_dipole"] = np.array([0.1, 0.2, 0.3])
    frames[3].set_array("REF_hirshfeld_ratios", np.linspace(0.5, 1.0, 12))
    store, _ = made(tmp_path, frames)
    assert len(store) == 4
    assert store.quantities == ("dipole", "energy", "forces", "hirshfeld_ratios")
    for k, atoms in enumerate(frames):
        one = store[k]
        np.testing.assert_array_equal(one.numbers, atoms.numbers)
        np.testing.assert_allclose(one.positions, atoms.positions, atol=1e-8)
        np.testing.assert_allclose(one.cell, atoms.cell.array, atol=1e-8)
        np.testing.assert_array_equal(one.pbc, atoms.pbc)
        assert one.name == f"store: structure {k} ({atoms.info['name']})"
        np.testing.assert_allclose(one.labels["forces"], atoms.arrays["REF_forces"], atol=1e-6)
        assert one.labels["energy"] == k
        assert ("dipole" in one.labels) == (k == 1)
        assert ("hirshfeld_ratios" in one.labels) == (k == 3)
    np.testing.assert_allclose(store[1].labels["dipole"], [0.1, 0.2, 0.3])
    np.testing.assert_allclose(store[3].labels["hirshfeld_ratios"], np.linspace(0.5, 1, 12), 1e-6)


def test_units_are_those_that_were_said(tmp_path):
    store, _ = made(tmp_path, [labelled("H2O", 2)], unit="kcal/mol")
    assert store[0].labels["energy"] == pytest.approx(2 * 0.0433641, rel=1e-6)


def test_large_files_are_read_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "LARGE", 1)
    monkeypatch.setattr(pieces, "FRAMES", 3)
    store, _ = made(tmp_path, [labelled("H2O", k) for k in range(8)])
    assert [store[k].labels["energy"] for k in range(8)] == [*range(8)]
    text = (tmp_path / "set.extxyz").read_text()
    (tmp_path / "cut.extxyz").write_text(text[:-40])
    with pytest.raises(FileFormatError, match="frames from 6 on"):
        make_store([tmp_path / "cut.extxyz"], tmp_path / "other", {}, "eV", Choices(), print)
    with pytest.raises(FileFormatError, match="no store"):
        Store(tmp_path / "other")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda a: a.positions.__setitem__(1, a.positions[0] + [0.1, 0, 0]), "0.1 Å apart"),
        (lambda a: a.arrays["REF_forces"].__setitem__((0, 0), np.inf), "infinite value"),
        (lambda a: a.arrays["REF_forces"].__setitem__((0, 0), np.nan), "NaN in a part"),
        (lambda a: a.arrays["REF_forces"].__setitem__((0, 0), 2e3), r"force of 2e\+03"),
        (lambda a: a.info.pop("molecule"), "no entry 'molecule'"),
    ],
)
def test_what_cannot_be_learned_from_is_named_and_left_out(tmp_path, spoil, words):
    frames = [labelled("H2O", k, molecule="water") for k in range(4)]
    spoil(frames[2])
    store, said = made(tmp_path, frames, group_key="molecule")
    assert len(store) == 3
    assert [store[k].labels["energy"] for k in range(3)] == [0, 1, 3]
    assert any("structure 2" in line for line in said)
    table = (tmp_path / "store" / LEFT_OUT).read_text()
    assert re.search(words, table)


def test_more_bad_structures_than_allowed_end_the_making(tmp_path):
    frames = [labelled("H2O", k) for k in range(3)]
    frames[1].arrays["REF_forces"][0, 0] = np.inf
    with pytest.raises(InputError, match="more than 0 structures"):
        made(tmp_path, frames, most_bad_frames=0)


def test_a_label_under_two_keys_is_not_chosen_in_silence(tmp_path):
    frames = [labelled("H2O", k) for k in range(2)]
    frames[1].info["energy_dft"] = frames[1].info.pop("REF_energy")
    frames[1].info["energy"] = 1.0
    with pytest.raises(InputError, match="energy_key: structures have this label"):
        made(tmp_path, frames)


def test_keys_that_were_given_must_be_there(tmp_path):
    with pytest.raises(InputError, match="dipole_key: no structure has it"):
        made(tmp_path, [labelled("H2O", 0)], {"dipole": "mu"})
    frames = [Atoms("He", [[0, 0, 0]])]
    write(tmp_path / "bare.xyz", frames)
    with pytest.raises(InputError, match="no structure has a label"):
        make_store([tmp_path / "bare.xyz"], tmp_path / "c", {}, "eV", Choices(), print)


def test_a_folder_that_is_there_is_kept(tmp_path):
    (tmp_path / "store").mkdir()
    with pytest.raises(RunDirectoryError, match="cannot be made"):
        made(tmp_path, [labelled("H2O", 0)])


def test_files_of_another_size_are_refused(tmp_path):
    made(tmp_path, [labelled("H2O", 0)])
    path = tmp_path / "store" / "positions"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(FileFormatError, match="64 bytes"):
        Store(tmp_path / "store")
    header = json.loads((tmp_path / "store" / "store.json").read_text())
    (tmp_path / "store" / "store.json").write_text(json.dumps({**header, "format": 99}))
    with pytest.raises(FileFormatError, match="another version"):
        Store(tmp_path / "store")


def test_a_source_that_changed_is_noticed(tmp_path):
    store, _ = made(tmp_path, [labelled("H2O", 0)])
    assert changed_sources(store.header) == []
    path = tmp_path / "set.extxyz"
    path.touch()
    assert changed_sources(store.header) == []  # another time, the same content
    path.write_text(path.read_text().replace("H2O-0", "H2O-1"))
    assert changed_sources(store.header) == [str(path)]


def test_many_are_gathered_at_once(tmp_path):
    frames = [labelled(name, k) for k, name in enumerate(("H2O", "CH4", "NaCl", "C6H6", "H2O"))]
    frames[1].info["REF_dipole"] = np.array([0.1, 0.2, 0.3])
    store, _ = made(tmp_path, frames)
    numbers = np.array([4, 1, 2, 1])
    quantities = ("forces", "dipole", "energy", "charges")
    one = store.gather(numbers, quantities)
    other = gathered([store[k] for k in numbers.tolist()], quantities)
    for name in one._fields[:-1]:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    for name in quantities:
        np.testing.assert_array_equal(one.labels[name], other.labels[name], err_msg=name)
    assert np.isnan(one.labels["charges"]).all()
