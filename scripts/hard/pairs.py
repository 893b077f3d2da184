"""Two commands at once with one output, for every two kinds of commands that write."""

import itertools
import json
import random
import shutil
import time
from pathlib import Path

from ase.io import read
from hard.tries import OVER, Ground, Tried, left_over, unsaid
from killed.processes import start
from killed.same import difference


def pairs(ground: Ground, chance: random.Random) -> Tried:
    """Yield all pairs of commands that write one file, and of those that write a folder."""
    for one, other in itertools.combinations_with_replacement(ground.files(Path()), 2):
        own = ground.new()
        yield f"{one} and {other}", _files(ground, own, one, other, chance)
    names = _folders(ground, ground.folder / "unused")
    for one, other in itertools.combinations_with_replacement(names, 2):
        own = ground.new()
        yield f"{one} and {other}, one folder", _both(ground, own, one, other, chance)


def _folders(ground: Ground, output: Path) -> dict[str, list[str]]:
    """Return commands that write one folder, quickly, by name."""
    structure, to = str(ground.structure), ["-o", str(output)]
    protocol = ground.folder / "protocol.yaml"
    protocol.write_text("steps: 20\nstages:\n  - name: heat\n  - name: press\n")
    return {
        "md": ground.run(output.parent).begin,
        "md, resumed": ["md", "--resume", str(output)],
        "protocol": ["protocol", str(protocol), structure, *to],
        "prepare": ["prepare", "--smiles", "CCO", *to],
        "prepare, replacing": ["prepare", "--smiles", "CO", *to, OVER],
        "coverage": ["coverage", structure, *to],
        "explain": ["explain", structure, *to, "--no-dimer"],
        "analyze": ["analyze", str(ground.peace.folder), "--what", "rdf", *to],
    }


def _files(ground: Ground, own: Path, one: str, other: str, chance: random.Random) -> str | None:
    output = own / "result.extxyz"
    codes, wrong = _together(
        [ground.files(output)[one], ground.files(output)[other]], own, chance.uniform(0, 1)
    )
    if wrong:
        return wrong
    if 0 not in codes:
        return f"exit codes {codes}"
    text = output.read_text()
    try:
        json.loads(text) if text.startswith("{") else read(output)
    except (ValueError, OSError) as error:
        return f"{output} is no whole file: {error}"
    return left_over(own)


def _both(ground: Ground, own: Path, one: str, other: str, chance: random.Random) -> str | None:
    output = own / "run"
    if "resumed" in one + other:
        shutil.copytree(ground.peace.folder, output)
        (output / "final.extxyz").unlink()
    words = _folders(ground, output)
    codes, wrong = _together([words[one], words[other]], own, chance.uniform(0, 2))
    if wrong:
        return wrong
    if 0 not in codes:
        return f"exit codes {codes}"
    for name, code in zip((one, other), codes, strict=True):
        if (
            name.startswith("md")
            and code == 0
            and (found := difference(output, ground.peace.folder))
        ):
            return f"{found}, see {own}"
    return left_over(own)


def _together(both: list[list[str]], own: Path, apart: float) -> tuple[list[int], str | None]:
    """Run two commands, one a little after the other; return exit codes and what is wrong."""
    logs = [own / "log-1", own / "log-2"]
    first = start(both[0], logs[0])
    time.sleep(apart)
    codes = [child.end() for child in (first, start(both[1], logs[1]))]
    found = [unsaid(log, code, {0, 2}) for log, code in zip(logs, codes, strict=True)]
    return codes, next((one for one in found if one), None)
