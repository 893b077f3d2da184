"""Settings that contradict each other or the structure, as a user meets them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ase.build import molecule
from ase.io import write

import sundog
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


SILICON = "3\n\nSi 0 0 0.1\nH 0 0.76 -0.47\nH 0 -0.76 -0.47\n"


def test_what_a_file_alone_tells_is_refused_before_anything_heavy_is_imported(tmp_path):
    (tmp_path / "si.xyz").write_text(SILICON)
    (tmp_path / "si.pdb").write_text(
        f"HETATM    1 SI   LIG A   1    {0:8.3f}{0:8.3f}{0:8.3f}{'SI':>24s}\n"
    )
    (tmp_path / "bare.pdb").write_text(
        f"ATOM      1 CA   GLY A   1    {0:8.3f}{0:8.3f}{0:8.3f}{'C':>24s}\n"
    )
    (tmp_path / "radical.xyz").write_text("2\n\nO 0 0 0\nH 0.97 0 0\n")
    code = (
        "import sys; from sundog.cli.app import run\n"
        "for verb in ('md', 'predict', 'minimize'):\n"
        "    for file in ('si.xyz', 'si.pdb', 'bare.pdb', 'radical.xyz'):\n"
        "        assert run([verb, file, '-o', 'out']) == 2\n"
        "assert run(['prepare', 'bare.pdb', '--chains', 'Q', '-o', 'out']) == 2\n"
        "heavy = {'jax', 'scipy', 'ase.io', 'matplotlib', 'h5py'} & sys.modules.keys()\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(sundog.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("no parameters for Si") == 6
    assert done.stderr.count("residues lack them") == 3
    assert done.stderr.count("for a radical") == 3
