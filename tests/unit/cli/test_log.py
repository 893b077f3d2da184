"""The log of a run: written first, printed then; neither failure ends the run."""

import errno
import os

import pytest

from sundog.cli.log import Log
from sundog.errors import RunDirectoryError


def test_lines_are_written_with_their_time_and_command_no_terminal(tmp_path, capsys):
    with Log(tmp_path / "run.log") as log:
        log("m\033[31m.xyz: 2.5 Å")
    assert capsys.readouterr().out == "m\\x1b[31m.xyz: 2.5 Å\n"
    assert (tmp_path / "run.log").read_text().endswith("+00:00  m\\x1b[31m.xyz: 2.5 Å\n")


def test_a_log_that_cannot_be_opened_is_refused_in_words(tmp_path):
    (tmp_path / "run.log").mkdir()
    with pytest.raises(RunDirectoryError, match=r"run\.log: could not be written"):
        Log(tmp_path / "run.log")


def test_a_full_disk_is_said_once_and_hides_no_error(tmp_path, monkeypatch, capsys):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    def fails():
        with Log(tmp_path / "run.log") as log:
            log("before")
            monkeypatch.setattr(os, "write", full)
            log("one")
            log("two")
            raise ZeroDivisionError("the real error")

    with pytest.raises(ZeroDivisionError):
        fails()
    said = capsys.readouterr()
    assert said.out == "before\none\ntwo\n"
    assert said.err.count("lines are missing in it (No space left on device)") == 1
