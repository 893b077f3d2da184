"""Standard output and error closed, full, gone or in ASCII."""

import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

from hard.tries import Ground, Tried, ended, left_over, unsaid
from killed.same import difference


def _closed(number: int) -> Callable[[], None]:
    return lambda: os.close(number)


def _full(number: int) -> Callable[[], None]:
    def prepare() -> None:
        os.dup2(os.open("/dev/full", os.O_WRONLY), number)

    return prepare


def _gone(number: int) -> Callable[[], None]:
    def prepare() -> None:
        reader, writer = os.pipe()
        os.close(reader)
        os.dup2(writer, number)

    return prepare


def _ascii(number: int) -> Callable[[], None]:
    def prepare() -> None:
        stream = sys.stdout if number == 1 else sys.stderr
        stream.reconfigure(encoding="ascii", errors="strict")  # pyright: ignore

    return prepare


WAYS = {"closed": _closed, "full": _full, "gone": _gone, "ascii": _ascii}
"""Ways in which a stream may be wrong, by name."""


def streams(ground: Ground, chance: random.Random) -> Tried:
    """Yield commands with each stream in each way."""
    for way, wrong in WAYS.items():
        for number, stream in ((1, "output"), (2, "error")):
            own = ground.new()
            yield f"run, {stream} {way}", _run(ground, own, wrong(number))
            for name in ground.files(Path()):
                own = ground.new()
                yield f"{name}, {stream} {way}", _file(ground, own, name, wrong(number))


def _run(ground: Ground, own: Path, prepare: Callable[[], None]) -> str | None:
    work, log = ground.run(own), own / "log"
    code = ended(work.begin, log, prepare)
    return unsaid(log, code, {0}) or difference(work.folder, ground.peace.folder)


def _file(ground: Ground, own: Path, name: str, prepare: Callable[[], None]) -> str | None:
    output, log = own / "result.extxyz", own / "log"
    # 2 where lines that are missing in a full standard output are the result.
    code = ended(ground.files(output)[name], log, prepare)
    if wrong := unsaid(log, code, {0, 2}):
        return wrong
    if not output.exists():
        return f"{output} was not written, see {log}"
    return left_over(own)
