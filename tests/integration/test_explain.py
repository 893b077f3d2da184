"""`sundog explain` as a user meets it."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.io import write

from fixtures import SIMPLE, random_force_field
from sundog import loading
from sundog.cli.app import run


@pytest.fixture
def small(monkeypatch):
    """The command with a small force field."""

    def load(options, *_, run, topologies):
        return random_force_field(SIMPLE, options.electrostatics or "exact"), "a small force field"

    monkeypatch.setattr(loading, "load_force_field", load)


def waters(path, count=2):
    frames = []
    for shift in (2.9, 3.2):
        atoms = Atoms()
        for n in range(count):
            one = molecule("H2O")
            one.positions += [n * shift, 0, 0]
            atoms += one
        frames.append(atoms)
    write(path, frames)
    return path


def test_a_dimer_in_one_command(tmp_path, small, capsys):
    file, out, folder = waters(tmp_path / "w.extxyz"), tmp_path / "out.json", tmp_path / "folder"
    assert run(["explain", str(file), "--frame", "-1", "--json", str(out), "-o", str(folder)]) == 0
    outcome = json.loads(out.read_text())
    assert [outcome["schema"], outcome["frame"]] == ["sundog.explanation/1", 1]
    (bound,) = outcome["interactions"]
    assert sum(bound["energies"].values()) == pytest.approx(bound["energy"], abs=1e-9)
    assert bound["energy"] != 0
    with (folder / "fragments.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert [float(row["zbl_ev"]) for row in rows] == [
        one["energies"]["zbl"] for one in outcome["fragments"]
    ]
    assert (folder / "explanation.png").stat().st_size > 10_000
    assert "Interaction energy of 0 H2O and 1 H2O" in capsys.readouterr().out


def test_what_a_reference_lacks(tmp_path, small, capsys):
    file, known = waters(tmp_path / "w.extxyz"), tmp_path / "known.xyz"
    write(known, molecule("CH3OH"))
    out, folder = tmp_path / "out.json", tmp_path / "folder"
    arguments = ["explain", str(file), "--no-forces", "--no-dimer", "--json", str(out)]
    assert run(arguments) == 0
    assert "no reference set given" in capsys.readouterr().out
    assert json.loads(out.read_text())["coverage"] is None
    assert run([*arguments, "--reference", str(known), "-o", str(folder)]) == 0
    missing = json.loads(out.read_text())["coverage"]["missing"]
    assert {one["environment"]: one["count"] for one in missing} == {"H: O; H": 4, "O: H2": 2}
    assert "0.00% of the atoms are covered" in capsys.readouterr().out
    with (folder / "missing.csv").open() as lines:
        assert {row["atom"] for row in csv.DictReader(lines)} == set("012345")


@pytest.mark.slow
def test_pairs_of_three_and_why_there_is_no_dimer(tmp_path, small, capsys):
    file, out = waters(tmp_path / "w.extxyz", 3), tmp_path / "out.json"
    assert run(["explain", str(file), "--no-forces"]) == 0
    assert "a dimer has two fragments (got 3" in capsys.readouterr().out
    assert run(["explain", str(file), "--pairs", "--no-forces", "--json", str(out)]) == 0
    found = {
        tuple(x["fragments"]): x["energy"] for x in json.loads(out.read_text())["interactions"]
    }
    assert list(found) == [(0, 1), (0, 2), (1, 2)]
    assert np.isclose(found[0, 1], found[1, 2], atol=1e-8)
    assert abs(found[0, 2]) < abs(found[0, 1])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--frame", "2"], "0 to 1"),
        (["--dimer"], "a dimer has two fragments"),
        (["--fragments", "nothing"], "neither an array"),
        (["--pairs", "--fragment-charges", "1,0,0"], "add up to +0"),
        (["--no-dimer", "--fragment-charges", "1,0,0"], "--fragment-charges: not used"),
        (["--pairs", "--fragment-charges", "a"], "not integers"),
        (["--pairs", "--multiplicity", "3"], "unpaired"),
        (["--kernels", "cpu"], "auto or reference"),
        (["--json", "no/such/folder.json"], "--json"),
        (["--memory-gib", "1e-6"], "GiB"),
    ],
)
def test_wrong_input_is_refused(arguments, words, tmp_path, small, capsys):
    file = waters(tmp_path / "w.extxyz", 3)
    assert run(["explain", str(file), "--no-forces", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_ions_without_charges_are_explained_but_not_split(tmp_path, small, capsys):
    file = tmp_path / "salt.xyz"
    write(file, Atoms("ClHN", [[0, 0, 0], [5, 0, 0], [6.0, 0, 0]]))
    assert run(["explain", str(file), "--allow-radicals", "--no-forces", "--charge", "-1"]) == 0
    assert "fragment charges: they are not known" in capsys.readouterr().out
    assert (
        run(["explain", str(file), "--allow-radicals", "--no-forces", "--charge", "-1", "--dimer"])
        == 2
    )
    assert "fragment charges: they are not known" in capsys.readouterr().err
    given = ["--charge", "-1", "--fragment-charges", "-1,0"]
    assert run(["explain", str(file), "--allow-radicals", "--no-forces", *given]) == 0
    assert "0 Cl (-1) and 1 HN" in capsys.readouterr().out


def test_a_periodic_structure_has_no_interaction_energies(water, small, capsys):
    arguments = ["explain", str(water), "--electrostatics", "truncated", "--no-forces"]
    assert run([*arguments, "--pairs"]) == 2
    assert "their own images" in capsys.readouterr().err
    assert run(arguments) == 0
    assert "No interaction energies" in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["explain", "coverage"])
def test_help_does_not_import_jax(verb):
    probe = f"import sys; from sundog.cli.app import run; run(['{verb}', '--help']); "
    probe += "sys.exit('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert "--json" in done.stdout
