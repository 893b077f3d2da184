"""Components of a mixture as they are written, by count, mole percent or mole fraction.

Examples are `water:900,CCO:100`, `water:90%,CCO:10%` and `water:0.9,CCO:0.1`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sundog.bounds import MOST_ATOMS
from sundog.errors import InputError

EXPECTED = "components with amounts, as water:900,CCO:100 or water:90%,CCO:10%"
"""Form of a mixture."""

SUFFIXES = frozenset(
    (".xyz", ".extxyz", ".pdb", ".ent", ".cif", ".mmcif", ".sdf", ".mol", ".mol2", ".gro", ".npz")
)
"""Suffixes by which a component is meant to be a file."""


@dataclass(frozen=True)
class Part:
    """A component of a mixture.

    Attributes:
        what: SMILES, name of a liquid, or path of a structure file.
        count: Number of molecules.
    """

    what: str
    count: int


def parse_mixture(text: str, total: int | None = None) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """Return the components of a mixture and what was decided about their counts.

    Args:
        text: Components with counts, with mole fractions that add up to 1, or with mole percent
            that add up to 100.
        total: Number of molecules, for fractions and percent.

    Raises:
        InputError: Something of it cannot be read, amounts of different kinds are mixed or do not
            add up, or the total is missing or of no use.
    """
    names, amounts = [], []
    for word in text.split(","):
        # A colon can be part of a SMILES, as in [CH3:1]; the last one is before the amount.
        name, colon, amount = word.strip().rpartition(":")
        if not colon or not name.strip() or not amount.strip():
            raise InputError(
                "box: a component without an amount", got=repr(word.strip()), expected=EXPECTED
            )
        names.append(name.strip())
        amounts.append(amount.strip())
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError("box: a component twice", got=", ".join(twice), expected=EXPECTED)
    kinds = {_kind(amount) for amount in amounts}
    if len(kinds) > 1:
        raise InputError(
            "box: amounts of different kinds", got=", ".join(amounts), expected=EXPECTED
        )
    if kinds == {"count"}:
        if total is not None:
            raise InputError("total: the counts say how many molecules there are", got=total)
        counts, decisions = [int(amount) for amount in amounts], ()
        if min(counts) < 1 or sum(counts) > MOST_ATOMS:
            raise InputError("box: impossible counts", got=text, expected="1 or more of each")
    else:
        counts, decisions = _from_shares(names, amounts, total)
    return tuple(Part(*pair) for pair in zip(names, counts, strict=True)), decisions


def is_file(what: str) -> bool:
    """Return whether a component is a structure file, by its suffix.

    Raises:
        InputError: There is no such file.
    """
    path = Path(what)
    if path.suffix.lower() not in SUFFIXES:
        return False
    if not path.is_file():
        raise InputError("box: no such structure file", got=what)
    return True


def _kind(amount: str) -> str:
    number = amount.removesuffix("%")
    if number.isascii() and number.isdigit():
        return "percent" if amount.endswith("%") else "count"
    try:
        value = float(number)
    except ValueError:
        value = np.nan
    if not np.isfinite(value) or value <= 0:
        raise InputError("box: no amount", got=repr(amount), expected=EXPECTED)
    return "percent" if amount.endswith("%") else "fraction"


def _from_shares(
    names: Sequence[str], amounts: Sequence[str], total: int | None
) -> tuple[list[int], tuple[str, ...]]:
    """Return counts from fractions or percent, by the largest remainders."""
    percent = amounts[0].endswith("%")
    shares = np.array([float(amount.removesuffix("%")) for amount in amounts])
    whole = 100.0 if percent else 1.0
    if abs(shares.sum() - whole) > 1e-6 * whole:
        raise InputError(
            f"box: mole {'percent' if percent else 'fractions'} do not add up to {whole:g}",
            got=f"{shares.sum():g}",
        )
    if total is None or total < 1 or total > MOST_ATOMS:
        raise InputError(
            "total: a composition needs the number of molecules",
            got=total,
            expected="a positive integer",
        )
    exact = shares / whole * total
    counts = np.floor(exact + 1e-9).astype(int)
    rest = np.argsort(-(exact - counts), kind="stable")[: total - counts.sum()]
    counts[rest] += 1
    if counts.min() < 1:
        raise InputError(
            "total: too few molecules for this composition",
            got=total,
            remedy="Choose more molecules, or give counts",
        )
    words = ", ".join(f"{count} {name}" for name, count in zip(names, counts, strict=True))
    return counts.tolist(), (f"The composition of {total} molecules is {words}",)
