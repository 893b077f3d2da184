"""Pages of a run that goes on: asked for at any time, made when the run has moved."""

import threading
import time

from sundog.errors import FileFormatError
from sundog.live import pages as module
from sundog.live.pages import Pages, page_of, stamp_of
from sundog.locks import lock_folder
from written_runs import moving, waters, written_run


def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_a_request_does_not_wait_for_the_page():
    go_on = threading.Event()
    pages = Pages(lambda: go_on.wait(20) and "made", lambda: 0)
    begun = time.monotonic()
    first = pages.answer()
    assert time.monotonic() - begun < 5
    assert b"sundog report, live" in first.body
    assert first.again_s == module.SOON_S
    go_on.set()
    assert until(lambda: pages.answer() == (b"made", module.AGAIN_S))


def test_nothing_is_made_before_it_is_asked_for_nor_again_while_nothing_moves(monkeypatch):
    monkeypatch.setattr(module, "SHARE", 0.0)
    made, stamp = [], [1]
    pages = Pages(lambda: made.append(0) or f"page {len(made)}", lambda: stamp[0])
    time.sleep(0.2)
    assert made == []
    assert until(lambda: pages.answer().body == b"page 1")
    for _ in range(5):
        pages.answer()
        time.sleep(0.05)
    assert len(made) == 1
    stamp[0] = 2
    assert until(lambda: pages.answer().body == b"page 2")


def test_what_fails_is_tried_again_and_said_as_text(monkeypatch):
    monkeypatch.setattr(module, "BETWEEN_TRIES_S", 0.01)
    monkeypatch.setattr(module, "SOON_S", 0.05)
    failures = [FileFormatError("<script>cut</script>")] * module.TRIES

    def make():
        if failures:
            raise failures.pop()
        return "whole"

    pages = Pages(make, lambda: 0)
    assert until(lambda: b"&lt;script&gt;cut" in pages.answer().body or not failures)
    assert b"<script>cut" not in pages.answer().body
    assert until(lambda: pages.answer().body == b"whole")


def test_a_page_stays_where_the_next_one_fails(monkeypatch):
    monkeypatch.setattr(module, "SHARE", 0.0)
    monkeypatch.setattr(module, "BETWEEN_TRIES_S", 0.01)
    tried, stamp = [], [0]

    def make():
        if stamp[0]:
            tried.append(0)
            raise ZeroDivisionError
        return "good"

    pages = Pages(make, lambda: stamp[0])
    assert until(lambda: pages.answer().body == b"good")
    stamp[0] = 1
    pages.answer()
    assert until(lambda: len(tried) >= module.TRIES)
    assert pages.answer().body == b"good"


def test_the_page_of_a_run_that_goes_on_is_its_report_and_changes_with_it(tmp_path):
    atoms = waters()
    folder = written_run(tmp_path / "run", atoms, moving(atoms))
    (folder / "final.extxyz").unlink()
    before = stamp_of(folder)
    assert len(before) == 2
    assert stamp_of(folder) == before
    with lock_folder(folder):
        page = page_of(folder)
    assert "The run has not come to its end" in page
    assert 'id="verdict"' in page
    with (folder / "energies.csv").open("a") as file:
        file.write("\n")
    assert stamp_of(folder) != before
