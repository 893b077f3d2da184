"""Settings as they are typed: numbers, those that nothing reads, and names from elsewhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import sundog
from sundog.bounds import BOUNDS
from sundog.cli.app import VERBS, make_app, run
from sundog.cli.foreign import FOREIGN, suggestion

WRONG = ("nan", "inf", "-inf", "1e400", "-1e300", "five", "", "0x10", "1,5", "10" * 20, "1" * 5000)
"""Values that no numeric flag accepts."""


def numeric_flags():
    """Yield command and name of every numeric flag of every verb."""
    for verb in VERBS:
        app = make_app([verb])[verb]
        inner = {name: app[name] for name in app if not name.startswith("-")}
        for name, one in ({"": app} if app.default_command else inner).items():
            for argument in one.assemble_argument_collection():
                field = argument.names[0].removeprefix("--").replace("-", "_")
                if field in BOUNDS:
                    yield [verb, *([name] if name else [])], argument.names[0]


@pytest.mark.parametrize("command", sorted({tuple(command) for command, _ in numeric_flags()}))
def test_a_flag_that_is_no_number_is_named_and_nothing_is_written(
    command, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    for one, flag in numeric_flags():
        if tuple(one) != command:
            continue
        for value in ("nan", "1e400", "") if flag != "--seed" else WRONG:
            assert run([*command, f"{flag}={value}"]) == 2, (flag, value)
            said = capsys.readouterr().err
            assert flag in said, (flag, value, said)
            assert len(said) < 1500
    assert list(tmp_path.iterdir()) == []


def test_integers_may_be_written_as_others_do(capsys):
    assert run(["md", "--steps", "1e3"]) == 2
    assert run(["md", "--steps=1000.0"]) == 2
    assert capsys.readouterr().err.count("a structure file and --output are needed") == 2
    assert run(["md", "--steps=1000.5"]) == 2
    assert "--steps: not acceptable (got 1000.5)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "named", "needs"),
    [
        (["md", "--barostat", "rescaling"], "--barostat", "--ensemble npt"),
        (["nvt", "--pressure-bar", "1"], "--pressure-bar", "--ensemble npt"),
        (["md", "--coupling", "isotropic"], "--coupling", "--ensemble npt"),
        (["nve", "--thermostat", "bussi"], "--thermostat", "--ensemble nvt"),
        (["nve", "--friction-per-ps", "1"], "--friction-per-ps", "--ensemble nvt"),
        (["nvt", "--thermostat-time-fs", "100"], "--thermostat-time-fs", "--thermostat bussi"),
        (["npt", "--barostat", "mtk", "--friction-per-ps", "2"], "--friction-per-ps", "langevin"),
        (
            ["npt", "--barostat", "mtk", "--compressibility-per-bar", "4.5e-5"],
            "--compressibility-per-bar",
            "rescaling",
        ),
        (["md", "--minimize-steps", "200"], "--minimize-steps", "--minimize"),
        (["md", "--restraint-ev-per-angstrom2", "1"], "--restraint-ev-per-angstrom2", "--restrain"),
        (["md", "--ewald-accuracy", "1e-4"], "--ewald-accuracy", "--electrostatics ewald"),
        (
            ["md", "--electrostatics", "exact", "--cutoff-angstrom", "12"],
            "--cutoff-angstrom",
            "--electrostatics truncated",
        ),
        (
            ["nve", "--momenta", "structure", "--temperature-kelvin", "300"],
            "--temperature-kelvin",
            "--momenta thermal",
        ),
        (["predict", "--ewald-accuracy", "1e-4"], "--ewald-accuracy", "--electrostatics ewald"),
        (["minimize", "--ewald-accuracy", "1e-4"], "--ewald-accuracy", "--electrostatics ewald"),
        (["explain", "--ewald-accuracy", "1e-4"], "--ewald-accuracy", "--electrostatics ewald"),
    ],
)
def test_a_setting_that_nothing_reads_is_refused_with_what_reads_it(
    arguments, named, needs, tmp_path, capsys
):
    assert run([*arguments, "none.xyz", "-o", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"sundog: {named}: not used with these settings")
    assert needs in said


@pytest.mark.parametrize(
    ("flag", "meant"),
    [
        ("--dt", "--timestep-fs"),
        ("--nsteps", "--steps"),
        ("--total-charge", "--charge"),
        ("--lr_cutoff", "--cutoff-angstrom"),
        ("--temperature", "--temperature-kelvin"),
        ("--ref_t", "--temperature-kelvin"),
        ("--stepz", "--steps"),
        ("--replica", "--replicas"),
        ("--qqqqq", "--help"),
    ],
)
def test_flags_of_other_programs_get_the_right_suggestion(flag, meant, capsys):
    assert run(["md", "none.xyz", flag, "5"]) == 2
    said = capsys.readouterr().err
    assert flag in said
    assert meant in said


def test_what_is_suggested_exists():
    known = {
        name
        for verb in ("md", "minimize", "predict")
        for one in make_app([verb])[verb].assemble_argument_collection()
        for name in one.names
    }
    for name, answer in FOREIGN.items():
        named = [word.strip(",():;") for word in answer.split() if word.strip("(").startswith("--")]
        assert known | {"--config"} >= set(named), name
    assert suggestion("--zzz", []) == " `--help` lists all there are."


@pytest.mark.parametrize("spelling", [["--config", "FILE"], ["--config=FILE"]])
def test_a_file_of_settings_is_given_in_either_spelling(spelling, tmp_path, capsys):
    file = tmp_path / "a.yaml"
    for text, words in (
        ("steps: 1.5", "--steps: not acceptable"),
        ("stepz: 5", "--steps is meant"),
    ):
        file.write_text(text)
        assert run(["md", "none.xyz", *[one.replace("FILE", str(file)) for one in spelling]]) == 2
        assert words in capsys.readouterr().err


def test_a_refusal_imports_nothing_heavy():
    code = (
        "import sys; from sundog.cli.app import run\n"
        "assert run(['md', 'a.xyz', '-o', 'x.hdf5', '--steps', '5']) == 2\n"
        "assert run(['md', 'a.xyz', '-o', 'x', '--steps', 'nan']) == 2\n"
        "assert 'jax' not in sys.modules and 'ase' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(sundog.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "a run writes a folder" in done.stderr
