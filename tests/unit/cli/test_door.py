"""The outermost door: no exit without words, whatever the streams and the environment."""

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

import sundog
from sundog.cli.door import explained, guarded
from sundog.cli.environment import check_jax_variables, refused_by_jax
from sundog.cli.streams import screens
from sundog.errors import InputError

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(sundog.__file__).parents[1])}


def program(arguments, cwd, **variables):
    return subprocess.run(
        [sys.executable, "-m", "sundog", *arguments],
        cwd=cwd,
        env={k: v for k, v in ENVIRONMENT.items() if k != "XLA_FLAGS"} | variables,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize(
    ("error", "words", "code"),
    [
        (InputError("steps: wrong"), "steps: wrong", 2),
        (MemoryError(), "memory: there is not enough", 3),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory"), "memory: there is not enough", 3),
        (OSError(errno.ENOSPC, "No space left on device", "f.xtc"), "f.xtc: No space left", 2),
        (PermissionError(errno.EACCES, "Permission denied", "out"), "out: Permission denied", 2),
        (ModuleNotFoundError("No module named 'h5py'"), "No module named 'h5py'", 2),
        (KeyboardInterrupt(), "Interrupted", 130),
    ],
)
def test_what_happens_to_a_sound_program_is_explained(error, words, code, capsys):
    def fails():
        raise error

    assert guarded(fails, ["md"]) == code
    said = capsys.readouterr().err
    assert said.startswith("sundog: ")
    assert words in said
    assert "bug" not in said


def test_anything_else_is_a_bug_with_a_report(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    file = tmp_path / "w.xyz"
    file.write_text("3")

    def fails():
        return {}["energy"]

    assert guarded(fails, ["predict", str(file), "-o", "x"]) == 1
    said = capsys.readouterr().err
    assert "bug of sundog: KeyError" in said
    assert said.rstrip().endswith(f"please send it, with {file}.")
    (report,) = tmp_path.glob("sundog-bug-*.txt")
    assert str(report) in said
    assert 'return {}["energy"]' in report.read_text()
    assert explained(KeyError("energy")) is None


def test_a_stream_that_lacks_letters_says_others(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", None)
    with screens():
        print("12 Å ± 3 µeV, 東", flush=True)
        print("nobody listens", file=sys.stderr)
    assert stream.buffer.getvalue() == b"12 A +- 3 ueV, ?\n"


def test_wrong_flags_of_xla_are_refused_before_they_end_the_process(monkeypatch):
    monkeypatch.delitem(sys.modules, "jax", raising=False)
    with pytest.raises(InputError, match=r"XLA_FLAGS.*--xla_nonsense"):
        check_jax_variables({**ENVIRONMENT, "XLA_FLAGS": "--xla_nonsense=1"})
    check_jax_variables({"XLA_FLAGS": "--xla_gpu_deterministic_ops=true"})


def test_other_exceptions_are_not_of_the_environment(monkeypatch):
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    assert refused_by_jax(ValueError("energy")) is None


@pytest.mark.parametrize(
    ("name", "value"), [("JAX_ENABLE_X64", "perhaps"), ("JAX_PLATFORMS", "toaster")]
)
def test_garbage_in_the_environment_is_named(name, value, tmp_path):
    (tmp_path / "w.xyz").write_text("3\n\nO 0 0 0\nH 0.76 0.59 0\nH -0.76 0.59 0\n")
    done = program(["predict", "w.xyz", "-o", "p.extxyz"], tmp_path, **{name: value})
    assert done.returncode == 2, done.stderr
    assert f"sundog: {name}: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_message_reaches_an_ascii_terminal(tmp_path):
    done = program(["md", "--skin-angstrom", "9"], tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 2
    assert "Expected a number from 0 to 5 A." in done.stderr
