"""Pictures drawn with matplotlib in the style of all figures."""

import math

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from sundog.plots.pictures import Curves, HeatMap, Line, Picture, Scatter, Timeline
from sundog.plots.style import (
    DIVERGING,
    INK,
    LABEL_POINTS,
    LEGEND_POINTS,
    PALETTE,
    SEQUENTIAL,
    TICK_POINTS,
    finish,
    new_figure,
)

WIDTH, HEIGHT = 6.4, 4.0
"""Size of a panel in inches."""

SMOOTHED_PARTS = 25
"""Number of windows in a series over which bold lines average."""

Values = Float[np.ndarray, " samples"]
"""Values of a series."""

MOST_ROW_LABELS = 40
"""Number of rows of a timeline from which on not every one is labelled."""

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
"""Signs of exponents."""

MOST_LEGENDS = 14
"""Number of labelled lines beyond which a legend would hide them and is left out."""


def draw(picture: Picture) -> Figure:
    """Return a figure of matplotlib that shows a picture."""
    match picture:
        case Curves():
            return _curves(picture)
        case HeatMap():
            return _heat_map(picture)
        case Timeline():
            return _timeline(picture)
        case Scatter():
            return _scatter(picture)


def _curves(picture: Curves) -> Figure:
    figure = new_figure(WIDTH, HEIGHT, picture.title)
    axes = figure.subplots()
    labels = sum(bool(line.label) for line in picture.lines)
    for number, line in enumerate(picture.lines):
        _line(axes, line, PALETTE[number % len(PALETTE)])
    for mark in picture.marks:
        axes.axvline(mark.x, color=INK, linewidth=0.9, linestyle=":")
        place = axes.get_xaxis_transform()
        axes.text(
            mark.x, 1.0, f" {mark.label}", size=LEGEND_POINTS, color=INK, va="top", transform=place
        )
    if picture.level is not None:
        axes.axhline(picture.level, color=INK, linewidth=0.8, linestyle=":")
    axes.set_xlabel(picture.x_label)
    axes.set_ylabel(picture.y_label)
    if "x" in picture.logarithmic:
        axes.set_xscale("log")
        _label_decades(axes.xaxis)
    if "y" in picture.logarithmic:
        axes.set_yscale("log")
        _label_decades(axes.yaxis)
    if picture.y_from_zero:
        axes.set_ylim(0)
    if picture.x_limit is not None:
        axes.set_xlim(right=picture.x_limit)
    if picture.y_limit is not None:
        axes.set_ylim(top=picture.y_limit)
    if 0 < labels <= MOST_LEGENDS:
        _legend(axes)
    finish(axes)
    return figure


def _label_decades(axis: Axis) -> None:
    """Label a logarithmic axis in plain text, as pages show it; within two decades 2 and 5 too."""
    low, high = axis.get_data_interval()
    few = high < 100 * low
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: _plain(value)))
    axis.set_minor_formatter(NullFormatter())


def _plain(value: float) -> str:
    """Return a number as text, powers of ten beyond 1,000 and 0.001 as 10⁴."""
    power = round(math.log10(value))
    if abs(power) > 3 and math.isclose(value, 10.0**power):
        return "10" + str(power).translate(SUPERSCRIPTS)
    return f"{value:g}"


