"""Signals at random moments."""

import random
import signal
from pathlib import Path

from hard.tries import Ground, Tried, goes_on, left_over, unsaid
from killed.processes import start
from killed.same import difference

NUMBERS = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGXCPU,
)
"""Signals that end a command in words."""

EARLIEST = 0.05
"""Time in s after which a process that was forked is sure to have begun to listen."""


def signals(ground: Ground, chance: random.Random) -> Tried:
    """Yield runs and commands that write one file, each with a signal at a random moment."""
    names = list(ground.files(Path()))
    for _ in range(ground.tries):
        for number in NUMBERS:
            own = ground.new()
            after = chance.uniform(EARLIEST, ground.peace.seconds)
            again = chance.uniform(0, 1) if chance.random() < 0.3 else None
            yield f"run, {number.name}", _run(ground, own, number, after, again)
    for name in names:
        for number in NUMBERS:
            own = ground.new()
            after = chance.uniform(EARLIEST, 4)
            yield f"{name}, {number.name}", _file(ground, own, name, number, after)


def _run(
    ground: Ground, own: Path, number: signal.Signals, after: float, again: float | None
) -> str | None:
    work, log = ground.run(own), own / "log"
    code = _sent(work.begin, log, number, after, again)
    codes = {0, 128 + number}
    if again is not None and number == signal.SIGTERM:
        codes.add(-number)  # the second one ends it where it stands
    if wrong := unsaid(log, code, codes):
        return wrong
    if code == 0:
        return difference(work.folder, ground.peace.folder)
    if code > 0 and work.folder.exists() and (left := left_over(work.folder)):
        return left
    return goes_on(work, ground.peace, own / "log-again")


def _file(ground: Ground, own: Path, name: str, number: signal.Signals, after: float) -> str | None:
    output, log = own / "out" / "result.extxyz", own / "log"
    output.parent.mkdir()
    output.write_text("mine")
    code = _sent(ground.files(output)[name], log, number, after, None)
    if wrong := unsaid(log, code, {0, 128 + number}):
        return wrong
    if code != 0 and output.read_text() != "mine" and not _whole(ground, own, name, output):
        return f"{output} is neither as it was nor whole"
    return left_over(output.parent)


def _whole(ground: Ground, own: Path, name: str, output: Path) -> bool:
    """Return whether a file is what the command writes, as far as its size says."""
    other = own / "other.extxyz"
    start(ground.files(other)[name], own / "log-other").end()
    return len(other.read_text().splitlines()) == len(output.read_text().splitlines())


def _sent(
    words: list[str], log: Path, number: signal.Signals, after: float, again: float | None
) -> int:
    """Send a signal to a command, perhaps twice, and return its exit code."""
    child = start(words, log, lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    for seconds in (after, again):
        if seconds is not None:
            code = child.wait(seconds)
            if code is not None:
                return code
            child.kill(number)
    return child.end()
