"""What `sundog evaluate` prints and writes."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from sundog.cli.show.tables import make_folder, write_table
from sundog.evaluate.benchmarks.wording import interval, number
from sundog.files import write_atomically

if TYPE_CHECKING:
    from sundog.evaluate.datasets.comparison import Comparison

SHOWN = 10
"""Failures that are printed; all are in the JSON."""


@contextmanager
def progress(total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function that advances a bar of structures, which is shown on a terminal only."""
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), "structures", TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.advance(task, count)


def save(path: Path | None, content: object) -> None:
    """Write an outcome as JSON, if a file was asked for."""
    if path is not None:
        write_atomically(path, dumps(content, indent=2, ensure_ascii=False) + "\n")


def show_benchmark(outcome: dict[str, Any]) -> None:
    """Print metrics with their intervals beside the published values."""
    card, published = outcome["card"], outcome["card"]["published"]
    table = Table(title=f"{card['title']}, {outcome['model']}")
    for heading in ("metric", "unit", "value", "95 % interval", "published"):
        left = heading in ("metric", "unit")
        table.add_column(heading, justify="left" if left else "right")
    for name in dict.fromkeys([*outcome["shown"], *published]):
        if name not in outcome["metrics"]:
            continue  # which `missing` is about
        bounds = interval(outcome["intervals"].get(name))
        theirs = f"{published[name]:g}" if name in published else "–"
        value = number(outcome["metrics"][name])
        table.add_row(name, outcome["units"][name], value, bounds, theirs)
    Console().print(table)
    if published:
        print(f"Published: {card['published_by']}")
    print(
        f"{outcome['n']} of {outcome['n_of']} {outcome['items']}, {outcome['structures']} "
        f"structures in {outcome['seconds_computing']:.1f} s: "
        f"{outcome['structures_per_s']:.3g} structures/s"
    )
    if "batched_over_one_by_one" in outcome:
        print(
            f"Sample of {outcome['sample']}, compiled: {outcome['sample_structures_per_s']:.0f} "
            f"structures/s in batches, {outcome['one_by_one_structures_per_s']:.1f} one at a time: "
            f"{outcome['batched_over_one_by_one']:.1f} times as fast"
        )
    for name, reason in outcome["missing"].items():
        print(f"No {name}: {reason}", file=sys.stderr)
    _show_failures(outcome["items"], [(one["name"], one["reason"]) for one in outcome["failed"]])


def show_suite(outcome: dict[str, Any]) -> None:
    """Print the table of a suite: models by benchmarks."""
    from sundog.evaluate.leaderboard.run import structures_per_second

    table = Table(title=f"Suite {outcome['suite']}")
    table.add_column("model")
    for name, card in outcome["benchmarks"].items():
        table.add_column(f"{name}\n{card['headline']}", justify="right")
    table.add_column("structures/s", justify="right")
    for row in outcome["rows"]:
        speed = structures_per_second(row)
        cells = [_word(row["cells"][name]) for name in outcome["benchmarks"]]
        table.add_row(row["model"], *cells, "–" if speed is None else f"{speed:.3g}")
    console = Console()
    (console if console.is_terminal else Console(width=200)).print(table)


def _word(cell: dict[str, Any]) -> str:
    if cell["status"] != "done":
        return cell["status"]
    return "–" if cell["value"] is None else f"{number(cell['value'])} {cell['unit']}"


def save_figure(folder: Path | None, name: str, outcomes: list[dict[str, Any]]) -> None:
    """Write the figure of a benchmark, if a folder was asked for and it has one."""
    if folder is None:
        return
    from sundog.evaluate.benchmarks.figures import draw

    make_folder(folder)
    picture = draw(outcomes)
    if picture is None:
        print(f"{name}: no curves to draw", file=sys.stderr)
    else:
        write_atomically(folder / f"{name}.png", picture)


def save_suite(folder: Path, outcome: dict[str, Any]) -> None:
    """Write the page and the JSON of a suite."""
    from sundog.evaluate.leaderboard.page import page

    save(folder / "suite.json", outcome)
    write_atomically(folder / "index.html", page(outcome))


def show_data(outcome: dict[str, Any]) -> None:
    """Print the metrics of each quantity, overall."""
    table = Table(title=f"{outcome['data']}, {outcome['model']}")
    headings = ("quantity", "unit", "MAE", "95 % interval", "RMSE", "max", "R²", "values", "more")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("quantity", "more") else "right")
    extras = {
        "mean_cosine": "cosine {:.4f}",
        "mean_angle_degrees": "angle {:.1f}°",
        "mean_vector_error": "vector {:.3f} D",
    }
    for name, found in outcome["metrics"].items():
        low_high, r2 = found["mae_interval"], found["r2"]
        table.add_row(
            f"{name} (relative)" if name.startswith("energy") else name,
            found["unit"],
            f"{found['mae']:.4g}",
            "–" if low_high is None else f"{low_high[0]:.4g} – {low_high[1]:.4g}",
            f"{found['rmse']:.4g}",
            f"{found['max']:.4g}",
            "–" if r2 is None else f"{r2:.5f}",
            str(found["values"]),
            ", ".join(form.format(found[k]) for k, form in extras.items() if k in found),
        )
    console = Console()
    (console if console.is_terminal else Console(width=160)).print(table)
    print(
        f"{outcome['n']} of {outcome['n_of']} structures in {outcome['seconds']:.1f} s: "
        f"{outcome['structures_per_s']:.3g} structures/s, {outcome['atoms_per_s']:.3g} atoms/s"
    )
    for line in outcome["warnings"]:
        print(f"Warning: {line}", file=sys.stderr)
    failed = [(f"structure {one['structure']}", one["reason"]) for one in outcome["failed"]]
    _show_failures("structures", failed)


def save_folder(folder: Path, outcome: dict[str, Any], comparison: "Comparison") -> None:
    """Write metrics, figures and the table of the worst structures into a folder.

    Raises:
        RunDirectoryError: the folder or a file cannot be written.
    """
    from sundog.evaluate.datasets.figures import plot_comparison

    make_folder(folder)
    save(folder / "metrics.json", outcome)
    plot_comparison(
        comparison.values, folder / "comparison.png", f"{outcome['model']} on {outcome['data']}"
    )
    headings = ["quantity", "unit", "structure", "composition", "source", "rmse"]
    worst = [
        [quantity, outcome["metrics"][quantity]["unit"], *(row[key] for key in headings[2:])]
        for quantity, rows in outcome["worst"].items()
        for row in rows
    ]
    write_table(folder / "worst.csv", [headings, *worst])


def _show_failures(items: str, failed: list[tuple[str, str]]) -> None:
    """Print each reason once, with the first that it holds for and how many follow."""
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
