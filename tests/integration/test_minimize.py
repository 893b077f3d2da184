"""`sundog minimize` relaxes atoms and cells."""

import numpy as np
import pytest
from ase.build import molecule
from ase.io import read, write

from sundog.cli.app import run
from sundog.io.extxyz import write_extxyz
from sundog.prepare.water import water_box


@pytest.mark.parametrize("optimizer", ["lbfgs", pytest.param("fire", marks=pytest.mark.slow)])
def test_a_molecule_reaches_its_minimum(optimizer, tmp_path, capsys):
    atoms = molecule("H2O")
    atoms.rattle(0.1, seed=1)
    write(tmp_path / "m.xyz", atoms)
    out = tmp_path / "o.extxyz"
    command = ["opt", str(tmp_path / "m.xyz"), "-o", str(out), "--optimizer", optimizer]
    assert run([*command, "--force-ev-per-angstrom", "0.001"]) == 0
    assert "Converged" in capsys.readouterr().out
    relaxed = read(out)
    assert np.abs(relaxed.get_forces()).max() < 0.001
    assert relaxed.get_distance(0, 1) == pytest.approx(0.96, abs=0.02)
    assert run(command) == 2  # the output exists
    assert run([*command, "--overwrite", "--steps", "1"]) == 3


@pytest.mark.slow
def test_a_cell_relaxes_to_its_pressure(tmp_path):
    write_extxyz(tmp_path / "w.extxyz", water_box(4))
    out = tmp_path / "o.extxyz"
    command = ["minimize", str(tmp_path / "w.extxyz"), "-o", str(out), "--cell", "isotropic"]
    command += ["--pressure-bar", "10000", "--force-ev-per-angstrom", "0.02", "--steps", "300"]
    assert run(command) == 0
    relaxed = read(out)
    lengths = relaxed.cell.lengths()
    assert np.ptp(lengths) < 1e-6 * lengths[0]
    pressure = -np.trace(relaxed.get_stress(voigt=False)) / 3 / 6.241509e-07
    assert pressure == pytest.approx(10000, abs=3000)


def test_refusals(tmp_path, capsys):
    write(tmp_path / "m.xyz", molecule("H2O"))
    command = ["minimize", str(tmp_path / "m.xyz"), "-o", str(tmp_path / "o.extxyz")]
    for more, words in (
        (["--cell", "flexible"], "periodic"),
        (["--pressure-bar", "1"], "--cell"),
        (["--steps", "0"], "--steps"),
        (["--charge", "0.5"], "integer"),
    ):
        assert run([*command, *more]) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "o.extxyz").exists()
