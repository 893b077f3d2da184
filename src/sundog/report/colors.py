"""Colours of pages: those of all figures, lighter ones for dark pages, and those of elements."""

from functools import cache
from typing import Any

from sundog.plots.style import DIVERGING, PALETTE, SEQUENTIAL

DARK = ("#56b4e9", "#f0814a", "#3fc79a", "#c39bd3", "#e6b84a", "#9ecbf0", "#c9d1d9")
"""Colours of lines on dark pages, in the order of `PALETTE`."""

ELEMENTS = {
    "H": "#c4ccd5",
    "C": "#59636f",
    "N": "#2f6fd0",
    "O": "#d1331f",
    "F": "#4bae5a",
    "P": "#e08214",
    "S": "#d3b400",
    "Cl": "#1f9e3d",
    "other": "#9467a8",
}
"""Colours of elements by symbol, after Corey, Pauling and Koltun, on light pages."""

DARK_ELEMENTS = ELEMENTS | {"H": "#e9edf1", "C": "#96a1ad", "N": "#6ea3f2", "O": "#ef5a45"}
"""Colours of elements on dark pages."""

STOPS = 11
"""Number of colours between which a map of colours is interpolated."""


@cache
def colors() -> dict[str, Any]:
    """Return the colours that scripts draw with."""
    return {
        "light": PALETTE,
        "dark": DARK,
        "elements_light": ELEMENTS,
        "elements_dark": DARK_ELEMENTS,
        "sequential": _stops(SEQUENTIAL),
        "diverging": _stops(DIVERGING),
    }


def _stops(name: str) -> list[list[int]]:
    from matplotlib import colormaps

    chosen = colormaps[name]
    return [[round(255 * part) for part in chosen(k / (STOPS - 1))[:3]] for k in range(STOPS)]
