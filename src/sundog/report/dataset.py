"""Page of a set of labelled structures: what it holds, and how its labels are distributed."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sundog.data.statistics import Statistics
from sundog.plots.pictures import Curves, Line
from sundog.report.skeleton import render
from sundog.report.svg import drawing


def page(name: str, header: Mapping[str, Any], found: Statistics) -> str:
    """Return the page of a store.

    Args:
        name: name of the store.
        header: contents of its `store.json`.
        found: its statistics.
    """
    figures = [
        {"title": title, "svg": drawing(_picture(title, edges, counts), f"h{k}")}
        for k, (title, (edges, counts)) in enumerate(found.histograms.items())
    ]
    keys, whole = header["labels"], found.structures
    labels = [
        (quantity, keys.get(quantity, ""), f"{count:,}", f"{count / whole:.1%}")
        for quantity, count in found.labelled.items()
    ]
    elements = [
        (symbol, f"{count:,}", f"{found.force_by_element[symbol]:.3g}")
        if symbol in found.force_by_element
        else (symbol, f"{count:,}", "–")
        for symbol, count in found.elements.items()
    ]
    sources = [(one["file"], f"{one['bytes']:,}", one["sha256"]) for one in header["sources"]]
    return render(
        "dataset.html",
        scripts=("common.js",),
        title=f"{name}: labelled structures",
        eyebrow="sundog data show",
        heading=name,
        lead=f"Made {header['made']}; energies were in {header['unit']} and are in eV here.",
        contents=[(one.lower(), one) for one in ("Set", "Labels", "Values", "Sources")],
        lines=[*found.of_structures()],
        labels=labels,
        elements=elements,
        figures=figures,
        sources=sources,
    )


def _picture(title: str, edges: np.ndarray, counts: np.ndarray) -> Curves:
    shown = np.flatnonzero(counts)
    part = slice(max(shown[0] - 1, 0), shown[-1] + 2)
    middle = np.sqrt(edges[:-1] * edges[1:])
    line = Line(middle[part], counts[part].astype(float), look="points")
    return Curves("histogram", title, title, "number", (line,), logarithmic="xy")
