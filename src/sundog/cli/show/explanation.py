"""What `sundog explain` prints and writes."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from sundog.cli.show.coverage import show_comparison, write_missing
from sundog.cli.show.tables import make_folder, write_table

if TYPE_CHECKING:
    from sundog.explain.outcome import Explanation

SHOWN = 20
"""Rows of a table that are printed; all are in the files."""


def show(explanation: "Explanation", outcome: dict[str, Any]) -> None:
    """Print energies by term, the fragments, and the interactions."""
    console = Console()
    console = console if console.is_terminal else Console(width=160)
    _show_terms(console, outcome)
    _show_fragments(console, outcome)
    if explanation.fragments.count == 1:
        _show_atoms(console, outcome)
    if outcome["interactions"] is None:
        print(f"No interaction energies: {outcome['no_interactions']}")
    elif len(outcome["interactions"]) == 1:
        _show_dimer(console, outcome)
    else:
        _show_pairs(console, outcome)
    show_comparison(outcome["coverage"])


def save_folder(folder: Path, explanation: "Explanation", outcome: dict[str, Any]) -> None:
    """Write the tables and the figure into a folder.

    Raises:
        RunDirectoryError: the folder or a file cannot be written.
    """
    from sundog.explain.figures import plot_explanation
    from sundog.explain.tables import atoms_table, fragments_table, pairs_table

    make_folder(folder)
    write_table(folder / "atoms.csv", atoms_table(explanation))
    write_table(folder / "fragments.csv", fragments_table(explanation))
    if not isinstance(explanation.interactions, str):
        write_table(folder / "pairs.csv", pairs_table(explanation.interactions))
    if outcome["coverage"] is not None:
        write_missing(folder / "missing.csv", outcome["coverage"])
    title = f"{outcome['formula']}, {outcome['file']} frame {outcome['frame']}"
    plot_explanation(explanation, folder / "explanation.png", title)


def _table(title: str, *headings: str, left: int = 1) -> Table:
    table = Table(title=title)
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="left" if place < left else "right")
    return table


def _show_terms(console: Console, outcome: dict[str, Any]) -> None:
    table = _table(f"{outcome['formula']}: energy by term", "term", "eV")
    for name, value in outcome["energies"].items():
        table.add_row(name, f"{value:.6f}")
    table.add_row("total", f"{outcome['energy']:.6f}")
    console.print(table)


def _show_fragments(console: Console, outcome: dict[str, Any]) -> None:
    terms, fragments = list(outcome["energies"]), outcome["fragments"]
    headings = ("", "fragment", "charge, e", "dipole, D", "α, bohr³", *terms)
    source = outcome["fragments_from"]
    table = _table(f"Fragments ({source}): energies in eV", *headings, left=2)
    for one in fragments[:SHOWN]:
        table.add_row(
            str(one["fragment"]),
            one["formula"],
            f"{one['charge']:+.4f}",
            f"{_length(one['dipole']):.3f}",
            f"{one['polarizability']:.2f}",
            *(_number(one["energies"][name], 4) for name in terms),
        )
    console.print(table)
    if len(fragments) > 1 and fragments[0]["forces"] is not None:
        table = _table("Resultant force on each fragment, eV/Å", "", "fragment", *terms, "total")
        for one in fragments[:SHOWN]:
            vectors = list(one["forces"].values())
            total = [sum(components) for components in zip(*vectors, strict=True)]
            lengths = (f"{_length(vector):.4f}" for vector in (*vectors, total))
            table.add_row(str(one["fragment"]), one["formula"], *lengths)
        console.print(table)
    _say_more(len(fragments), "fragments")


def _show_atoms(console: Console, outcome: dict[str, Any]) -> None:
    terms, atoms = list(outcome["energies"]), outcome["atoms"]
    table = _table("Atoms: energies in eV", "", "", "charge, e", "α, bohr³", *terms, left=2)
    for n, symbol in list(enumerate(atoms["symbols"]))[:SHOWN]:
        table.add_row(
            str(n),
            symbol,
            f"{atoms['charges'][n]:+.4f}",
            f"{atoms['polarizability'][n]:.2f}",
            *(f"{atoms['energies'][name][n]:.4f}" for name in terms),
        )
    console.print(table)
    _say_more(len(atoms["symbols"]), "atoms")


def _show_dimer(console: Console, outcome: dict[str, Any]) -> None:
    one = outcome["interactions"][0]
    a, b = (
        f"{n} {outcome['fragments'][n]['formula']}{f' ({charge:+d})' if charge else ''}"
        for n, charge in zip(one["fragments"], one["charges"], strict=True)
    )
    headings = ("", "all", f"at {a}", f"at {b}")
    table = _table(f"Interaction energy of {a} and {b}, kcal/mol", *headings)
    for name, value in one["energies"].items():
        table.add_row(name, *(_number(x, 3) for x in (value, *one["by_fragment"][name])))
        for part, share in one["parts"].get(name, {}).items():
            table.add_row(f"  {part}", _number(share, 3))
    table.add_row("total", f"{one['energy']:.3f}")
    console.print(table)


def _show_pairs(console: Console, outcome: dict[str, Any]) -> None:
    terms, found = list(outcome["energies"]), outcome["interactions"]
    table = _table(
        "Interaction energies of pairs, kcal/mol; strongest first", "pair", *terms, "total"
    )
    for one in sorted(found, key=lambda x: -abs(x["energy"]))[:SHOWN]:
        a, b = (f"{n} {outcome['fragments'][n]['formula']}" for n in one["fragments"])
        values = (*(one["energies"][name] for name in terms), one["energy"])
        table.add_row(f"{a} – {b}", *(_number(x, 3) for x in values))
    console.print(table)
    _say_more(len(found), "pairs")


def _number(value: float, digits: int) -> str:
    """Return a number without the sign of a zero."""
    return f"{round(value, digits) + 0.0:.{digits}f}"


def _say_more(count: int, what: str) -> None:
    if count > SHOWN:
        print(f"{count - SHOWN} more {what}: see --json or --output")


def _length(vector: Sequence[float]) -> float:
    return sum(x * x for x in vector) ** 0.5