def _legend(axes: Axes) -> None:
    """Put the legend above the panel, where it hides nothing."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=4,
        frameon=False,
        fontsize=LEGEND_POINTS,
        borderaxespad=0,
        handlelength=1.4,
    )


def _line(axes: Axes, line: Line, color: str) -> None:
    error = line.error
    if line.look == "series":
        draw_series(axes, line.x, line.y, color, line.label)
        return
    if line.look == "points":
        axes.errorbar(
            line.x,
            line.y,
            yerr=error,
            fmt="o",
            markersize=3.5,
            color=color,
            label=line.label or None,
        )
        return
    if error is not None and np.isfinite(error).any():
        low, high = line.y - error, line.y + error
        axes.fill_between(line.x, low, high, color=color, alpha=0.25, linewidth=0)
    axes.plot(
        line.x,
        line.y,
        color=color,
        linewidth=1.4,
        linestyle="--" if line.look == "dashed" else "-",
        marker="." if len(line.x) < 3 else None,
        label=line.label or None,
    )


def draw_series(axes: Axes, times: Values, values: Values, color: str, label: str) -> None:
    """Draw values as a thin and their moving average as a bold line; few values as dots.

    Args:
        axes: panel.
        times: places along the horizontal axis.
        values: values; none of them is missing.
        color: colour.
        label: entry of the legend; none where it is empty.
    """
    window = len(values) // SMOOTHED_PARTS
    if window < 2:
        axes.plot(times, values, color=color, linewidth=1.4, marker=".", label=label or None)
        return
    axes.plot(times, values, color=color, linewidth=0.6, alpha=0.35)
    weights = np.full(window, 1 / window)
    axes.plot(
        np.convolve(times, weights, mode="valid"),
        np.convolve(values, weights, mode="valid"),
        color=color,
        linewidth=1.6,
        label=label or None,
    )


def _heat_map(picture: HeatMap) -> Figure:
    figure = new_figure(WIDTH, 5.2, picture.title)
    axes = figure.subplots()
    values = np.ma.masked_invalid(picture.values)
    reach = float(np.abs(values).max()) if picture.centred and values.count() else None
    mesh = axes.pcolormesh(
        picture.x_edges,
        picture.y_edges,
        values,
        cmap=DIVERGING if picture.centred else SEQUENTIAL,
        vmin=None if reach is None else -reach,
        vmax=reach,
        rasterized=True,
    )
    bar = figure.colorbar(mesh, ax=axes)
    bar.set_label(picture.value_label, size=LABEL_POINTS, color=INK)
    bar.ax.tick_params(labelsize=TICK_POINTS)
    axes.set_xlabel(picture.x_label)
    axes.set_ylabel(picture.y_label)
    finish(axes, grid=False)
    return figure


def _timeline(picture: Timeline) -> Figure:
    rows = len(picture.rows)
    figure = new_figure(WIDTH + 0.8, float(np.clip(1.2 + 0.11 * rows, 2.4, 8.0)), picture.title)
    axes = figure.subplots()
    norm = BoundaryNorm(np.arange(len(picture.labels) + 1) - 0.5, len(picture.labels))
    kinds = np.ma.masked_less(picture.kinds, 0)
    axes.pcolormesh(
        _edges(picture.times),
        np.arange(rows + 1) - 0.5,
        kinds,
        cmap=ListedColormap(list(picture.colors)),
        norm=norm,
        rasterized=True,
    )
    every = 1 + rows // MOST_ROW_LABELS
    axes.set_yticks(range(0, rows, every), picture.rows[::every])
    axes.set_xlabel(picture.x_label)
    axes.set_ylabel(picture.y_label)
    present = np.unique(kinds.compressed())
    handles = [Patch(color=picture.colors[k], label=picture.labels[k]) for k in present.tolist()]
    axes.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1, 1),
        frameon=False,
        fontsize=LEGEND_POINTS,
    )
    finish(axes, grid=False)
    return figure


def _scatter(picture: Scatter) -> Figure:
    figure = new_figure(WIDTH, 5.2, picture.title)
    axes = figure.subplots()
    for number, (label, points) in enumerate(picture.groups):
        color = PALETTE[number % len(PALETTE)]
        axes.plot(
            points[:, 0], points[:, 1], ".", markersize=3, alpha=0.6, color=color, label=label
        )
    axes.set_xlabel(picture.x_label)
    axes.set_ylabel(picture.y_label)
    if len(picture.groups) > 1:
        _legend(axes)
    finish(axes)
    return figure


def _edges(centres: np.ndarray) -> np.ndarray:
    """Return edges about centres, which need not be at equal distances."""
    if len(centres) == 1:
        return centres[0] + np.array([-0.5, 0.5])
    middle = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])
