"""Multiple time steps, as a user meets them."""

import numpy as np
import yaml
from ase.io import read

from fixtures import PLAN, call
from sundog.cli.app import run
from sundog.io.structures import system_from_atoms
from sundog.io.table import read_table
from sundog.weights.load import load

FILES = ("energies.csv", "trajectory.extxyz", "final.extxyz")
STEPS = ["--long-range-every", "5", "--timestep-fs", "1", "--constraints", "rigid-water+h-bonds"]


def test_a_run_its_continuation_and_what_it_shows(water, tmp_path, capsys):
    out, whole = tmp_path / "run", tmp_path / "whole"
    command = ["npt", str(water), *PLAN, *STEPS, "--trajectory", "extxyz", "--frame-extras"]
    assert run([*command, "forces", "-o", str(whole), "--steps", "20"]) == 0
    assert "electrostatics and dispersion every 5 fs" in (whole / "run.log").read_text()
    assert run([*command, "forces", "-o", str(out), "--steps", "10"]) == 0
    assert run(["md", "--resume", str(out), "--steps", "20"]) == 0
    for name in FILES:
        assert (out / name).read_bytes() == (whole / name).read_bytes(), name
    # The forces of a frame are physical, not those of an impulse.
    frame = read(whole / "trajectory.extxyz", -1)
    force_field = load(electrostatics="truncated", precision="float64")
    system = system_from_atoms(frame)
    expected = call(force_field, system, force_field.pairs_once(system))
    np.testing.assert_allclose(frame.get_forces(), expected.forces, atol=1e-3)
    table = read_table(whole / "energies.csv")
    np.testing.assert_allclose(table["potential_energy_ev"][-1], expected.energy[0], atol=1e-3)
    capsys.readouterr()
    assert run(["md", "--resume", str(out), "--steps", "22"]) == 2
    assert "--steps" in capsys.readouterr().err


def test_runs_of_earlier_versions_go_on_as_they_were(water, tmp_path, capsys):
    out = tmp_path / "run"
    assert run(["nvt", str(water), "-o", str(out), *PLAN, "--steps", "10"]) == 0
    told = yaml.safe_load((out / "config.yaml").read_text())
    assert told.pop("long_range_every") == 1
    (out / "config.yaml").write_text(yaml.safe_dump(told))
    assert run(["md", "--resume", str(out), "--steps", "20"]) == 0
    capsys.readouterr()
    more = ["--steps", "30", "--long-range-every", "5"]
    assert run(["md", "--resume", str(out), *more]) == 2
    assert "--allow-change long-range-every" in capsys.readouterr().err
    assert run(["md", "--resume", str(out), *more, "--allow-change", "long-range-every"]) == 0
