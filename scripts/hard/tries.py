"""Common parts of the tries of all kinds: commands, their inputs, and what is never right."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from killed.processes import start
from killed.runs import Peace, Work, left_in_peace, work_of
from killed.same import LEFTOVER

Tried = Iterator[tuple[str, str | None]]
"""Pairs of what was tried, and in words what was wrong; None where nothing was."""

RUN = "nvt langevin, xtc"
"""Case of `killed.runs` that stands for runs."""

NEVER = ("This is a bug", "Traceback (most recent call last)")
"""Words that no hardship may call forth."""


@dataclass
class Ground:
    """Folder to work in, and what was made there once.

    Attributes:
        folder: the folder.
        tries: number of tries of kinds with random moments.
    """

    folder: Path
    tries: int
    _peace: Peace | None = field(default=None, init=False)
    _made: int = field(default=0, init=False)

    @property
    def structure(self) -> Path:
        """Path of a structure file, water."""
        work_of(RUN, self.folder, self.folder / "unused")  # which writes it
        return self.folder / "water.extxyz"

    @property
    def peace(self) -> Peace:
        """Run that was left in peace."""
        if self._peace is None:
            self._peace = left_in_peace(RUN, self.folder, self.folder / "peace")
        return self._peace

    def new(self) -> Path:
        """Make a folder for one try and return it."""
        self._made += 1
        own = self.folder / f"{self._made:04d}"
        own.mkdir()
        return own

    def run(self, own: Path) -> Work:
        """Return the work of a run in a folder of a try."""
        return work_of(RUN, self.folder, own / "run")

    def files(self, output: Path) -> dict[str, list[str]]:
        """Return commands that write one file, quickly, by name."""
        structure = str(self.structure)
        return {
            "predict": ["predict", structure, "-o", str(output), OVER],
            "minimize": ["minimize", structure, "-o", str(output), OVER, *LOOSE],
            "prepare water": ["prepare", "water", "--molecules", "9", "-o", str(output), OVER],
            "prepare polyalanine": ["prepare", "polyalanine", "-o", str(output), OVER],
            "coverage": ["coverage", structure, "--json", str(output)],
            "explain": ["explain", structure, "--json", str(output), "--no-dimer"],
        }


OVER = "--overwrite"
"""Flag that lets a command replace its output."""

LOOSE = ["--force-ev-per-angstrom", "5"]
"""Flags with which a minimisation has converged at once."""


def ended(words: list[str], log: Path, prepare: Callable[[], Any] = lambda: None) -> int:
    """Run a command to its end and return its exit code.

    Args:
        words: words after `sundog`.
        log: file to which it prints.
        prepare: function that the process calls first.
    """
    return start(words, log, prepare).end()


def unsaid(log: Path, code: int, codes: set[int]) -> str | None:
    """Return what is wrong with an exit code and with what was said before it.

    Args:
        log: file with what was printed.
        code: the exit code.
        codes: those that are right.
    """
    text = log.read_text(errors="replace")
    if found := [words for words in NEVER if words in text]:
        return f"it said {found[0]!r}, see {log}"
    if code not in codes:
        return f"exit code {code}, see {log}"
    if code not in (0, *range(128, 192)) and "sundog: " not in text:
        return f"exit code {code} without words, see {log}"
    return None


def left_over(folder: Path) -> str | None:
    """Return what is left in a folder that only a command at work may have there."""
    left = [path for path in folder.rglob(".*") if LEFTOVER.fullmatch(path.name)]
    left += list(folder.rglob(".*.lock"))
    return f"{left[0]} is left" if left else None


def snapshot(folder: Path) -> dict[Path, bytes | None]:
    """Return all files below a folder with their bytes, and folders with None."""
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def goes_on(work: Work, peace: Peace, log: Path) -> str | None:
    """Continue a run, or begin it again, to its end; return how it differs from one in peace.

    Args:
        work: work of the run.
        peace: the same run, left in peace.
        log: file to which the command prints.
    """
    from killed.same import difference

    code = ended(work.next(), log)
    if code != 0:
        return f"its resumption ended with {code}, see {log}"
    return difference(work.folder, peace.folder)
