"""Settings that contradict each other or the structure, as a user meets them."""

import pytest
from ase.build import molecule
from ase.io import write

from sundog.cli.app import run


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--thermostat", "nose-hoover"], "langevin or bussi"),
        (["--barostat", "mtk", "--thermostat", "bussi"], "nose-hoover"),
        (["--surface-tension-mn-per-m", "10"], "semi-isotropic"),
        (["--compressibility-per-bar", "0"], "--compressibility-per-bar"),
        (["--replica-temperatures-kelvin", "300", "--replicas", "2"], "as many as"),
        (["--replicas", "2", "--exchange-every", "10"], "replica-temperatures-kelvin"),
        (["--timestep-fs", "3"], "lightest atom"),
        (["--ramp-steps", "10"], "temperature-end-kelvin"),
        (["--momenta", "structure"], "no momenta"),
        (["--allow-change", "seed"], "--allow-change"),
        (["--freeze", "index 0 to 3"], "nvt or nve"),
        (["--constraints", "h-bonds", "--barostat", "mtk"], "rescaling"),
        (["--restrain", "nonsense here"], "selection"),
        (["--restrain", "index 99"], "no atom"),
        (["--restrain-distances", "0 5 1"], "two atoms"),
        (["--droplet-radius-angstrom", "5"], "periodic"),
        (["--frame-extras", "charges"], "extxyz"),
        (["--hydrogen-mass", "9"], "out of range"),
        (["--timestep-fs", "4.5", "--constraints", "h-bonds"], "lightest atom"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    arguments, words, water, tmp_path, capsys
):
    assert run(["npt", str(water), "-o", str(tmp_path / "run"), *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_pressure_needs_a_cell(tmp_path, capsys):
    write(tmp_path / "m.xyz", molecule("H2O"))
    assert run(["npt", str(tmp_path / "m.xyz"), "-o", str(tmp_path / "run")]) == 2
    assert "periodic" in capsys.readouterr().err
