"""`sundog analyze` from the command line, on runs written from arrays."""

import csv
import json

import numpy as np
import pytest
from ase.build import molecule

from sundog.cli.app import run as sundog
from sundog.cli.verbs.analyze import analyze  # noqa: F401, the verb under test
from sundog.io.trajectories import open_trajectory
from sundog.locks import lock_folder
from written_runs import written_run


def waters():
    one = molecule("H2O")
    atoms = one.copy()
    for k in range(1, 8):
        other = one.copy()
        other.translate([3.5 * (k % 2), 3.5 * (k // 2 % 2), 3.5 * (k // 4)])
        atoms += other
    atoms.set_cell([7.0] * 3)
    atoms.pbc = True
    return atoms


@pytest.fixture
def folders(tmp_path):
    atoms = waters()
    return [
        written_run(
            tmp_path / name,
            atoms,
            atoms.positions + 0.05 * np.random.default_rng(seed).normal(size=(60, len(atoms), 3)),
        )
        for seed, name in enumerate(("one", "two"))
    ]


def test_tables_figures_and_numbers(folders, capsys):
    run, _ = folders
    before = {one: one.stat().st_mtime_ns for one in run.rglob("*")}
    assert sundog(["analyze", str(run), "--what", "rdf,hbonds,bonds", "--from-ps", "0"]) == 0
    out = run.with_name("one-analysis")
    said = capsys.readouterr().out
    assert "60 frames from 0 to 0.59 ps" in said
    assert "n_eff" in said
    assert str(out) in said
    for name in ("rdf/g.png", "rdf/g.svg", "rdf/one.O-O.csv", "bonds/one.distribution.csv"):
        assert (out / name).stat().st_size > 100
    with (out / "summary.csv").open() as file:
        rows = list(csv.DictReader(file))
    bond = next(row for row in rows if row["quantity"] == "H-O_length_angstrom")
    assert float(bond["value"]) == pytest.approx(0.97, abs=0.02)
    assert float(bond["n_eff"]) > 10
    record = json.loads((out / "analysis.json").read_text())
    assert record["windows"]["one"]["frames"] == 60
    assert record["results"]["bonds"]["one"]["quantities"]["H-O_length_angstrom"]["unit"] == "Å"
    # The run is as it was.
    assert {one: one.stat().st_mtime_ns for one in run.rglob("*")} == before


def test_several_runs_are_compared(folders, tmp_path, capsys):
    out = tmp_path / "both"
    command = ["analyze", *map(str, folders), "--what", "bonds", "--from-ps", "0", "-o", str(out)]
    assert sundog(command) == 0
    assert "All runs, Mean H-O" in capsys.readouterr().out
    record = json.loads((out / "analysis.json").read_text())
    compared = record["compared"]["bonds"]["H-O_length_angstrom"]
    assert compared["runs"] == 2
    assert 0 <= compared["probability"] <= 1
    assert sundog([*command[:-2], "-o", str(out)]) == 2  # it is there
    assert "holds an analysis already" in capsys.readouterr().err
    assert sundog([*command, "--overwrite"]) == 0


def test_equilibration_is_cut_or_overruled(folders, capsys):
    run, _ = folders
    lines = (run / "energies.csv").read_text().splitlines()
    head, rows = lines[0], [line.split(",") for line in lines[1:]]
    for k in range(20):
        rows[k][2] = str(500 - 10 * k)
    (run / "energies.csv").write_text("\n".join([head, *map(",".join, rows), ""]))
    assert sundog(["analyze", str(run), "--what", "bonds"]) == 0
    assert "equilibrated by temperature_kelvin; " in capsys.readouterr().out
    assert sundog(["analyze", str(run), "--what", "bonds", "--from-ps", "0.5", "--overwrite"]) == 0
    assert (
        "10 frames from 0.5 to 0.59 ps (from 0.5 ps, as asked; 50 frames" in capsys.readouterr().out
    )


def test_what_fits_is_chosen_and_the_rest_is_told(folders, capsys):
    assert sundog(["analyze", str(folders[0])]) == 0
    said = capsys.readouterr().out
    assert "Radial distribution functions (rdf)" in said
    assert "Left out, as they do not fit:" in said
    assert "  dssp: fewer than 4 residues of a peptide" in said


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--what", "rfd"], "Perhaps rdf is meant"),
        (["--what", "rdf,rdf"], "twice"),
        (["--what", "dssp"], "residues of a peptide"),
        (["--what", "rdf", "--from-ps", "900"], "all before 900 ps"),
        (["--what", "rdf", "--from-ps", "5", "--to-ps", "4"], "--to-ps: the end is before"),
        (["--what", "rdf", "--every", "0"], "--every: not acceptable"),
        (["--what", "rmsd", "--selection", "resname XYZ"], "--selection: it has no atoms"),
    ],
)
def test_bad_choices_are_refused_and_nothing_is_written(folders, more, words, capsys):
    assert sundog(["analyze", str(folders[0]), *more]) == 2
    assert words in capsys.readouterr().err
    assert not folders[0].with_name("one-analysis").exists()


def test_bad_runs_are_refused(folders, tmp_path, capsys):
    assert sundog(["analyze", str(tmp_path / "nothing")]) == 2
    assert "no such run" in capsys.readouterr().err
    assert sundog(["analyze", str(folders[0]), str(folders[1])]) == 2
    assert "--output: several runs" in capsys.readouterr().err
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    assert sundog(["analyze", str(folders[0]), "-o", str(tmp_path / "mine")]) == 2
    assert "no analysis wrote" in capsys.readouterr().err


def test_one_frame_has_values_and_no_error_bars(tmp_path, capsys):
    atoms = waters()
    folder = written_run(tmp_path / "one", atoms, atoms.positions[None])
    assert sundog(["analyze", str(folder), "--what", "density,contacts"]) == 0
    said = capsys.readouterr().out
    assert "1 frame from 0 to 0 ps" in said
    assert "too short for an error bar (n_eff 1.0)" in said
    capsys.readouterr()
    assert sundog(["analyze", str(folder), "--what", "vdos", "-o", str(tmp_path / "out")]) == 2
    assert "vdos:" in capsys.readouterr().err


def test_trajectories_that_cannot_be_read_are_refused_with_the_reason(folders, capsys):
    path = folders[0] / "trajectory.xtc"
    whole = path.read_bytes()

    def refused():
        before = path.read_bytes()
        assert sundog(["analyze", str(folders[0]), "--what", "density"]) == 2
        assert path.read_bytes() == before
        assert not (folders[0].with_name("one-analysis") / "summary.csv").exists()
        return capsys.readouterr().err

    path.write_bytes(whole[:-9])
    assert "59 frames before that" in refused()
    path.write_bytes(b"")
    assert "the trajectory is empty" in refused()
    path.unlink()
    other = waters()[:3]
    with open_trajectory(path, other) as file:
        file.write(other.positions, other.cell.array, 0.0, 0, {})
    said = refused()
    assert "3 atoms" in said
    assert "24 in every frame" in said
    path.write_bytes(whole)
    with lock_folder(folders[0]):
        assert "--unfinished" in refused()
    bare = ["analyze", str(path), "--what", "density"]
    assert sundog(bare) == 2
    assert "--topology: trajectory.xtc does not name its atoms" in capsys.readouterr().err


def test_the_observables_are_listed(capsys):
    assert sundog(["analyze", "--what", "list"]) == 0
    said = capsys.readouterr().out
    assert "dielectric         Relative permittivity; needs cell, energies, ewald" in said
