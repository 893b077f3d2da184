"""`--live`: a run beside which a page is served is the same run, whatever becomes of the page."""

import os
import re
import signal
from urllib.request import ProxyHandler, build_opener

import pytest

from fixtures import PLAN
from sundog.cli.app import run
from sundog.live import companion

FILES = ("trajectory.xtc", "energies.csv", "final.extxyz", "final.pdb", "config.yaml")
"""Files of a run that hold no times of the day."""


@pytest.fixture(scope="module")
def alone(water, tmp_path_factory):
    """Return the files of a run without a page."""
    out = tmp_path_factory.mktemp("alone") / "run"
    assert run(["nvt", str(water), "-o", str(out), *PLAN, "--steps", "20"]) == 0
    return {name: (out / name).read_bytes() for name in FILES}


def reads(address):
    with build_opener(ProxyHandler({})).open(address, timeout=20) as answer:
        return answer.status


@pytest.mark.parametrize("fate", ["lives", "is killed", "hangs", "does not start"])
def test_the_run_is_the_same_whatever_becomes_of_the_page(
    fate, alone, water, tmp_path, monkeypatch, capsys
):
    seen, check = [], companion.LivePage.check

    def meddle(page):
        if page._process is not None and not seen:
            seen.append(page)
            if fate == "does not start":
                page._process.wait(10)
            else:
                page._listener.join(30)
                assert reads(page.address) == 200
            number = {"is killed": signal.SIGKILL, "hangs": signal.SIGSTOP}.get(fate)
            if number is not None:
                os.kill(page._process.pid, number)
            if number == signal.SIGKILL:
                page._process.wait(10)
        check(page)

    monkeypatch.setattr(companion.LivePage, "check", meddle)
    if fate == "does not start":
        monkeypatch.setattr(companion, "sys", type("Sys", (), {"executable": "/bin/false"}))
    out = tmp_path / "run"
    assert run(["nvt", str(water), "-o", str(out), *PLAN, "--steps", "20", "--live"]) == 0
    assert {name: (out / name).read_bytes() for name in FILES} == alone
    told = capsys.readouterr().out
    found = re.search(r"http://127\.0\.0\.1:\d+/\S+/", told)
    assert bool(found) == (fate != "does not start")
    assert ("There is no live page" in told) == (fate in ("is killed", "does not start"))
    if found:
        assert found.group() not in (out / "run.log").read_text()
        with pytest.raises(OSError, match="refused"):
            reads(found.group())


def test_a_dry_run_has_no_page(water, capsys):
    assert run(["nvt", str(water), "--dry-run", "--live"]) == 2
    assert "--live" in capsys.readouterr().err
