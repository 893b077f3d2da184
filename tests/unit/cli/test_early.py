"""Refusals before anything heavy is imported say what the readers would say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import sundog
from sundog.cli.early import refuse_held, refuse_missing
from sundog.errors import FileFormatError, RunDirectoryError

SILICON = "3\n\nSi 0 0 0.1\nH 0 0.76 -0.47\nH 0 -0.76 -0.47\n"


def test_files_that_are_missing_and_folders_that_are_held(tmp_path):
    with pytest.raises(FileFormatError, match="no such file"):
        refuse_missing(tmp_path / "none.xyz")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunDirectoryError, match=r"files already.*notes\.txt"):
        refuse_held(tmp_path, overwrite=False)
    with pytest.raises(RunDirectoryError, match="is a file"):
        refuse_held(tmp_path / "notes.txt", overwrite=True)
    refuse_held(tmp_path, overwrite=True)
    refuse_held(tmp_path / "new", overwrite=False)


def test_no_verb_starts_jax_for_them(tmp_path):
    (tmp_path / "si.xyz").write_text(SILICON)
    (tmp_path / "si.pdb").write_text(
        f"HETATM    1 SI   LIG A   1    {0:8.3f}{0:8.3f}{0:8.3f}{'SI':>24s}\n"
    )
    code = (
        "import sys; from sundog.cli.app import run\n"
        "for verb in ('md', 'predict', 'minimize'):\n"
        "    for file in ('si.xyz', 'si.pdb', 'none.xyz'):\n"
        "        assert run([verb, file, '-o', 'out']) == 2\n"
        "assert 'jax' not in sys.modules\n"
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
