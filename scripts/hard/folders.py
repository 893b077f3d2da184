"""Folders, files and caches that may not be written or read."""

import ctypes
import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hard.tries import Ground, Tried, ended, snapshot, unsaid
from killed.same import difference


def folders(ground: Ground, chance: random.Random) -> Tried:
    """Yield commands whose output, input or cache is closed to them, as to an ordinary user."""
    for name in ground.files(Path()):
        own = ground.new()
        output = own / "closed" / "result.extxyz"
        output.parent.mkdir()
        yield (
            f"{name} into a closed folder",
            _refused(ground.files(output)[name], own, [output.parent]),
        )
    own = ground.new()
    (own / "closed").mkdir()
    run = [*ground.run(own / "closed").begin]
    yield "a run in a closed folder", _refused(run, own, [own / "closed"])
    for name in (".", "energies.csv", "trajectory.xtc", "checkpoints"):
        own = ground.new()
        shutil.copytree(ground.peace.folder, own / "run")
        words = ["md", "--resume", str(own / "run"), "--steps", "120"]
        yield f"a resumption, {name} closed", _refused(words, own, [own / "run" / name])
    own = ground.new()
    shutil.copy(ground.structure, own / "in.extxyz")
    words = ["predict", str(own / "in.extxyz"), "-o", str(own / "out.extxyz")]
    yield "a structure that may not be read", _refused(words, own, [own / "in.extxyz"], 0)
    own = ground.new()
    yield "a cache that may not be written", _cached(ground, own)


def _refused(words: list[str], own: Path, closed: list[Path], mode: int = 0o555) -> str | None:
    log = own.with_suffix(".log")
    before = snapshot(own)
    with _closed(closed, mode):
        code = ended(words, log, powerless)
    if wrong := unsaid(log, code, {2}):
        return wrong
    if snapshot(own) != before:
        changed = snapshot(own).items() ^ before.items()
        return f"something was changed: {min(path for path, _ in changed)}"
    return None


def _cached(ground: Ground, own: Path) -> str | None:
    work, log, programs = ground.run(own), own / "log", own / "programs"
    programs.mkdir()

    def prepare() -> None:
        os.environ["JAX_COMPILATION_CACHE_DIR"] = str(programs)
        powerless()

    with _closed([programs], 0o555):
        code = ended(work.begin, log, prepare)
    return unsaid(log, code, {0}) or difference(work.folder, ground.peace.folder)


@contextmanager
def _closed(paths: list[Path], mode: int) -> Iterator[None]:
    """Take permissions from paths for a while."""
    before = {path: path.stat().st_mode for path in paths}
    for path in paths:
        path.chmod(mode & 0o444 if path.is_file() else mode)
    try:
        yield
    finally:
        for path, usual in before.items():
            path.chmod(usual)


def powerless() -> None:
    """Take from this process what root may do beyond the permissions of files.

    It keeps the user, but none of the capabilities, by capset(2).
    """
    if os.geteuid() != 0:
        return
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this process
    none = (ctypes.c_uint32 * 6)()
    call: Callable[..., int] = ctypes.CDLL(None, use_errno=True).capset
    if call(header, none) != 0:
        raise OSError(ctypes.get_errno(), "capset")
