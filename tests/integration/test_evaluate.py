"""`sundog evaluate` as a user meets it."""

import json
import subprocess
import sys

import pytest

from sundog.cli.app import run

LENNARD_JONES = ["--calculator", "ase.calculators.lj:LennardJones"]


def test_a_benchmark_of_a_calculator_in_one_command(tmp_path, capsys):
    out = tmp_path / "out.json"
    arguments = ["evaluate", "--benchmark", "s22", *LENNARD_JONES, "--one-by-one", "4"]
    assert run([*arguments, "--json", str(out)]) == 0
    outcome = json.loads(out.read_text())
    assert outcome["schema"] == "sundog.benchmark/1"
    assert [outcome["benchmark"], outcome["n"]] == ["s22", 22]
    assert outcome["model"] == LENNARD_JONES[1]
    assert outcome["seconds"] > 0
    assert outcome["batched_over_one_by_one"] > 0
    assert outcome["provenance"]["packages"]["ase"]
    low, high = outcome["intervals"]["mae"]
    assert low <= outcome["metrics"]["mae"] <= high
    said = capsys.readouterr()
    assert "22 of 22 dimers, 66 structures" in said.out
    assert "95 % interval" in said.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing to evaluate"),
        (["--benchmark", "s23"], "sapt10k, s66x8, s22"),
        (["--benchmark", "sapt10k"], "no --data-dir"),
        (["--benchmark", "s22", "--json", "no/such/folder.json"], "--json"),
        (["--benchmark", "s22", "--calculator", "os:nothing"], "module:factory"),
        (["--benchmark", "s22", "--precision", "float32"], "float64"),
        (["--benchmark", "s22", *LENNARD_JONES, "--model", "so3lr"], "takes the place"),
    ],
)
def test_wrong_input_is_refused(arguments, words, capsys):
    assert run(["evaluate", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_help_does_not_import_jax():
    probe = "import sys; from sundog.cli.app import run; run(['evaluate', '--help']); "
    probe += "sys.exit('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert "--calculator" in done.stdout
