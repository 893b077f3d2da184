"""Masses, constraints, restraints and what frames carry, through the command line."""

import h5py
import numpy as np
from ase.build import molecule
from ase.io import read, write

from fixtures import PLAN
from sundog.cli.app import run
from sundog.io.table import read_table


def lengths(atoms):
    return [atoms.get_distance(3 * k, 3 * k + 1, mic=True) for k in range(len(atoms) // 3)]


def test_rigid_water_at_constant_pressure_and_its_continuation(water, tmp_path):
    out, whole = tmp_path / "run", tmp_path / "whole"
    more = [*PLAN, "--constraints", "rigid-water+h-bonds", "--timestep-fs", "2"]
    more += ["--hydrogen-mass", "2", "--trajectory", "extxyz"]
    assert run(["npt", str(water), "-o", str(whole), *more, "--steps", "20"]) == 0
    assert run(["npt", str(water), "-o", str(out), *more, "--steps", "10"]) == 0
    assert run(["md", "--resume", str(out), "--steps", "20"]) == 0
    for name in ("energies.csv", "trajectory.extxyz", "final.extxyz"):
        assert (out / name).read_bytes() == (whole / name).read_bytes(), name
    frames = read(whole / "trajectory.extxyz", ":")
    assert np.ptp([lengths(frame) for frame in frames]) < 1e-8
    assert np.ptp(read_table(whole / "energies.csv")["volume_angstrom3"]) > 0


def test_frozen_and_restrained_atoms_stay(water, tmp_path):
    out = tmp_path / "run"
    more = ["--freeze", "index 0 to 2", "--restrain", "element O and index 3 to 11"]
    more += ["--restrain-distances", "3 6 0 2.4", "--restraint-ev-per-angstrom2", "1"]
    more += ["--trajectory", "extxyz", "--minimize", "--minimize-steps", "5"]
    assert run(["nvt", str(water), "-o", str(out), *PLAN, *more, "--steps", "20"]) == 0
    first, last = read(water), read(out / "final.extxyz")
    moved = np.linalg.norm(last.positions - first.positions, axis=1)
    assert moved[:3].max() < 1e-12
    assert moved[3:].max() > 0.01
    table = read_table(out / "energies.csv")
    assert (table["energy_position_restraint_ev"] > 0).any()
    assert run(["md", "--resume", str(out), "--steps", "30"]) == 0


def test_a_droplet_stays_together(tmp_path):
    write(tmp_path / "m.xyz", molecule("H2O"))
    out = tmp_path / "run"
    more = ["--droplet-radius-angstrom", "0.5", "--steps", "10", "--sample-every", "5"]
    assert run(["nvt", str(tmp_path / "m.xyz"), "-o", str(out), *more]) == 0
    assert (read_table(out / "energies.csv")["energy_droplet_restraint_ev"] > 0).all()


def test_frames_carry_what_they_are_asked_to(water, tmp_path):
    out = tmp_path / "run"
    names = ["velocities", "charges", "dipole", "stress", "term_energies"]
    extras = [word for name in names for word in ("--frame-extras", name)]
    command = ["nvt", str(water), "-o", str(out), *PLAN, *extras, "--trajectory", "h5md", "--wrap"]
    assert run([*command, "--steps", "20"]) == 0
    assert run(["md", "--resume", str(out), "--steps", "30"]) == 0
    with h5py.File(out / "trajectory.h5md") as file:
        assert file["particles/atoms/position/value"].shape == (4, 12, 3)
        np.testing.assert_array_equal(file["particles/atoms/position/step"], [0, 10, 20, 30])
        assert file["particles/atoms/velocity/value"].shape == (4, 12, 3)
        found = []
        file.visit(found.append)
        assert any("charge" in name for name in found)
