"""`sundog tune` on a box of few molecules."""

import json

import pytest
from ase.build import molecule
from ase.io import write

from sundog.bench import tuning
from sundog.cli.app import run


def test_it_prints_rows_and_flags(water, tmp_path, capsys, monkeypatch):
    # Each setting is a program to compile.
    monkeypatch.setattr(tuning, "CUTOFFS", (7.0, 8.0))
    monkeypatch.setattr(tuning, "COARSER", (2.0,))
    monkeypatch.setattr(tuning, "REFERENCE_CUTOFF", 9.0)
    file = tmp_path / "tuned.json"
    command = ["tune", str(water), "--seconds", "0.01", "--json", str(file)]
    assert run([*command, "--accuracy", "0.005"]) == 0
    told = capsys.readouterr()
    assert "Reference: 9 Å" in told.err
    assert "dispersion tail off (only 4 molecule(s))" in told.out
    assert "chosen" in told.out
    written = json.loads(file.read_text())
    chosen = written["chosen"]
    assert chosen in written["rows"]
    assert 0 < chosen["force_error"] <= written["accuracy"] == 0.005
    flags = f"--ewald-accuracy {chosen['ewald_accuracy']:g} --cutoff-angstrom 7"
    assert f"--electrostatics ewald {flags}\n" in told.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--accuracy", "1e-6"], "--precision float64"),
        (["--accuracy", "1"], "from 5e-05 to 0.01"),
        (["--seconds", "0"], "--seconds"),
        (["--json", "/there/is/no/folder.json"], "no such folder"),
    ],
)
def test_wrong_settings_are_refused(arguments, words, water, capsys):
    assert run(["tune", str(water), *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_molecule_has_nothing_to_tune(tmp_path, capsys):
    write(tmp_path / "m.xyz", molecule("H2O"))
    assert run(["tune", str(tmp_path / "m.xyz")]) == 2
    assert "--electrostatics exact" in capsys.readouterr().err
