"""Figure of predictions against labels, and of the distribution of the errors."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sundog.evaluate.datasets.comparison import UNITS, Gathered
from sundog.files import replacing

MOST_POINTS = 20_000
"""Most points of a scatter plot; of more, every n-th is drawn, so that files stay small."""

BLUE, INK = "#0072b2", "#3c434c"
"""Colours of points and bars, and of lines."""


def plot_comparison(values: Mapping[str, Gathered], output_png: Path, title: str) -> None:
    """Write a scatter plot and the distribution of the errors for each quantity.

    Args:
        values: Values by quantity, at least one.
        output_png: Picture to write.
        title: Title above the panels.

    Raises:
        RunDirectoryError: The picture cannot be written.
    """
    names = [name for name in UNITS if name in values]
    figure = Figure(figsize=(8, 3.4 * len(names)), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    for row, name in zip(figure.subplots(len(names), 2, squeeze=False), names, strict=True):
        reference, predicted, _, _ = values[name].arrays()
        unit = f" ({UNITS[name]})" if UNITS[name] else ""
        _scatter(row[0], reference, predicted, f"{name.replace('_', ' ')}{unit}")
        _distribution(row[1], predicted - reference, f"error{unit}")
    with replacing(output_png) as scratch:
        figure.savefig(scratch, dpi=150)


def _scatter(axes: Axes, reference: np.ndarray, predicted: np.ndarray, label: str) -> None:
    step = -(-len(reference) // MOST_POINTS)
    axes.plot(reference[::step], predicted[::step], ".", color=BLUE, ms=3, alpha=0.5)
    ends = [reference.min(), reference.max()]
    axes.plot(ends, ends, color=INK, lw=0.8)
    axes.set_xlabel(f"reference {label}")
    axes.set_ylabel("predicted")


def _distribution(axes: Axes, errors: np.ndarray, label: str) -> None:
    axes.hist(errors, bins=min(100, max(10, len(errors) // 5)), color=BLUE)
    axes.set_yscale("log")
    axes.axvline(0, color=INK, lw=0.8)
    axes.set_xlabel(label)
    axes.set_ylabel("values")
