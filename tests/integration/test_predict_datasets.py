"""`sundog predict` on sets of structures: killed and resumed, with structures it cannot compute."""

import csv

import numpy as np
import pytest
from ase.build import molecule
from ase.io import read, write

from fixtures import small_force_field
from sundog import loading
from sundog.cli.app import run
from sundog.io import partial
from sundog.single_points import batches

NAMES = ("H2O", "CH3CH2OH", "NH3", "CH4", "CO2")


@pytest.fixture(autouse=True)
def small_model(monkeypatch):
    """A tiny random model in place of the published one."""
    small = small_force_field("exact"), "a small force field"
    monkeypatch.setattr(loading, "load_force_field", lambda *_, run: small)
    monkeypatch.setattr(loading, "choose_kernels", lambda force_field, *_: force_field)
    monkeypatch.setattr(batches, "STRUCTURES_PER_WINDOW", 2)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.extxyz"
    write(path, [molecule(name) for name in NAMES])
    return path


def test_a_killed_run_goes_on_and_gives_the_same_file(source, tmp_path, monkeypatch, capsys):
    whole, killed = tmp_path / "whole.extxyz", tmp_path / "killed.extxyz"
    assert run(["predict", str(source), "-o", str(whole)]) == 0
    assert "structures/s" in capsys.readouterr().out
    append, calls = partial.PartialFile.append, []

    def dying(self, part):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(part)
        append(self, part)

    with monkeypatch.context() as patch:
        patch.setattr(partial.PartialFile, "append", dying)
        assert run(["predict", str(source), "-o", str(killed)]) == 130
    assert not killed.exists()
    # Other settings do not go on with it.
    assert run(["predict", str(source), "-o", str(killed), "--charge", "0"]) == 2
    assert "another charge" in capsys.readouterr().err
    assert run(["predict", str(source), "-o", str(killed)]) == 0
    assert "Going on at structure 4 of 5" in capsys.readouterr().out
    assert killed.read_bytes() == whole.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "in.extxyz",
        "killed.extxyz",
        "whole.extxyz",
    ]


def test_what_cannot_be_computed_is_counted_and_listed(tmp_path, capsys):
    source, out = tmp_path / "in.extxyz", tmp_path / "out.extxyz"
    frames = [molecule(name) for name in (*NAMES, "SiH4", "Si2H6", "LiH")]
    frames[1].info["charge"] = 0.5
    write(source, frames)
    assert run(["predict", str(source), "-o", str(out)]) == 2
    said = capsys.readouterr().err
    assert "4 of 8 structures cannot be computed" in said
    assert "Li in 1, Si in 2" in said
    assert "structure 1: " in said
    assert "integer" in said
    assert "--skip-bad" in said
    assert run(["predict", str(source), "-o", str(out), "--skip-bad"]) == 0
    assert "4 of 8" in capsys.readouterr().out
    assert [atoms.info["frame"] for atoms in read(out, ":")] == [0, 2, 3, 4]
    skipped = (tmp_path / "out.extxyz.skipped.csv").read_text()
    rows = list(csv.reader(skipped.splitlines()))
    assert [row[0] for row in rows] == ["frame", "1", "5", "6", "7"]
    assert rows[0] == ["frame", "name", "formula", "reason"]
    assert [row[2] for row in rows[1:3]] == ["C2H6O", "H4Si"]


def test_a_folder_of_several_formats(source, tmp_path):
    folder, out = tmp_path / "set", tmp_path / "out.extxyz"
    folder.mkdir()
    source.rename(folder / "a.extxyz")
    water = molecule("H2O")
    np.savez(folder / "b.npz", R=np.stack([water.positions] * 2), z=water.numbers)
    assert run(["predict", str(folder), "-o", str(out)]) == 0
    frames = read(out, ":")
    assert [atoms.info["source"] for atoms in frames] == ["a.extxyz"] * 5 + ["b.npz"] * 2
    energies = [atoms.get_potential_energy() for atoms in frames]
    assert energies[5] == pytest.approx(energies[0], rel=1e-12)


def test_outputs_say_charge_spin_and_name_and_hold_no_other_prediction(tmp_path, capsys):
    source, out = tmp_path / "in.extxyz", tmp_path / "out.extxyz"
    comments = [f'name="=m{n}" energy_other=1.0 charge={-n}' for n in (0, 1)]
    text = ""
    for name, comment in zip(("H2O", "OH"), comments, strict=True):
        atoms = molecule(name)
        rows = "".join(f"{a.symbol} {a.x} {a.y} {a.z}\n" for a in atoms)
        text += f"{len(atoms)}\n{comment}\n{rows}"
    source.write_text(text)
    assert run(["predict", str(source), "-o", str(out)]) == 0
    assert "charge/multiplicity +0/1 in 1, -1/1 in 1" in capsys.readouterr().out
    found = read(out, ":")
    assert [(a.info["charge"], a.info["spin"]) for a in found] == [(0, 1), (-1, 1)]
    assert [a.info["name"] for a in found] == ["=m0", "=m1"]
    assert "energy_other" not in found[0].info
