"""Figure of the saturation of a set, and of its environments by element."""

from pathlib import Path

from sundog.coverage.census import Census
from sundog.coverage.outcome import by_element
from sundog.coverage.saturation import Saturation
from sundog.plots.style import BLUE, GREY, INK, new_figure, save_figure


def plot_coverage(census: Census, found: Saturation, output_png: Path, title: str) -> None:
    """Write the curve of saturation with its spread, and the environments by element.

    Args:
        census: Census of the set.
        found: Saturation of the set.
        output_png: Picture to write.
        title: Title above the panels.

    Raises:
        RunDirectoryError: The picture cannot be written.
    """
    figure = new_figure(10, 4, title)
    curve, bars = figure.subplots(1, 2, width_ratios=(1.6, 1))
    low, high = found.mean - found.spread, found.mean + found.spread
    curve.fill_between(found.structures, low, high, color=GREY, label="± spread over orders")
    curve.plot(found.structures, found.mean, color=BLUE, label="mean")
    curve.set_xlabel("structures")
    curve.set_ylabel(f"distinct environments to {census.radius}")
    curve.set_ylim(0)
    curve.set_xlim(0)
    curve.legend(loc="lower right")
    elements = by_element(census)
    places = range(len(elements))
    every = [one.environments for one in elements.values()]
    once = [one.singletons for one in elements.values()]
    bars.bar(places, every, color=BLUE, label="all")
    bars.bar(places, once, color=INK, label="of a single atom")
    bars.set_xticks(places, list(elements))
    bars.set_ylabel("distinct environments")
    bars.legend()
    save_figure(figure, output_png)
