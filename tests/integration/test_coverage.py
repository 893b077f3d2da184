"""`sundog coverage` as a user meets it."""

import csv
import json

import pytest
from ase.build import molecule
from ase.io import write

from sundog.cli.app import run


@pytest.fixture
def alcohols(tmp_path):
    path = tmp_path / "alcohols.extxyz"
    write(path, [molecule("CH3OH"), molecule("CH3CH2OH")])
    return path


@pytest.fixture
def amine(tmp_path):
    path = tmp_path / "amine.xyz"
    write(path, molecule("CH3CONH2"))
    return path


def test_a_set_its_curve_and_a_reference_that_is_used_again(alcohols, amine, tmp_path, capsys):
    saved, out, folder = tmp_path / "ref.json.gz", tmp_path / "out.json", tmp_path / "folder"
    arguments = ["coverage", str(alcohols), "--save", str(saved), "--json", str(out)]
    assert run([*arguments, "-o", str(folder)]) == 0
    outcome = json.loads(out.read_text())
    assert [outcome["schema"], outcome["atoms"]] == ["sundog.coverage/1", 15]
    assert outcome["environments"] == sum(x["environments"] for x in outcome["elements"].values())
    assert outcome["reference"] is None
    assert "no reference set given" in capsys.readouterr().out
    with (folder / "saturation.csv").open() as lines:
        *_, last = csv.DictReader(lines)
    assert float(last["environments_mean"]) == outcome["environments"]
    assert (folder / "coverage.png").stat().st_size > 10_000

    arguments = ["coverage", str(amine), "--json", str(out), "-o", str(folder), "--reference"]
    compared = []
    for reference in (saved, alcohols):
        assert run([*arguments, str(reference)]) == 0
        compared.append(json.loads(out.read_text())["reference"])
    assert compared[0]["missing"] == compared[1]["missing"]
    lacking = {one["environment"]: one["count"] for one in compared[0]["missing"]}
    assert lacking["N: C H2; C O"] == 1
    with (folder / "missing.csv").open() as lines:
        assert len(list(csv.DictReader(lines))) == compared[0]["missing_atoms"]
    assert "N: C H2; C O" in capsys.readouterr().out


def test_several_sets_and_distances(alcohols, amine, tmp_path):
    out = tmp_path / "out.json"
    arguments = ["coverage", str(alcohols), str(amine), "--radius-angstrom", "2"]
    assert run([*arguments, "--json", str(out)]) == 0
    outcome = json.loads(out.read_text())
    assert (outcome["structures"], outcome["radius_unit"]) == (3, "angstrom")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--radius-bonds", "0"], "out of range"),
        (["--radius-bonds", "2", "--radius-angstrom", "3"], "two radii"),
        (["--reference", "none.json.gz"], "no reference"),
        (["--save", "ref.npz"], "json.gz"),
        (["--orders", "0"], "--orders"),
        (["--json", "no/such/folder.json"], "--json"),
    ],
)
def test_wrong_input_is_refused(arguments, words, alcohols, capsys):
    assert run(["coverage", str(alcohols), *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_reference_of_another_radius_is_refused(alcohols, tmp_path, capsys):
    saved = tmp_path / "ref.json.gz"
    assert run(["coverage", str(alcohols), "--radius-bonds", "3", "--save", str(saved)]) == 0
    assert run(["coverage", str(alcohols), "--radius-bonds", "1", "--reference", str(saved)]) == 2
    assert "another radius" in capsys.readouterr().err
