"""The style of all figures: one palette, one type scale, one way to write a file."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sundog.files import replacing

BLUE, ORANGE, GREEN, PURPLE, INK = "#0072b2", "#d55e00", "#009e73", "#9467a8", "#3c434c"
"""Colours that differ for every kind of colour vision (after Okabe and Ito), and that of text."""

SKY, GOLD, GREY = "#56b4e9", "#e69f00", "#b9bfc6"
"""Further colours of that palette, and the grey of what is in the background."""

PALETTE = (BLUE, ORANGE, GREEN, PURPLE, GOLD, SKY, INK)
"""Colours of lines in the order in which they are used."""

SEQUENTIAL, DIVERGING = "viridis", "RdBu_r"
"""Colour maps of matplotlib for amounts, and for values about a centre."""

TITLE_POINTS, LABEL_POINTS, TICK_POINTS, LEGEND_POINTS = 12.0, 10.0, 9.0, 8.5
"""Sizes of type in points: of titles, labels of axes, their numbers, and legends."""

DOTS_PER_INCH = 150
"""Resolution of pictures in dots per inch."""


def new_figure(width: float, height: float, title: str = "") -> Figure:
    """Return an empty figure with a title at its left.

    Args:
        width: width in inches.
        height: height in inches.
        title: title; none where it is empty.
    """
    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    if title:
        figure.suptitle(title, x=0.012, ha="left", weight="bold", size=TITLE_POINTS, color=INK)
    return figure


def finish(axes: Axes, *, grid: bool = True) -> None:
    """Set frame, grid, numbers and labels of a panel in the style."""
    axes.spines[["top", "right"]].set_visible(False)
    if grid:
        axes.grid(axis="y", color="0.92")
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=TICK_POINTS, color=INK, labelcolor=INK)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_fontsize(LABEL_POINTS)
        label.set_color(INK)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the format of a path's suffix, `.png` or `.svg`; same figure, same bytes.

    Raises:
        RunDirectoryError: the picture cannot be written.
    """
    import matplotlib

    kind = path.suffix.removeprefix(".")
    settings: Any = {"svg.hashsalt": "sundog", "svg.fonttype": "none"}
    with matplotlib.rc_context(settings), replacing(path) as scratch:
        figure.savefig(scratch, format=kind, metadata={"Date": None} if kind == "svg" else None)
