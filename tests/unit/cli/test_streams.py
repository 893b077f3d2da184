"""Printing never ends a run, and no file commands the terminal."""

import errno
import io
import sys

import pytest

from sundog.cli import app
from sundog.cli.streams import REWRITE, Screen, screens


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Full(io.StringIO):
    """A disk without room, or a reader that has gone."""

    def __init__(self, number):
        super().__init__()
        self.number = number

    def write(self, text):
        raise OSError(self.number, "it failed")


def test_control_characters_are_spelled_out_but_a_line_of_progress_is_rewritten():
    inner = Terminal()
    print(f"{REWRITE}step 5\033[31m", end="", file=Screen(inner))
    assert inner.getvalue() == f"{REWRITE}step 5\\x1b[31m"
    inner = io.StringIO()
    print(f"{REWRITE}step 5", end="", file=Screen(inner))
    assert "\033" not in inner.getvalue()


def test_tables_keep_their_colours_on_a_terminal_only():
    from rich.console import Console

    for inner, coloured in ((Terminal(), True), (io.StringIO(), False)):
        console = Console(file=Screen(inner), force_terminal=True, color_system="standard")
        console.print("[red]name[/red] \033]0;title\007")
        said = inner.getvalue()
        assert ("\033[31mname" in said) == coloured
        assert "\033]" not in said
        assert "\007" not in said


def test_what_cannot_be_written_is_dropped_and_remembered():
    screen = Screen(Full(errno.ENOSPC))
    print("one", file=screen)
    print("two", file=screen, flush=True)
    assert screen.failure is not None
    assert screen.failure.errno == errno.ENOSPC


def test_a_stream_of_ascii_has_replacements():
    inner = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    screen = Screen(inner)
    print("2.5 Å", file=screen, flush=True)
    assert inner.buffer.getvalue() == b"2.5 A\n"


def test_a_closed_stream_is_nothing_to_write_to(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    with screens():
        print("nobody reads this")
    assert sys.stdout is None


@pytest.mark.parametrize(
    ("arguments", "number", "code"),
    [
        (["weights", "list"], errno.ENOSPC, 2),
        (["weights", "list"], errno.EPIPE, 0),
        (["md", "--help"], errno.ENOSPC, 0),
    ],
)
def test_a_full_stream_is_said_where_lines_are_the_result(
    arguments, number, code, monkeypatch, capsys
):
    monkeypatch.setattr(sys, "stdout", Full(number))
    assert app.run(arguments) == code
    assert ("could not be written" in capsys.readouterr().err) == (number == errno.ENOSPC)
