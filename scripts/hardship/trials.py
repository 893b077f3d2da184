"""Trials one after another: each tries one hardship on one verb and says what was wrong."""

import shutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from hardship.verbs import Verb, verbs

Trial = Callable[[Path], str | None]
"""Function that tries a hardship in an empty folder and returns what was wrong; None if nothing."""

Trials = Iterator[tuple[str, Trial]]
"""Trials with their names."""


def sweep(part: str, folder: Path, only: str = "") -> tuple[int, int]:
    """Try all of a part, print what is wrong, and return how much was tried, and was wrong.

    Args:
        part: name of a module beside this one with a function `trials`.
        folder: folder to work in; what is wrong stays there.
        only: part of the names of the trials that are meant.
    """
    wanted: dict[str, Verb] = verbs(folder / "inputs")
    tried = wrong = 0
    for name, trial in import_module(f"hardship.{part}").trials(folder, wanted):
        if only not in name:
            continue
        own = folder / f"{tried:03d}"
        own.mkdir()
        tried += 1
        try:
            found = trial(own)
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        if found is None:
            shutil.rmtree(own, ignore_errors=True)
        else:
            wrong += 1
        print(
            f"  {name}: {'right' if found is None else f'WRONG ({own.name}): {found}'}", flush=True
        )
    return tried, wrong
