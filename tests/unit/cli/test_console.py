"""What files hold is shown letter by letter in tables."""

from rich.table import Table

from sundog.cli.show.console import PlainConsole

NAME = "[red]LIG[/red] \x1b[2J :bug: [link=file:///etc]"
"""Name that a file may give a residue."""

SHOWN = NAME.replace("\x1b", r"\x1b")
"""How it is shown."""


def test_names_are_neither_markup_nor_commands(capsys):
    table = Table(title=f"title {NAME}")
    table.add_column(f"heading {NAME}")
    table.add_row(f"cell {NAME}")
    PlainConsole(width=200).print(table)
    PlainConsole(width=200).print(f"line {NAME}")
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    for place in ("title", "heading", "cell", "line"):
        assert f"{place} {SHOWN}" in shown


def test_a_table_is_as_wide_as_it_is_where_no_terminal_limits_it(capsys):
    PlainConsole(width=200).print("x" * 190)
    assert capsys.readouterr().out == "x" * 190 + "\n"
