"""The figure of a benchmark: curves of one or several models, a panel for each path."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sundog.evaluate.benchmarks.run import Outcome
from sundog.evaluate.benchmarks.tasks.base import Curve

COLUMNS = 3
"""Most panels side by side."""

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#666666")
"""Colours of lines, distinct also with red–green blindness (Okabe and Ito)."""

INK = "#3c434c"
"""Colour of reference values and of text."""

STYLES = ("-", "--", ":", "-.")
"""Styles of lines."""

SMALLEST = 1e-9
"""Smallest value drawn in a logarithmic panel, in the unit of the axis; smaller ones are rounding
errors."""

STEEP = 6.0
"""Height above which a repulsive wall is cut off, as a multiple of a typical value."""

Numbered = tuple[int, Curve]
"""Number of the model, and a curve of it."""


def draw(outcomes: Sequence[Outcome], dpi: int = 130) -> bytes | None:
    """Return the figure of a benchmark as PNG, None if it has no curves.

    Args:
        outcomes: Outcomes of one benchmark; the style of a line tells the model, its colour the
            curve.
        dpi: Resolution in dots per inch.
    """
    panels: dict[str, list[Numbered]] = {}
    for number, outcome in enumerate(outcomes):
        for curve in outcome.score.curves:
            panels.setdefault(curve.panel, []).append((number, curve))
    if not panels:
        return None
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(4.2 * columns, 3.3 * rows), layout="constrained", dpi=dpi)
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    names = [outcome.model for outcome in outcomes]
    for axes, (title, curves) in zip(grid, panels.items(), strict=False):
        _panel(axes, title, curves, names)
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    content = BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()


def _panel(axes: Axes, title: str, curves: Sequence[Numbered], names: Sequence[str]) -> None:
    labels = list(dict.fromkeys(curve.label for _, curve in curves))
    for number, curve in curves:
        x, y = _finite(curve.x), _finite(curve.y)
        colour = COLOURS[(labels.index(curve.label) if len(labels) > 1 else number) % 8]
        style = STYLES[number % 4] if len(labels) > 1 else "-"
        y = np.maximum(y, SMALLEST) if curve.logarithmic else y
        label = names[number] if len(labels) == 1 else curve.label
        told = any(line.get_label() == label for line in axes.lines)
        axes.plot(x, y, style, color=colour, lw=1.4, label=None if told else label)
        last = number == max(n for n, _ in curves)
        if curve.reference is not None and last:
            _reference(axes, x, _finite(curve.reference))
    _, first = curves[0]
    axes.set(title=title, xlabel=first.x_label, ylabel=first.y_label)
    if first.logarithmic:
        axes.set_yscale("log")
        axes.set_xscale("log" if first.x[-1] > 100 else "linear")
    else:
        _cut(axes, [_finite(curve.y) for _, curve in curves], _lowest(curves))
    if len(labels) > 1 and len(names) > 1:
        for number, name in enumerate(names):
            axes.plot([], [], STYLES[number % 4], color=INK, lw=1.4, label=name)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=6.5)


def _reference(axes: Axes, x: np.ndarray, reference: np.ndarray) -> None:
    known = np.isfinite(reference)
    first = not any(line.get_label() == "reference" for line in axes.lines)
    marker = "o" if known.sum() < 3 else ""
    label = "reference" if first else None
    axes.plot(x[known], reference[known], color=INK, marker=marker, ms=5, lw=0.9, label=label)


def _cut(axes: Axes, values: Sequence[np.ndarray], lowest: float) -> None:
    """Limit the axis so that a steep wall does not dwarf the rest; a lower reference is kept."""
    known = np.concatenate([one[np.isfinite(one)] for one in values])
    typical = STEEP * max(float(np.percentile(np.abs(known), 75)), 1e-6)
    low, high = max(float(known.min()), -typical), min(float(known.max()), typical)
    low = min(low, lowest)
    margin = 0.05 * (high - low)
    axes.set_ylim(low - margin, high + margin)


def _lowest(curves: Sequence[Numbered]) -> float:
    references = [_finite(curve.reference) for _, curve in curves if curve.reference is not None]
    return min((float(np.nanmin(one)) for one in references), default=np.inf)


def _finite(values: Float[np.ndarray, " points"]) -> Float[np.ndarray, " points"]:
    return np.where(np.isfinite(values), values, np.nan)
