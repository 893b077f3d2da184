"""A verb that starts itself again runs no code of the current folder."""

import os
import platform
import signal
import subprocess
import sys

import pytest

from sundog.cli.allocator import SETTINGS, restart_with_retaining_allocator
from sundog.cli.signals import HANDLED


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only with glibc")
def test_the_program_is_started_again_without_the_current_folder(monkeypatch):
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    started = []
    monkeypatch.setattr(os, "execve", lambda *words: started.append(words))
    restart_with_retaining_allocator(["md", "w.xyz"])
    ((program, command, environment),) = started
    assert (program, command[1:]) == (sys.executable, ["-P", "-m", "sundog", "md", "w.xyz"])
    assert environment.items() >= SETTINGS.items()
    # Where no program has taken its place, this one hears signals.
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()) & set(HANDLED)


def test_modules_beside_a_structure_are_not_run(tmp_path):
    for name in ("numpy", "platform", "typing", "ase", "jax", "cyclopts"):
        (tmp_path / f"{name}.py").write_text("open('was-run', 'w')\n")
    command = [sys.executable, "-m", "sundog", "predict", "none.xyz", "-o", "out.xyz"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "no such file" in done.stderr
    assert not (tmp_path / "was-run").exists()
