"""Give every setting of every verb values that it cannot have, and count how they are met.

A refusal is right if the exit code is 2, the message names the setting, and nothing was written.
Values are made from the verbs' own settings, on the command line and in YAML files. The exit code
is 1 if any answer was wrong; these are listed.

python scripts/bad_inputs.py [VERB …]
"""

import io
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from sundog.bounds import BOUNDS
from sundog.cli.app import VERBS, make_app, run

NO_NUMBERS = (
    "nan",
    "inf",
    "-inf",
    "1e400",
    "-1e300",
    "1e300",
    "five",
    "",
    "0x10",
    "1,5",
    "1e",
    "5 5",
)
"""Texts that no numeric setting accepts."""

NO_INTEGERS = ("1.5", "-0.5", "9" * 30, "9" * 5000)
"""Texts that no integer is."""

NO_NAMES = ("nonsense", "", "True", "5")
"""Texts that no choice among names has."""

IN_YAML = ("[1, 2]", "{a: 1}", "2001-01-01", "!!binary aGVsbG8=", ".nan", ".inf", "'five'", "[[]]")
"""Values in YAML that no number is."""


def settings(verbs: list[str]) -> Iterator[tuple[list[str], str, Any]]:
    """Yield command, flag and type of every setting with bounds or choices."""
    for verb in verbs:
        app = make_app([verb])[verb]
        inner = {name: app[name] for name in app if not name.startswith("-")}
        for name, one in ({"": app} if app.default_command else inner).items():
            for argument in one.assemble_argument_collection():
                kinds = [*get_args(argument.hint), argument.hint]
                chosen = next((kind for kind in kinds if get_origin(kind) is Literal), None)
                field = argument.names[0].removeprefix("--").replace("-", "_")
                if field in BOUNDS:
                    yield [verb, *([name] if name else [])], argument.names[0], int in kinds
                elif chosen is not None:
                    yield [verb, *([name] if name else [])], argument.names[0], None


def values(flag: str, whole: bool | None) -> Iterator[str]:
    """Yield what a setting must refuse; `whole` says whether it is an integer, None for names."""
    if whole is None:
        yield from NO_NAMES
        return
    bounds = BOUNDS[flag.removeprefix("--").replace("-", "_")]
    yield from NO_NUMBERS
    yield from NO_INTEGERS if whole else ()
    yield str(int(bounds.lowest) - 1) if whole else repr(bounds.lowest - 1)
    yield str(int(bounds.highest) + 1) if whole else repr(bounds.highest * 1.01 + 1)


def answer(arguments: list[str], named: str) -> str:
    """Return `right`, or what is wrong about the answer to a command line."""
    before, said = set(os.listdir()), io.StringIO()
    try:
        with redirect_stdout(said), redirect_stderr(said):
            code = run(arguments)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    if code != 2:
        return f"exit code {code}"
    if named not in said.getvalue():
        return f"{named} is not named: {' '.join(said.getvalue().split())[:120]}"
    return "right" if set(os.listdir()) == before else "something was written"


def main() -> int:
    """Sweep, print the figures and return the exit code."""
    verbs = sys.argv[1:] or list(VERBS)
    counts: Counter[str] = Counter()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        file = Path("settings.yaml")
        for command, flag, whole in settings(verbs):
            tried = [([*command, f"{flag}={value}"], value) for value in values(flag, whole)]
            for arguments, value in tried:
                counts.update([_told(answer(arguments, flag), arguments, value)])
            if len(command) > 1:
                continue  # files of settings are for verbs
            for value in IN_YAML:
                file.write_text(f"{flag[2:].replace('-', '_')}: {value}\n")
                arguments = [*command, "--config", str(file)]
                found = answer(arguments, "")
                counts.update([_told(found, arguments, value)])
            file.unlink()
        os.chdir("/")
    wrong = counts.total() - counts["right"]
    seconds = time.monotonic() - begin
    print(f"{counts.total()} tried, {counts['right']} right, {wrong} wrong, in {seconds:.0f} s")
    return 1 if wrong else 0


def _told(found: str, arguments: list[str], value: str) -> str:
    """Print what is wrong, if anything is, and return it in a word."""
    if found == "right":
        return found
    print(f"{' '.join(arguments)[:100]} ({value[:30]!r}): {found}", flush=True)
    return "wrong"


if __name__ == "__main__":
    sys.exit(main())
