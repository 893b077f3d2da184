"""The process of the live page: it serves, it ends with the run, and its end is only said."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import pytest

from sundog.live import companion
from sundog.live.companion import LivePage
from written_runs import moving, waters, written_run

PARENT = """
import sys, time
from pathlib import Path
from sundog.live.companion import LivePage
page = LivePage(Path(sys.argv[1]), print, lambda line: print(line, page._process.pid, flush=True))
time.sleep(60)
"""
"""Program that has a live page and does nothing else."""


def read(address):
    with build_opener(ProxyHandler({})).open(address, timeout=20) as answer:
        return answer.read().decode()


def address_of(page):
    end = time.monotonic() + 30
    while page.address is None and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(0.05)  # it is announced a moment later
    return page.address


def ended(pid, seconds=10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def folder(tmp_path):
    atoms = waters()
    return written_run(tmp_path / "run", atoms, moving(atoms))


def test_the_report_is_served_until_the_run_ends(folder):
    said, heard = [], []
    before = {one: one.stat().st_mtime_ns for one in [folder, *folder.rglob("*")]}
    with LivePage(folder, said.append, heard.append) as page:
        address_of(page)
        assert heard == [page.address]
        end = time.monotonic() + 60
        while 'id="verdict"' not in (text := read(page.address)) and time.monotonic() < end:
            time.sleep(0.3)
        assert 'id="verdict"' in text
        page.check()
        process = page._process
    assert process.returncode is not None
    with pytest.raises(URLError):
        read(page.address)
    assert said == []
    assert {one: one.stat().st_mtime_ns for one in [folder, *folder.rglob("*")]} == before


def test_a_process_that_was_killed_is_said_once(folder):
    said, heard = [], []
    with LivePage(folder, said.append, heard.append) as page:
        page.check()
        assert said == []
        os.kill(page._process.pid, signal.SIGKILL)
        page._process.wait(10)
        page.check()
        page.check()
    assert len(said) == 1
    assert "code -9" in said[0]
    assert "goes on without it" in said[0]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_the_run_however_that_ends(folder, how):
    command = [sys.executable, "-P", "-c", PARENT, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        address, pid = parent.stdout.readline().split()
        assert "verdict" in read(address) or "Not yet" in read(address)
        parent.send_signal(how)
        parent.wait(10)
        assert ended(int(pid))


def test_a_hanging_process_does_not_hold_up_the_end(folder, monkeypatch):
    monkeypatch.setattr(companion, "LONGEST_END_S", 0.2)
    with LivePage(folder, print, print) as page:
        os.kill(page._process.pid, signal.SIGSTOP)
        process = page._process
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("program", ["false", "missing"])
def test_a_page_that_cannot_start_is_said_and_nothing_else(folder, monkeypatch, program):
    found = {"false": "/bin/false", "missing": str(folder / "missing")}[program]
    monkeypatch.setattr(companion.sys, "executable", found)
    said, heard = [], []
    with LivePage(folder, said.append, heard.append) as page:
        if page._process is not None:
            page._process.wait(10)
        page.check()
        page.check()
    assert page.address is None
    assert len(said) == 1
    assert heard == []


def test_a_process_that_does_not_say_its_address_is_not_waited_for(folder, monkeypatch, tmp_path):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr(companion.sys, "executable", str(program))
    monkeypatch.setattr(companion, "LONGEST_END_S", 0.2)
    said, heard = [], []
    begun = time.monotonic()
    with LivePage(folder, said.append, heard.append) as page:
        assert page.address is None
        page.check()
    assert time.monotonic() - begun < 10
    assert said == []


def test_what_the_run_keeps_for_itself_is_not_handed_on(monkeypatch):
    environment = companion._environment({"MALLOC_TOP_PAD_": "1", "HOME": "/h", "X": "y"})
    assert "MALLOC_TOP_PAD_" not in environment
    assert environment["X"] == "y"
    assert environment["OMP_NUM_THREADS"] == "1"
    assert environment["HDF5_USE_FILE_LOCKING"] == "FALSE"
