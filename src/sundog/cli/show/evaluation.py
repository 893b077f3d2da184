"""Output of `sundog evaluate`: tables that are printed, figures and files that are written."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from sundog.cli.app import translated
from sundog.cli.show.console import PlainConsole
from sundog.cli.show.tables import make_folder, write_table
from sundog.evaluate.benchmarks.wording import interval, number
from sundog.files import write_atomically

if TYPE_CHECKING:
    from sundog.evaluate.benchmarks.run import Outcome
    from sundog.evaluate.datasets.comparison import Comparison
    from sundog.evaluate.datasets.run import Outcome as DataOutcome
    from sundog.evaluate.leaderboard.run import Cell, Suite

SHOWN = 10
"""Number of reasons of failures that are printed; all are in the JSON."""


@contextmanager
def progress(total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function that advances a bar of structures, which is shown on a terminal only."""
    console = PlainConsole(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), "structures", TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.advance(task, count)


def save(path: Path | None, content: object) -> None:
    """Write an outcome as JSON, if a file was asked for."""
    if path is not None:
        write_atomically(path, dumps(content, indent=2, ensure_ascii=False) + "\n")


def show_benchmark(outcome: "Outcome") -> None:
    """Print metrics with their intervals beside the published values."""
    card, score, published = outcome.card, outcome.score, outcome.card.published
    table = Table(title=f"{card.title}, {outcome.model}")
    for heading in ("metric", "unit", "value", "95 % interval", "published"):
        left = heading in ("metric", "unit")
        table.add_column(heading, justify="left" if left else "right")
    for name in dict.fromkeys([*score.shown, *published]):
        if name not in score.metrics:
            continue  # the reason is in `missing`
        bounds = interval(score.intervals.get(name))
        theirs = f"{published[name]:g}" if name in published else "–"
        table.add_row(name, score.units[name], number(score.metrics[name]), bounds, theirs)
    PlainConsole().print(table)
    if published:
        print(f"Published: {card.published_by}")
    print(
        f"{score.n} of {score.n_of} {outcome.items}, {outcome.structures} "
        f"structures in {outcome.seconds_computing:.1f} s: "
        f"{outcome.structures_per_s:.3g} structures/s"
    )
    if (sample := outcome.sample) is not None:
        print(
            f"Sample of {sample.structures}, compiled: {sample.structures_per_s:.0f} "
            f"structures/s in batches, {sample.one_by_one_structures_per_s:.1f} one at a time: "
            f"{sample.batched_over_one_by_one:.1f} times as fast"
        )
    for name, reason in score.missing.items():
        print(f"No {name}: {reason}", file=sys.stderr)
    _show_failures(outcome.items, [(one.name, one.reason) for one in score.failed])


def show_suite(suite: "Suite") -> None:
    """Print the table of a suite: models by benchmarks."""
    table = Table(title=f"Suite {suite.name}")
    table.add_column("model")
    for name, card in suite.cards.items():
        table.add_column(f"{name}\n{card.headline}", justify="right")
    table.add_column("structures/s", justify="right")
    for row in suite.rows:
        speed = row.structures_per_s
        cells = [_word(row.cells[name]) for name in suite.cards]
        table.add_row(row.model, *cells, "–" if speed is None else f"{speed:.3g}")
    PlainConsole(width=200).print(table)


def _word(cell: "Cell") -> str:
    from sundog.evaluate.leaderboard.run import Done

    if not isinstance(cell, Done):
        return cell.status
    return "–" if cell.value is None else f"{number(cell.value)} {cell.unit}"


def save_figure(folder: Path | None, name: str, outcomes: "list[Outcome]") -> None:
    """Write the figure of a benchmark, if a folder was asked for and there are curves to draw.

    Args:
        folder: Folder to write into, made if it is not there; None to write nothing.
        name: Name of the benchmark.
        outcomes: Outcomes of the models.
    """
    if folder is None:
        return
    from sundog.evaluate.benchmarks.figures import draw

    make_folder(folder)
    picture = draw(outcomes)
    if picture is None:
        print(f"{name}: no curves to draw", file=sys.stderr)
    else:
        write_atomically(folder / f"{name}.png", picture)


