"""Each rule on words finds what breaks it, and nothing in what keeps it."""

from pathlib import Path

import pytest
from check_words import violations

KEPT = '''
"""Lengths of boxes."""

from typing import Literal

MODE = Literal["a", "b"]

SHORT = 1.0
LONG = 2.0
"""Lengths of boxes in Å."""


class Box:
    """Rectangular box.

    Attributes:
        edge: length of an edge in Å.
    """

    edge: float

    def moved(self, x: float, y: float) -> "Box":
        """Return the box moved along two axes."""

    def scaled(self, x: float, y: float, z: float) -> "Box":
        """Return the scaled box; see `Shape.scaled`."""


def box(a: float, b: float, c: float) -> Box:
    """Return a box.

    Args:
        a: first edge in Å.
        b: second edge in Å.
        c: third edge in Å.
    """


def _edge(a: float, b: float, c: float) -> float:
    """Return the shortest edge."""
'''


def broken_rules(tmp_path: Path, source: str) -> list[str]:
    file = tmp_path / "module.py"
    file.write_text(source, encoding="utf-8")
    return [line.removeprefix(f"{file}:") for line in violations(file)]


def test_words_that_keep_the_rules_pass(tmp_path: Path):
    assert broken_rules(tmp_path, KEPT) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('"""Lengths of boxes in Å."""\n', "", "LONG has no docstring"),
        ("SHORT = 1.0\n", "SHORT = 1.0\n\n", "SHORT has no docstring"),
        ('LONG = 2.0\n"""', 'LONG = 2.0\n\n"""', "LONG has no docstring"),
        ("LONG = 2.0", "LONG: float = 2.0\n\n_WIDE = 3", "LONG has no docstring"),
        ("    Args:\n", "", "box has 3 parameters"),
        ("; see `Shape.scaled`", "", "scaled has 3 parameters"),
        ("def _edge", "def edge", "edge has 3 parameters"),
        ("Lengths of boxes in Å", "In Å", "begins without its noun: In Å."),
        ("Rectangular box", "What is rectangular", "begins without its noun: What"),
        ("edge: length of an edge in Å", "edge: of an edge", "begins without its noun: edge: of"),
        ("a: first edge in Å", "a: Å", "begins without its noun: a: Å"),
    ],
)
def test_each_broken_rule_is_found(tmp_path: Path, old: str, new: str, found: str):
    assert old in KEPT
    assert any(found in line for line in broken_rules(tmp_path, KEPT.replace(old, new, 1)))
