"""`sundog prepare`, from the command line to the folder that a run takes."""

import json
from importlib.util import find_spec

import numpy as np
import pytest
from ase import Atoms
from ase.io import write

from sundog.cli.app import run
from sundog.io.reading import read_one
from sundog.prepare.folder import FILES

pytestmark = pytest.mark.skipif(
    any(find_spec(package) is None for package in ("biotite", "openmm", "rdkit")),
    reason="needs sundog[prepare]",
)


def prepare(*arguments):
    return run(["prepare", *map(str, arguments)])


def test_a_folder_holds_everything_and_a_run_takes_it(tmp_path, capsys):
    out = tmp_path / "ethanol"
    assert prepare("--smiles", "CCO", "-o", out) == 0
    said = capsys.readouterr().out
    assert {file.name for file in out.iterdir()} == FILES
    record = json.loads((out / "prepared.json").read_text())
    assert record["arguments"]["smiles"] == "CCO"
    assert record["charge"] == 0
    decisions = (out / "decisions.txt").read_text()
    assert all(line in said for line in decisions.splitlines() if line)
    atoms = read_one(out)
    assert len(atoms) == 9
    cif = read_one(out / "structure.cif")
    np.testing.assert_allclose(cif.positions, atoms.positions, atol=1e-5)
    assert cif.arrays["atomtypes"].tolist() == atoms.arrays["atomtypes"].tolist()
    folder = tmp_path / "run"
    assert run(["md", str(out), "-o", str(folder), "--steps", "2"]) == 0
    final = read_one(folder / "final.extxyz")
    assert final.arrays["formal_charges"].tolist() == [0] * 9


def test_the_same_command_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        assert (
            prepare("--sequence", "ACE-ALA2-NME", "--waters", 200, "-o", tmp_path / name / "x") == 0
        )
    for file in FILES - {"decisions.txt"}:  # which names the folder
        assert (tmp_path / "a/x" / file).read_bytes() == (tmp_path / "b/x" / file).read_bytes(), (
            file
        )


def test_a_molecule_of_a_file_is_put_into_water(tmp_path):
    source = tmp_path / "m.xyz"
    write(
        source,
        Atoms("NH3", [[0, 0, 0], [0.94, 0, 0.38], [-0.47, 0.81, 0.38], [-0.47, -0.81, 0.38]]),
    )
    assert prepare(source, "--edge-angstrom", 18, "-o", tmp_path / "x") == 0
    atoms = read_one(tmp_path / "x")
    assert atoms.pbc.all()
    assert (atoms.numbers == 7).sum() == 1
    assert set(atoms.arrays["residuenames"]) == {"MOL", "HOH"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing.pdb",), "there is no such file"),
        (("CCO",), "a SMILES is given with --smiles"),
        ((), "one thing is built at a time"),
        (("--smiles", "CCO", "--sequence", "ALA"), "one thing is built at a time"),
        (("--smiles", "CCO", "--helix"), "--helix: nothing reads it here"),
        (("--smiles", "CCO", "--ph", "4"), "says its own charges"),
        (("--smiles", "C(C"), "SMILES"),
        (("--smiles", "[Na+].[Cl-]"), "Na"),
        (("--smiles", "CCO", "--cell", "octahedron"), "nothing says how much"),
        (("--smiles", "CCO", "--waters", "5", "--edge-angstrom", "9"), "said twice"),
        (("--system", "popc"), "popc-bilayer"),
        (("--sequence", "ACE-XXX-NME"), "XXX"),
        (("--smiles", "CCO", "--waters", "nan"), "--waters"),
    ],
)
def test_bad_input_is_refused_and_nothing_written(arguments, words, tmp_path, capsys):
    out = tmp_path / "out"
    assert prepare(*arguments, "-o", out) == 2
    error = capsys.readouterr().err
    assert words in error
    assert not out.exists()


def test_folders_of_other_things_are_left_alone(tmp_path, capsys):
    out = tmp_path / "out"
    assert prepare("--smiles", "C", "-o", out) == 0
    assert prepare("--smiles", "CC", "-o", out) == 2
    assert prepare("--smiles", "CC", "-o", out, "--overwrite") == 0
    assert len(read_one(out)) == 8
    (out / "thesis.txt").write_text("mine")
    assert prepare("--smiles", "C", "-o", out, "--overwrite") == 2
    assert "thesis.txt" in capsys.readouterr().err
    assert len(read_one(out)) == 8
