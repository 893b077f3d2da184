"""Files that may not grow beyond a random size, as on a full disk."""

import os
import random
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

from hard.tries import Ground, Tried, ended, goes_on, left_over, unsaid
from killed.same import difference


def disk(ground: Ground, chance: random.Random) -> Tried:
    """Yield runs and commands that write one file, each with a largest size of its files."""
    sizes = [path.stat().st_size for path in ground.peace.folder.rglob("*") if path.is_file()]
    for _ in range(ground.tries):
        own = ground.new()
        limit = int(chance.choice(sizes) * chance.uniform(0, 1.1))
        yield f"run, {limit} bytes", _run(ground, own, limit)
    for name in ground.files(Path()):
        own = ground.new()
        limit = chance.randrange(300)
        yield f"{name}, {limit} bytes", _file(ground, own, name, limit)


def _run(ground: Ground, own: Path, limit: int) -> str | None:
    work, log = ground.run(own), own / "log"
    code = _ended(work.begin, log, limit)
    if wrong := unsaid(log, code, {0, 2, 3}):
        return wrong
    if code == 0:
        return difference(work.folder, ground.peace.folder)
    return goes_on(work, ground.peace, own / "log-again")


def _file(ground: Ground, own: Path, name: str, limit: int) -> str | None:
    output, log = own / "out" / "result.extxyz", own / "log"
    output.parent.mkdir()
    output.write_text("mine")
    code = _ended(ground.files(output)[name], log, limit)
    if wrong := unsaid(log, code, {2, 3}):
        return wrong
    if output.read_text() != "mine":
        return f"{output} is not as it was"
    return left_over(output.parent)


def _ended(words: list[str], log: Path, limit: int) -> int:
    """Run a command whose files are limited, but for its log."""
    with log.open("wb") as file, subprocess.Popen(["cat"], stdin=-1, stdout=file) as cat:
        assert cat.stdin is not None
        code = ended(words, own_log(log), _limited(limit, cat.stdin.fileno()))
        cat.stdin.close()
    return code


def own_log(log: Path) -> Path:
    """Return the path of what a process prints before it is prepared."""
    return log.with_name(f"{log.name}-begin")


def _limited(limit: int, printed: int) -> Callable[[], None]:
    def prepare() -> None:
        for number in (1, 2):
            os.dup2(printed, number)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    return prepare
