"""`sundog data` from files to a store, its statistics and its parts."""

import numpy as np
from ase.build import molecule
from ase.io import write

from sundog.cli.app import run


def labelled(count):
    random = np.random.default_rng(3)
    frames = []
    for k in range(count):
        atoms = molecule(("H2O", "CH4", "NH3", "C2H6")[k % 4])
        atoms.positions += 0.1 * random.normal(size=atoms.positions.shape)
        atoms.info |= {"REF_energy": float(k), "charge": 0, "name": "<b>bold</b>"}
        atoms.set_array("REF_forces", random.normal(size=(len(atoms), 3)))
        frames.append(atoms)
    return frames


def test_from_files_to_parts(tmp_path, capsys):
    write(tmp_path / "set.extxyz", labelled(40))
    store = str(tmp_path / "store")
    assert run(["data", "make", str(tmp_path / "set.extxyz"), "-o", store]) == 0
    assert "Wrote 40 structures of 200 atoms" in capsys.readouterr().out
    page = tmp_path / "page.html"
    assert run(["data", "show", store, "-o", str(page)]) == 0
    assert "Elements: H 150, C 30, N 10, O 10" in capsys.readouterr().out
    text = page.read_text()
    assert "<svg" in text
    assert "<b>bold" not in text
    parts = tmp_path / "parts"
    assert run(["data", "split", store, "-o", str(parts), "--by", "formula"]) == 0
    said = capsys.readouterr().out
    assert "train 20, validation 10, test 10" in said
    assert "test: 0 of 10 are within 0.05 Å" in said
    assert len(np.load(parts / "train.npy")) == 20


def test_what_is_there_is_kept_and_what_fails_leaves_nothing(tmp_path, capsys):
    write(tmp_path / "set.extxyz", labelled(4))
    source, store = str(tmp_path / "set.extxyz"), str(tmp_path / "store")
    assert run(["data", "make", source, "-o", store, "--energy-key", "E"]) == 2
    assert "--energy-key: no structure has it" in capsys.readouterr().err
    assert not (tmp_path / "store").exists()
    assert run(["data", "make", source, "-o", store]) == 0
    assert run(["data", "make", source, "-o", store]) == 2
    assert "exists" in capsys.readouterr().err
    assert run(["data", "show", source]) == 2
    assert "no store" in capsys.readouterr().err
