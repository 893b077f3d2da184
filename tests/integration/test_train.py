"""`sundog train` as a user meets it."""

import json
import sys

import numpy as np
import pytest
from ase.build import molecule
from ase.io import write

from sundog.cli.app import run

TINY = """
features: 8
heads: 1
degrees: [1]
layers: 1
radial_functions: 8
angular_features: 4
hirshfeld_features: 4
layout: flat
batch_structures: 4
validation_structures: 3
check_labels: false
log_every: 1
validate_every: 2
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("train")
    rng = np.random.default_rng(0)
    frames = []
    for k in range(12):
        atoms = molecule(("H2O", "NH3", "CH4")[k % 3])
        moved = 0.05 * rng.normal(size=(len(atoms), 3))
        atoms.positions += moved
        atoms.info["REF_dipole"] = 0.1 * atoms.positions.sum(axis=0)
        atoms.arrays["REF_forces"] = -20 * moved
        atoms.arrays["REF_hirshfeld_ratios"] = np.full(len(atoms), 0.8)
        frames.append(atoms)
    write(path / "data.extxyz", frames)
    (path / "tiny.yaml").write_text(TINY)
    return path


def start(folder, name, *more):
    arguments = ["train", str(folder / "data.extxyz"), "-o", str(folder / name)]
    return run([*arguments, "--config", str(folder / "tiny.yaml"), *more])


def test_a_run_is_extended_and_its_weights_are_shown(folder, capsys):
    assert start(folder, "run", "--steps", "2") == 0
    said = capsys.readouterr().out
    assert "9 structures for training, 3 for validation" in said
    assert "Validation at step 2" in said
    assert run(["train", "--resume", str(folder / "run"), "--steps", "3"]) == 0
    assert "Resumed at step 2" in capsys.readouterr().out
    rows = (folder / "run" / "losses.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["step", "1", "2", "3"]
    assert run(["weights", "show", str(folder / "run" / "best.safetensors")]) == 0
    card = json.loads(capsys.readouterr().out)
    assert card["source"]["kind"] == "training"
    assert card["training"]["data"]["files"].keys() == {"data.extxyz"}
    assert card["training"]["recipe"]["steps"] in (2, 3)
    # A folder with a run is kept.
    assert start(folder, "run", "--steps", "2") == 2
    assert "holds a training run" in capsys.readouterr().err
    with (folder / "data.extxyz").open("a") as file:
        file.write("1\n\nH 0 0 0\n")
    assert run(["train", "--resume", str(folder / "run"), "--steps", "4"]) == 2


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--forces-weight", "-1"], "--forces-weight: not acceptable"),
        (
            ["--forces-weight", "0", "--dipole-weight", "0", "--hirshfeld-ratios-weight", "0"],
            "all weights of the loss are zero",
        ),
        (["--forces-key", "Forces"], "--forces-key: no structure has it"),
        (["--group-key", "kind"], "--group-key: no structure has this entry"),
        (["--schedule", "steps"], "--schedule"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_is_written(folder, capsys, more, told):
    assert start(folder, "refused", *more) == 2
    assert told in capsys.readouterr().err
    assert not (folder / "refused").exists()


def test_what_is_missing_is_said(folder, tmp_path, capsys, monkeypatch):
    assert run(["train", str(tmp_path / "none.xyz"), "-o", str(tmp_path / "a")]) == 2
    assert "there is no such file" in capsys.readouterr().err
    assert run(["train"]) == 2
    assert "labelled structures and --output are needed" in capsys.readouterr().err
    assert run(["train", str(folder / "data.extxyz"), "--resume", str(tmp_path)]) == 2
    assert "no training run in" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "optax", None)
    assert start(folder, "without") == 2
    assert "pip install 'sundog[train]'" in capsys.readouterr().err
