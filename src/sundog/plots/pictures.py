"""Pictures as values: a page draws them by itself, `drawing` with matplotlib."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

Look = Literal["line", "series", "dashed", "points"]


@dataclass(frozen=True, eq=False)
class Line:
    """Curve or points of a panel.

    Attributes:
        x: places along the horizontal axis.
        y: values; NaN leaves a gap.
        error: standard errors of the values, drawn as a band or bars; NaN where there is none.
        label: entry of the legend; none where it is empty.
        look: way in which it is drawn; a series is thin, with its moving average in bold.
    """

    x: Float[np.ndarray, " points"]
    y: Float[np.ndarray, " points"]
    error: Float[np.ndarray, " points"] | None = None
    label: str = ""
    look: Look = "line"


@dataclass(frozen=True)
class Mark:
    """Place along the horizontal axis with a word, as the end of equilibration.

    Attributes:
        x: place.
        label: word beside it.
    """

    x: float
    label: str


@dataclass(frozen=True, eq=False)
class Curves:
    """Panel of curves over one axis.

    Attributes:
        name: name of the picture within its result, usable in the name of a file.
        title: title.
        x_label: words and unit of the horizontal axis.
        y_label: words and unit of the vertical axis.
        lines: curves and points.
        marks: places along the horizontal axis.
        level: value that a thin horizontal line shows, as 1 of g(r); None without one.
        y_from_zero: whether the vertical axis begins at 0.
        logarithmic: axes that are logarithmic, among "x" and "y".
        x_limit: end of the horizontal axis; None for that of the lines.
        y_limit: end of the vertical axis likewise, as below a peak that would flatten all else.
    """

    name: str
    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...] = ()
    level: float | None = None
    y_from_zero: bool = False
    logarithmic: str = ""
    x_limit: float | None = None
    y_limit: float | None = None


@dataclass(frozen=True, eq=False)
class HeatMap:
    """Panel of values on a grid.

    Attributes:
        name: name of the picture within its result.
        title: title.
        x_label: words and unit of the horizontal axis.
        y_label: words and unit of the vertical axis.
        value_label: words and unit of the values.
        x_edges: edges of the cells along the horizontal axis.
        y_edges: edges of the cells along the vertical axis.
        values: values by row from below and column; NaN leaves a cell empty.
        centred: whether colours diverge from 0.
    """

    name: str
    title: str
    x_label: str
    y_label: str
    value_label: str
    x_edges: Float[np.ndarray, " columns+1"]
    y_edges: Float[np.ndarray, " rows+1"]
    values: Float[np.ndarray, "rows columns"]
    centred: bool = False


@dataclass(frozen=True, eq=False)
class Timeline:
    """Panel of kinds by row along time, as the secondary structure of residues.

    Attributes:
        name: name of the picture within its result.
        title: title.
        x_label: words and unit of the horizontal axis.
        y_label: words of the vertical axis.
        times: times of the columns.
        rows: labels of the rows, from below.
        kinds: number of the kind by row and column, −1 where there is none.
        labels: names of the kinds.
        colors: colours of the kinds.
    """

    name: str
    title: str
    x_label: str
    y_label: str
    times: Float[np.ndarray, " columns"]
    rows: tuple[str, ...]
    kinds: Int[np.ndarray, "rows columns"]
    labels: tuple[str, ...]
    colors: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Scatter:
    """Panel of points, coloured by a value, as frames in a plane.

    Attributes:
        name: name of the picture within its result.
        title: title.
        x_label: words and unit of the horizontal axis.
        y_label: words and unit of the vertical axis.
        groups: points of each group, as of each run, by its label.
    """

    name: str
    title: str
    x_label: str
    y_label: str
    groups: tuple[tuple[str, Float[np.ndarray, "points 2"]], ...]


Picture = Curves | HeatMap | Timeline | Scatter


def overlaid(pictures: dict[str, Picture]) -> list[Picture]:
    """Return pictures of the same name from several runs: curves as one, others one by one.

    Args:
        pictures: one of each run, by the name of the run.
    """
    kinds = [*pictures.values()]
    if len(kinds) == 1:
        return kinds
    curves = {run: one for run, one in pictures.items() if isinstance(one, Curves)}
    if len(curves) < len(kinds):
        return [
            replace(one, name=f"{one.name}-{number}", title=f"{one.title}, {run}")
            for number, (run, one) in enumerate(pictures.items())
        ]
    lines = tuple(
        replace(line, label=f"{line.label}, {run}" if line.label else run)
        for run, one in curves.items()
        for line in one.lines
    )
    return [replace(next(iter(curves.values())), lines=lines, marks=())]
