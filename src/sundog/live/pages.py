"""Pages of a run as it goes on: made in a thread, when they are asked for and the run has moved.

A request never waits: it is given the last page, or a word that there is none yet.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sundog.errors import SundogError
from sundog.live.server import Answer

AGAIN_S, SOON_S = 30, 2
"""Times in s after which a browser asks again: where there is a page, and where there is none."""

SHARE = 5.0
"""Time between the ends of two pages in times that it takes to make one, at least."""

TRIES, BETWEEN_TRIES_S = 4, 0.5
"""Number of times that a page is tried whose files may be in the middle of a write, and the time in
s in between."""


class Pages:
    """The last page of a run, and the thread that makes the next one."""

    def __init__(self, make: Callable[[], str], stamp: Callable[[], object]):
        """Begin with no page.

        Args:
            make: function that returns the page.
            stamp: function that returns something that changes when the run has moved.
        """
        self._make, self._stamp = make, stamp
        self._asked = threading.Event()
        self._page: bytes | None = None
        self._made_of: object = None
        self._took = self._ended = 0.0
        self._why = ""
        threading.Thread(target=self._work, daemon=True).start()

    def answer(self) -> Answer:
        """Return the last page, and have the next one made."""
        self._asked.set()
        if self._page is None:
            return Answer(waiting(self._why).encode(), SOON_S)
        return Answer(self._page, max(AGAIN_S, round(SHARE * self._took)))

    def _work(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            rest = self._ended + (SHARE * self._took if self._page else SOON_S) - time.monotonic()
            stamp = self._stamp()
            if rest > 0 or (self._page is not None and stamp == self._made_of):
                continue
            begun = time.monotonic()
            page = self._tried()
            self._ended = time.monotonic()
            if page is not None:
                self._page, self._made_of, self._took = page, stamp, self._ended - begun

    def _tried(self) -> bytes | None:
        for left in reversed(range(TRIES)):
            try:
                return self._make().encode()
            except SundogError as error:
                self._why = str(error)
            except Exception as error:
                # Whatever goes wrong here is shown, and the run does not know of it.
                self._why = f"{type(error).__name__}: {error}"
            if left:
                time.sleep(BETWEEN_TRIES_S)
        return None


def waiting(why: str) -> str:
    """Return a page that says that there is none yet, and why."""
    from sundog.report.skeleton import render

    return render(
        "waiting.html",
        title="sundog report",
        eyebrow="sundog report, live",
        heading="The page is being made",
        lead="It comes by itself as soon as the run has written a frame.",
        contents=[],
        why=why,
    )


def page_of(folder: Path) -> str:
    """Return the report of what a run has written so far."""
    from sundog.report.build import make_report
    from sundog.runs.recorded import open_recordings

    recordings = open_recordings([folder], unfinished=True)
    return make_report(recordings, [folder.resolve()] * len(recordings))


def stamp_of(folder: Path) -> object:
    """Return sizes and times of the files that a run writes to while it moves."""
    found = []
    for pattern in ("energies.csv", "trajectory.*", "final.extxyz"):
        for path in sorted([*folder.glob(pattern), *folder.glob(f"replica-*/{pattern}")]):
            with suppress(OSError):  # it was renamed just now
                told = path.stat()
                found.append((path.name, told.st_size, told.st_mtime_ns))
    return tuple(found)