def save_suite(folder: Path, suite: "Suite") -> None:
    """Write the page and the JSON of a suite."""
    from sundog.evaluate.leaderboard.page import page

    save(folder / "suite.json", suite.json())
    write_atomically(folder / "index.html", page(suite))


def show_data(outcome: "DataOutcome") -> None:
    """Print the metrics of each quantity, overall."""
    table = Table(title=f"{outcome.data}, {outcome.model}")
    headings = ("quantity", "unit", "MAE", "95 % interval", "RMSE", "max", "R²", "values", "more")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("quantity", "more") else "right")
    extras = {
        "mean_cosine": "cosine {:.4f}",
        "mean_angle_degrees": "angle {:.1f}°",
        "mean_vector_error": "vector {:.3f} D",
    }
    for name, found in outcome.metrics.items():
        errors, known = found.overall, found.statistics()
        low_high, r2 = errors.mae_interval, errors.r2
        table.add_row(
            f"{name} (relative)" if name.startswith("energy") else name,
            found.unit,
            f"{errors.mae:.4g}",
            "–" if low_high is None else f"{low_high[0]:.4g} – {low_high[1]:.4g}",
            f"{errors.rmse:.4g}",
            f"{errors.max:.4g}",
            "–" if r2 is None else f"{r2:.5f}",
            str(errors.values),
            ", ".join(form.format(known[k]) for k, form in extras.items() if k in known),
        )
    PlainConsole(width=160).print(table)
    print(
        f"{outcome.n} of {outcome.n_of} structures in {outcome.seconds:.1f} s: "
        f"{outcome.structures_per_s:.3g} structures/s, {outcome.atoms_per_s:.3g} atoms/s"
    )
    for line in outcome.warnings:
        print(f"Warning: {translated(line, ['evaluate'])}", file=sys.stderr)
    failed = [(f"structure {n}", reason) for n, reason in outcome.failed.items()]
    _show_failures("structures", failed)


def save_folder(folder: Path, outcome: "DataOutcome", comparison: "Comparison") -> None:
    """Write metrics, figures and the table of the worst structures into a folder.

    Args:
        folder: Folder to write into, made if it is not there.
        outcome: Outcome of the evaluation.
        comparison: Values behind it.

    Raises:
        RunDirectoryError: The folder or a file cannot be written.
    """
    from sundog.evaluate.datasets.figures import plot_comparison

    make_folder(folder)
    save(folder / "metrics.json", outcome.json())
    plot_comparison(
        comparison.values, folder / "comparison.png", f"{outcome.model} on {outcome.data}"
    )
    headings = ["quantity", "unit", "structure", "composition", "source", "rmse"]
    worst = [
        [quantity, outcome.metrics[quantity].unit, *vars(row).values()]
        for quantity, rows in outcome.worst.items()
        for row in rows
    ]
    write_table(folder / "worst.csv", [headings, *worst])


def _show_failures(items: str, failed: list[tuple[str, str]]) -> None:
    """Print each reason once, with the first item it applies to and their number."""
    named: dict[str, list[str]] = {}
    for name, reason in failed:
        named.setdefault(reason, []).append(name)
    for reason, names in list(named.items())[:SHOWN]:
        which = names[0] if len(names) == 1 else f"{len(names)} {items}, the first {names[0]}"
        print(f"Not computed: {which}: {reason}", file=sys.stderr)
    if rest := list(named.values())[SHOWN:]:
        print(
            f"Not computed: {sum(map(len, rest))} more {items}, for {len(rest)} other reasons; "
            "see --json",
            file=sys.stderr,
        )
