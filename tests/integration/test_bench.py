"""`sundog bench` on a case that is small and short."""

import json
import subprocess
import sys

import pytest

from sundog.cli.app import run
from sundog.kernels.cpu.library import why_unavailable

KEYS = {
    "case": str,
    "atoms": int,
    "kernels": str,
    "precision": str,
    "force_us_per_atom": float,
    "step_us_per_atom": float,
    "compile_s": float,
    "peak_memory_mb": float,
    "force_spread": list,
    "step_spread": list,
    "ns_per_day": float,
    "startup_s": float,
    "electrostatics": str,
    "cutoff_angstrom": float,
    "device": str,
    "threads": int,
    "jax": str,
    "sundog": str,
}
SHORT = ["--rounds", "1", "--seconds", "0.1", "--steps", "10", "--prepare-steps", "0"]
SHORT += ["--no-drift", "--no-check"]


def test_bench_writes_rows_and_a_table(tmp_path, capsys):
    kernels = "plain" if why_unavailable() else "cpu"
    file = tmp_path / "speed.json"
    arguments = ["bench", "--cases", "water-24", "--kernels", kernels, "--precision", "float32"]
    assert run([*arguments, *SHORT, "--markdown", "--json", str(file)]) == 0
    (row,) = json.loads(file.read_text())
    assert {key: type(row[key]) for key in KEYS} == KEYS
    assert [row["case"], row["atoms"], row["kernels"]] == ["water-24", 24, kernels]
    assert row["drift"] is None
    assert row["force_spread"][0] <= row["force_us_per_atom"] <= row["force_spread"][1]
    said = capsys.readouterr()
    assert "| water-24 | 24 |" in said.out
    assert "round 1, water-24" in said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cases", "water-25"], "multiple of 3"),
        (["--cases", "watter-24"], "acala15"),
        (["--kernels", "plain,fast"], "--kernels: unknown (got fast)"),
        (["--cases", "crambin", "--data-dir", "nowhere"], "looked in nowhere"),
        (["--peers", "no-such-python"], "make peers"),
        (["--json", "no/such/folder.json"], "--json"),
        (["--rounds", "0"], "--rounds"),
    ],
)
def test_wrong_input_is_refused_before_anything_is_measured(arguments, words, capsys):
    assert run(["bench", *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "round 1" not in error


def test_help_names_the_cases_and_does_not_import_jax():
    probe = "import sys; from sundog.cli.app import run; run(['bench', '--help']); "
    probe += "sys.exit('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert "water-ATOMS" in done.stdout
    assert "--no-drift" in done.stdout
