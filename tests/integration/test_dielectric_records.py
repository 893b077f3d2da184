"""Dipole and net charge of a cell: in the table, the summary and the warnings."""

import numpy as np
import pytest
from ase.io import read

from sundog.cli.app import run
from sundog.constants import COULOMB
from sundog.io.extxyz import write_extxyz
from sundog.io.table import read_table
from sundog.prepare.water import water_box
from sundog.runs.warnings import describe_net_charge
from sundog.units import BAR

PLAN = ["--sample-every", "1", "--frame-every", "10", "--checkpoint-minutes", "0", "--steps", "40"]
"""Flags for a run that is just long enough for means."""

EWALD = ["--electrostatics", "ewald", *PLAN]


def test_dipole_of_molecules_that_the_file_had_broken(tmp_path, capsys):
    whole = water_box(4)
    broken = whole.copy()
    broken.positions += np.random.default_rng(0).integers(-1, 2, (12, 3)) @ whole.cell.array
    write_extxyz(tmp_path / "w.extxyz", broken)
    out = tmp_path / "run"
    assert run(["nvt", str(tmp_path / "w.extxyz"), "-o", str(out), *EWALD]) == 0
    said = capsys.readouterr().out
    assert "Permittivity" in said
    assert "Dipole" in said
    table = read_table(out / "energies.csv")
    # The last frame alone says the same, and molecules have the dipoles of water molecules.
    again = ["predict", str(out / "final.extxyz"), "-o", str(tmp_path / "p.extxyz")]
    assert run([*again, *EWALD[:2]]) == 0
    dipole = [table[f"dipole_{axis}_e_angstrom"][-1] for axis in "xyz"]
    expected = read(tmp_path / "p.extxyz").get_dipole_moment()
    np.testing.assert_allclose(dipole, expected, atol=1e-4)
    assert np.linalg.norm(dipole) < 4 * 0.7


@pytest.mark.slow
def test_a_charged_cell_is_warned_of(tmp_path, capsys):
    write_extxyz(tmp_path / "w.extxyz", water_box(4))
    arguments = ["npt", str(tmp_path / "w.extxyz"), "-o", str(tmp_path / "run"), "--charge", "1"]
    assert run([*arguments, *EWALD]) == 0
    said = capsys.readouterr().out
    assert "charge +1; a uniform background" in said
    assert "density of a charged cell" in said
    assert "Permittivity" not in said
    # About the centre of mass it does not matter where the cell is.
    table = read_table(tmp_path / "run" / "energies.csv")
    assert np.hypot(table["dipole_x_e_angstrom"], table["dipole_y_e_angstrom"]).max() < 10


@pytest.mark.parametrize("constant_pressure", [False, True])
def test_what_a_charge_does(constant_pressure):
    assert not list(describe_net_charge(0, 1e3, 4.0, constant_pressure))
    first, *more = describe_net_charge(-2, 1e3, 4.0, constant_pressure)
    pressure = -np.pi * COULOMB * 16 * 4 / (2 * 1e6) / BAR
    assert f"charge -2; a uniform background neutralises it and adds {pressure:.3g} bar" in first
    assert len(more) == constant_pressure
    assert "with a cutoff" in next(describe_net_charge(1, 1e3, None, constant_pressure))
