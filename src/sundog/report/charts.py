"""Pictures as a page shows them: curves as data that a script draws, other pictures as SVG."""

from typing import Any

import numpy as np

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


def chart(picture: Curves) -> dict[str, Any]:
    """Return curves as the page's script reads them."""
    lines = []
    for line in picture.lines:
        x, y, error = thinned(line)
        # A script joins lines by their places, which must be finite and ascend.
        order = np.argsort(x, kind="stable")
        order = order[np.isfinite(x[order])]
        if "x" in picture.logarithmic:
            order = order[x[order] > 0]
        if "y" in picture.logarithmic:
            y = np.where(y > 0, y, np.nan)
        lines.append(
            {
                "label": line.label,
                "look": line.look,
                "x": x[order],
                "y": y[order],
                "error": None if error is None else error[order],
            }
        )
    return {
        "x_label": picture.x_label,
        "y_label": picture.y_label,
        "lines": lines,
        "marks": [{"x": mark.x, "label": mark.label} for mark in picture.marks],
        "level": picture.level,
        "y_from_zero": picture.y_from_zero,
        "logarithmic": picture.logarithmic,
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
