"""Ours beside what was published: a row for each published number of a page."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sundog.book.page import Page, Published
from sundog.files import write_atomically

FILE = "comparison.csv"
"""Name of the file in the folder of the results."""

NOT_RUN = "not run here"
"""Words in place of a number that is not there."""


@dataclass(frozen=True)
class Row:
    """A published number and ours.

    Attributes:
        published: theirs.
        ours: ours, with its error bar or what is said in its place; `NOT_RUN` without one.
    """

    published: Published
    ours: str


def compare(page: Page, folder: Path) -> list[Row]:
    """Return ours beside each published number of a page.

    Args:
        page: the page.
        folder: folder of its results.
    """
    return [Row(one, _ours(one, folder / one.part)) for one in page.published]


def write_comparison(rows: list[Row], folder: Path) -> Path:
    """Write the rows as CSV, and return the file."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["part", "quantity", "unit", "published", "source", "ours"])
    for row in rows:
        one = row.published
        table.writerow([one.part, one.label, one.unit, one.value, one.source, row.ours])
    write_atomically(folder / FILE, text.getvalue())
    return folder / FILE


def lines(rows: list[Row]) -> Iterator[str]:
    """Yield the rows as lines of text."""
    for row in rows:
        one = row.published
        theirs = f"{one.value} {one.unit}".rstrip()
        yield f"{one.part}: {one.label}: published {theirs} ({one.source}); ours {row.ours}"


def _ours(one: Published, folder: Path) -> str:
    if one.quantity is None:
        return NOT_RUN
    if (folder / "benchmark.json").is_file():
        told = json.loads((folder / "benchmark.json").read_text(encoding="utf-8"))
        return _of_benchmark(told, one.quantity)
    if not (folder / "analysis" / "analysis.json").is_file():
        return NOT_RUN
    told = json.loads((folder / "analysis" / "analysis.json").read_text(encoding="utf-8"))
    return _of_analysis(told, *one.quantity.split("/"))


def _of_benchmark(told: Any, quantity: str) -> str:
    """Return a metric of an outcome, or of the one of several that has it."""
    *benchmark, metric = quantity.split("/")
    for outcome in told if isinstance(told, list) else [told]:
        if not benchmark or outcome["benchmark"] == benchmark[0]:
            value = outcome["metrics"].get(metric)
            if value is not None:
                low, high = outcome.get("intervals", {}).get(metric, (None, None))
                between = "" if low is None else f" ({low:.3g} to {high:.3g})"
                return f"{value:.4g}{between}"
    return NOT_RUN


def _of_analysis(told: Mapping[str, Any], observable: str, quantity: str) -> str:
    """Return a quantity of an analysis: of one run, or the mean over several."""
    several = told["compared"].get(observable, {}).get(quantity)
    if several is not None and several["error"] is not None:
        return f"{several['mean']:.4g} ± {several['error']:.2g} ({several['runs']} runs)"
    for found in told["results"].get(observable, {}).values():
        one = found["quantities"].get(quantity)
        if one is not None and one["value"] is not None:
            if one["error"] is None:
                return f"{one['value']:.4g}, too short for an error bar"
            return f"{one['value']:.4g} ± {one['error']:.2g}"
    return NOT_RUN
