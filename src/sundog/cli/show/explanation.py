"""Output of `sundog explain`: tables that are printed, figures and files that are written."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from sundog.cli.app import translated
from sundog.cli.show.console import PlainConsole
from sundog.cli.show.coverage import show_comparison, write_missing
from sundog.cli.show.tables import make_folder, write_table
from sundog.units import KCAL_PER_MOL

if TYPE_CHECKING:
    from sundog.explain.interaction import Interaction
    from sundog.explain.outcome import Explanation, FragmentSummary, Outcome

SHOWN = 20
"""Number of rows of a table that are printed; all are in the files."""


def show(outcome: "Outcome") -> None:
    """Print energies by term, the fragments, and the interactions."""
    from sundog.explain.outcome import NoInteractions

    explanation, found = outcome.explanation, outcome.explanation.interactions
    console = PlainConsole(width=160)
    fragments = explanation.summaries()
    _show_terms(console, explanation)
    _show_fragments(console, explanation, fragments)
    if explanation.fragments.count == 1:
        _show_atoms(console, explanation)
    if isinstance(found, NoInteractions):
        print(f"No interaction energies: {translated(found.reason, ['explain'])}")
    elif len(found) == 1:
        _show_dimer(console, found[0], fragments)
    else:
        _show_pairs(console, found, fragments)
    show_comparison(outcome.coverage)


def save_folder(folder: Path, outcome: "Outcome") -> None:
    """Write the tables and the figure into a folder.

    Raises:
        RunDirectoryError: The folder or a file cannot be written.
    """
    from sundog.explain.figures import plot_explanation
    from sundog.explain.outcome import NoInteractions
    from sundog.explain.tables import atoms_table, fragments_table, pairs_table

    explanation = outcome.explanation
    make_folder(folder)
    write_table(folder / "atoms.csv", atoms_table(explanation))
    write_table(folder / "fragments.csv", fragments_table(explanation))
    if not isinstance(explanation.interactions, NoInteractions):
        write_table(folder / "pairs.csv", pairs_table(explanation.interactions))
    if outcome.coverage is not None:
        write_missing(folder / "missing.csv", outcome.coverage)
    title = f"{explanation.formula}, {outcome.file} frame {outcome.frame}"
    plot_explanation(explanation, folder / "explanation.png", title)


def _table(title: str, *headings: str, left: int = 1) -> Table:
    table = Table(title=title)
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="left" if place < left else "right")
    return table


def _show_terms(console: Console, explanation: "Explanation") -> None:
    table = _table(f"{explanation.formula}: energy by term", "term", "eV")
    energies = explanation.energies()
    for name, value in energies.items():
        table.add_row(name, f"{value:.6f}")
    table.add_row("total", f"{sum(energies.values()):.6f}")
    console.print(table)


def _show_fragments(
    console: Console, explanation: "Explanation", fragments: "Sequence[FragmentSummary]"
) -> None:
    terms = explanation.terms
    headings = ("", "fragment", "charge, e", "dipole, D", "α, bohr³", *terms)
    source = explanation.fragments.source
    table = _table(f"Fragments ({source}): energies in eV", *headings, left=2)
    for one in fragments[:SHOWN]:
        table.add_row(
            str(one.fragment),
            one.formula,
            f"{one.charge:+.4f}",
            f"{_length(one.dipole):.3f}",
            f"{one.polarizability:.2f}",
            *(_number(one.energies[name], 4) for name in terms),
        )
    console.print(table)
    if len(fragments) > 1 and fragments[0].forces is not None:
        table = _table("Resultant force on each fragment, eV/Å", "", "fragment", *terms, "total")
        for one in fragments[:SHOWN]:
            vectors = list((one.forces or {}).values())
            total = [sum(components) for components in zip(*vectors, strict=True)]
            lengths = (f"{_length(vector):.4f}" for vector in (*vectors, total))
            table.add_row(str(one.fragment), one.formula, *lengths)
        console.print(table)
    _say_more(len(fragments), "fragments")


def _show_atoms(console: Console, explanation: "Explanation") -> None:
    terms, found = explanation.terms, explanation.found
    table = _table("Atoms: energies in eV", "", "", "charge, e", "α, bohr³", *terms, left=2)
    for n, symbol in list(enumerate(explanation.atoms.get_chemical_symbols()))[:SHOWN]:
        table.add_row(
            str(n),
            symbol,
            f"{found.atoms.partial_charges[n]:+.4f}",
            f"{found.polarizability[n]:.2f}",
            *(f"{found.energies[name][n]:.4f}" for name in terms),
        )
    console.print(table)
    _say_more(len(explanation.atoms), "atoms")


def _show_dimer(
    console: Console, one: "Interaction", fragments: "Sequence[FragmentSummary]"
) -> None:
    from sundog.explain.decompose import ordered

    a, b = (
        f"{n} {fragments[n].formula}{f' ({charge:+d})' if charge else ''}"
        for n, charge in zip((one.a, one.b), one.charges, strict=True)
    )
    headings = ("", "all", f"at {a}", f"at {b}")
    table = _table(f"Interaction energy of {a} and {b}, kcal/mol", *headings)
    for name in ordered(one.terms):
        table.add_row(name, *map(_kcal, (one.terms[name], *one.fragments[name])))
        for part, share in one.parts.get(name, {}).items():
            table.add_row(f"  {part}", _kcal(share))
    table.add_row("total", f"{one.energy / KCAL_PER_MOL:.3f}")
    console.print(table)


def _show_pairs(
    console: Console, found: "Sequence[Interaction]", fragments: "Sequence[FragmentSummary]"
) -> None:
    from sundog.explain.decompose import ordered

    terms = ordered(found[0].terms)
    table = _table(
        "Interaction energies of pairs, kcal/mol; strongest first", "pair", *terms, "total"
    )
    for one in sorted(found, key=lambda x: -abs(x.energy))[:SHOWN]:
        a, b = (f"{n} {fragments[n].formula}" for n in (one.a, one.b))
        table.add_row(f"{a} – {b}", *map(_kcal, (*(one.terms[t] for t in terms), one.energy)))
    console.print(table)
    _say_more(len(found), "pairs")


def _kcal(energy: float) -> str:
    """Return an energy in eV as a number in kcal/mol."""
    return _number(energy / KCAL_PER_MOL, 3)


def _number(value: float, digits: int) -> str:
    """Return a number with so many decimals, zero without a sign."""
    return f"{round(value, digits) + 0.0:.{digits}f}"


def _say_more(count: int, what: str) -> None:
    if count > SHOWN:
        print(f"{count - SHOWN} more {what}: see --json or --output")


def _length(vector: Sequence[float]) -> float:
    return sum(x * x for x in vector) ** 0.5
