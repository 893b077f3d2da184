"""What files hold commands neither a terminal nor a spreadsheet."""

import pytest

from sundog.errors import InputError
from sundog.text import cell, printable


def test_control_characters_are_spelled_out_and_others_stay():
    assert printable("a\x1b[31mred\x07\r\x9b\u202eb") == r"a\x1b[31mred\x07\r\x9b\u202eb"
    assert printable("2.5 Å\tα\n−1 K") == "2.5 Å\tα\n−1 K"


def test_errors_command_no_terminal():
    assert str(InputError("name: unknown", got="\x1b]0;title\x07")).isprintable()


@pytest.mark.parametrize("text", ["=cmd()", "+1+1", "-x", "@SUM(1)", "\t=1"])
def test_cells_are_no_formulas(text):
    assert str(cell(text)).startswith("'")


@pytest.mark.parametrize("value", ["water", "-1.5", "+1e-3", -1.5, 3, None, "a=b"])
def test_other_cells_stay(value):
    assert cell(value) == value
