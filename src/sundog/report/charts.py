"""Pictures as a page shows them: curves as data that a script draws, other pictures as SVG."""

from dataclasses import replace
from typing import Any

import numpy as np

from sundog.plots.drawing import SMOOTHED_PARTS
from sundog.plots.pictures import Curves, Line, Picture, Timeline
from sundog.report.svg import drawing

MOST_POINTS = 1_500
"""Number of points of a line beyond which only the extremes of successive parts are kept."""


def thinned(line: Line) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return places, values and errors of at most `MOST_POINTS` points, extremes among them."""
    count = len(line.x)
    if count <= MOST_POINTS:
        return line.x, line.y, line.error
    edges = np.linspace(0, count, MOST_POINTS // 2 + 1).astype(int)
    kept: set[int] = {0, count - 1}
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        part = line.y[begin:end]
        finite = np.flatnonzero(np.isfinite(part))
        if len(finite):
            own = part[finite]
            kept |= {begin + int(finite[own.argmin()]), begin + int(finite[own.argmax()])}
    chosen = np.array(sorted(kept))
    return line.x[chosen], line.y[chosen], None if line.error is None else line.error[chosen]


def smoothed(line: Line) -> Line | None:
    """Return the moving average of a series; None where it has too few points for one."""
    window = len(line.x) // SMOOTHED_PARTS
    if line.look != "series" or window < 2 or not np.isfinite(line.y).all():
        return None
    weights = np.full(window, 1 / window)
    x, y = (np.convolve(values, weights, mode="valid") for values in (line.x, line.y))
    return replace(line, x=x, y=y, look="line")


def chart(picture: Curves) -> dict[str, Any]:
    """Return curves as the page's script reads them."""
    lines = []
    for number, line in enumerate(picture.lines):
        average = smoothed(line)
        faint = average is not None
        lines.append(_told(line, picture.logarithmic) | {"color": number, "faint": faint})
        if average is not None:
            lines.append(_told(average, picture.logarithmic) | {"color": number, "faint": False})
    return {
        "x_label": picture.x_label,
        "y_label": picture.y_label,
        "lines": lines,
        "marks": [{"x": mark.x, "label": mark.label} for mark in picture.marks],
        "level": picture.level,
        "y_from_zero": picture.y_from_zero,
        "logarithmic": picture.logarithmic,
        "x_limit": picture.x_limit,
        "y_limit": picture.y_limit,
    }


def _told(line: Line, logarithmic: str) -> dict[str, Any]:
    """Return a line whose places ascend and are finite, as a script that joins lines needs."""
    x, y, error = thinned(line)
    order = np.argsort(x, kind="stable")
    order = order[np.isfinite(x[order])]
    if "x" in logarithmic:
        order = order[x[order] > 0]
    if "y" in logarithmic:
        y = np.where(y > 0, y, np.nan)
    return {
        "label": line.label,
        "look": line.look,
        "x": x[order],
        "y": y[order],
        "error": None if error is None else error[order],
    }


def summary(picture: Picture) -> str:
    """Return words for those who do not see a picture."""
    words = f"{picture.title}: {picture.y_label} against {picture.x_label}."
    if not isinstance(picture, Curves):
        return words
    told = [_of_line(line) for line in picture.lines[:6]]
    rest = len(picture.lines) - len(told)
    return " ".join([words, *told, *([f"And {rest} more lines."] if rest else [])])


def _of_line(line: Line) -> str:
    values = line.y[np.isfinite(line.y)]
    name = f"{line.label}: " if line.label else ""
    if len(values) == 0:
        return f"{name}no values."
    return (
        f"{name}{len(values)} points from {values.min():.4g} to {values.max():.4g}, "
        f"the last {values[-1]:.4g}."
    )


def figure(picture: Picture, key: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return a picture for the template, and the data of its script if it is one of curves.

    Args:
        picture: picture.
        key: name, unique on the page.
    """
    told = {
        "title": picture.title,
        "summary": summary(picture),
        "key": key,
        "svg": "",
        "wide": isinstance(picture, Timeline),
    }
    if isinstance(picture, Curves):
        return told, chart(picture)
    return told | {"svg": drawing(picture, key)}, None
