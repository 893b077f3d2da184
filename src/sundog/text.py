"""Text of files as it may be shown: no character in it commands a terminal or a spreadsheet."""

import re

_COMMANDING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters but tab and line break, and those that turn the direction of writing."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of cells that spreadsheets take for formulas."""


def printable(text: str) -> str:
    r"""Return a text in which control characters are spelled out, as `\x1b` for escape."""
    return _COMMANDING.sub(lambda found: ascii(found.group())[1:-1], text)


def cell(value: object) -> object:
    """Return the value of a cell of a table: text that a spreadsheet would compute is quoted.

    Numbers are returned as they are, and so is text that is a number.
    """
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
