"""`--paper`: the Hamiltonian of the published simulations, and nothing else beside it."""

import pytest
import yaml
from ase.io import read

from fixtures import PLAN
from sundog.cli.app import run
from sundog.errors import InputError
from sundog.hamiltonian import ElectronOptions, ModelOptions
from sundog.runs.job import Job
from sundog.runs.settings import SimulationSettings


def test_it_is_truncated_at_12_angstrom_without_a_tail(water, tmp_path):
    energies = []
    for name, told in (
        ("paper", ["--paper"]),
        ("told", ["--electrostatics", "truncated", "--cutoff-angstrom", "12"]),
    ):
        out = tmp_path / f"{name}.extxyz"
        assert run(["predict", str(water), "-o", str(out), *told]) == 0
        energies.append(read(out).get_potential_energy())
    assert energies[0] == energies[1]


def test_a_run_stays_with_it(water, tmp_path, capsys):
    out = tmp_path / "run"
    arguments = ["nvt", str(water), "-o", str(out), *PLAN, "--paper"]
    assert run([*arguments, "--steps", "10"]) == 0
    said = yaml.safe_load((out / "config.yaml").read_text())
    assert said["electrostatics"] == "truncated"
    assert said["dispersion_tail"] == "off"
    assert run(["md", "--resume", str(out), "--steps", "20"]) == 0
    capsys.readouterr()
    assert run(["md", "--resume", str(out), "--steps", "30", "--electrostatics", "ewald"]) == 2
    assert "--paper" in capsys.readouterr().err


@pytest.mark.parametrize(
    "told",
    [{"electrostatics": "wolf"}, {"cutoff_angstrom": 10.0}, {"dispersion_tail": "on"}],
)
def test_what_contradicts_it_is_refused(told):
    with pytest.raises(InputError, match="paper=True"):
        ModelOptions(paper=True, **told)


def test_multiple_time_steps_were_not_published():
    settings = SimulationSettings.of(long_range_every=2, sample_every=10)
    with pytest.raises(InputError, match="paper=True"):
        Job(settings, ModelOptions(paper=True), ElectronOptions())
