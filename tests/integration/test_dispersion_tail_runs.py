"""When the tail of the dispersion is on, and that it is said."""

import pytest
import yaml
from ase.build import molecule
from ase.io import read, write

from sundog.cli.app import run
from sundog.hamiltonian import ModelOptions
from sundog.io.extxyz import write_extxyz
from sundog.loading import load_force_field
from sundog.numerics.precision import with_x64
from sundog.prepare.water import water_box

LIQUID, FEW, ALONE = water_box(32), water_box(4), molecule("H2O")


@pytest.mark.parametrize(
    ("atoms", "asked", "moving", "said"),
    [
        (LIQUID, "auto", True, "on (a homogeneous liquid of 32 molecules)"),
        (LIQUID, "auto", False, "off (single points, unless asked for)"),
        (LIQUID, "off", True, "off (as asked)"),
        (LIQUID, "on", False, "on (as asked)"),
        (FEW, "auto", True, "off (only 4 molecule(s))"),
        (FEW, "on", True, "on (as asked). Warning"),
        (ALONE, "auto", True, "off (no cutoff)"),
    ],
)
def test_what_is_chosen_and_why(atoms, asked, moving, said):
    options = ModelOptions(dispersion_tail=asked, precision="float64")
    choose = with_x64(load_force_field)
    force_field, line = choose(options, [atoms], run=moving)
    assert f"dispersion tail {said}" in line
    assert (force_field.tail is not None) == said.startswith("on")


def test_single_points_and_refusals(tmp_path, capsys):
    source, out = tmp_path / "w.extxyz", tmp_path / "o.extxyz"
    write_extxyz(source, FEW)
    command = ["predict", str(source), "-o", str(out), "--overwrite"]
    assert run([*command, "--dispersion-tail", "on"]) == 0
    with_tail = read(out)
    assert run(command) == 0
    told = capsys.readouterr().out
    assert "tail on (as asked). Warning" in told
    assert "tail off (single points" in told
    without = read(out)
    assert "energy_dispersion_tail" not in without.info
    tail = with_tail.info["energy_dispersion_tail"]
    assert tail < 0
    assert with_tail.get_potential_energy() - without.get_potential_energy() == pytest.approx(
        tail, rel=1e-9
    )
    write(tmp_path / "m.xyz", ALONE)
    command = ["nvt", str(tmp_path / "m.xyz"), "-o", str(tmp_path / "run")]
    assert run([*command, "--dispersion-tail", "on"]) == 2
    assert "exact" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_run_keeps_what_it_began_with(tmp_path, capsys):
    source, out = tmp_path / "w.extxyz", tmp_path / "run"
    write_extxyz(source, FEW)
    assert run(["nvt", str(source), "-o", str(out), "--steps", "5"]) == 0
    config = yaml.safe_load((out / "config.yaml").read_text())
    assert config["dispersion_tail"] == "off"
    assert "dispersion tail off (only 4 molecule(s))" in (out / "run.log").read_text()
    # A run of before there was a tail had none.
    del config["dispersion_tail"]
    (out / "config.yaml").write_text(yaml.safe_dump(config))
    assert run(["md", "--resume", str(out), "--steps", "10"]) == 0
    capsys.readouterr()
    assert run(["md", "--resume", str(out), "--steps", "15", "--dispersion-tail", "on"]) == 2
    assert "dispersion-tail: would change" in capsys.readouterr().err
