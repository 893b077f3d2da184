"""Figure of a run: energies, drift, temperature, pressure and density against time."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeGuard

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from sundog.analysis.window import first_sample, is_enough
from sundog.errors import InputError
from sundog.io.table import read_table
from sundog.plots.drawing import draw_series
from sundog.plots.style import (
    BLUE,
    GREEN,
    INK,
    LEGEND_POINTS,
    ORANGE,
    PURPLE,
    finish,
    new_figure,
    save_figure,
)

Table = dict[str, np.ndarray]
"""Columns by name."""

Series = Float[np.ndarray, " samples"]
"""Values of one column."""

TIME = "time_ps"
"""Name of the column of times."""


def plot_energies(
    table: Table | str | Path,
    output_png: str | Path,
    title: str,
    target_temperature_kelvin: float | None = None,
) -> None:
    """Plot the energies of a run against time, one panel for each quantity the table has.

    The panels are the changes of potential and kinetic energy (`potential_energy_ev`,
    `kinetic_energy_ev`), the drift of the conserved energy (`conserved_energy_ev`, or
    `total_energy_ev`), `temperature_kelvin`, `pressure_bar` where there is a cell,
    and `density_g_per_cm3` where it changes. Thin lines are the values, bold lines their
    moving average. Means are those of the log: over the last half of the samples, if these are
    enough for one.

    Args:
        table: Columns by name, or the path of the `energies.csv` of a run.
        output_png: Picture to write.
        title: Title above the panels.
        target_temperature_kelvin: Temperature of the thermostat in K, drawn for comparison.

    Raises:
        InputError: The table has no `time_ps`, no rows, or nothing to plot.
        FileFormatError: The table cannot be read.
        RunDirectoryError: The picture cannot be written.
    """
    columns = table if isinstance(table, dict) else read_table(table)
    panels = _panels(columns, target_temperature_kelvin)
    if TIME not in columns or len(columns[TIME]) == 0 or not panels:
        raise InputError(
            "table: nothing to plot",
            got=f"columns {', '.join(columns) or 'none'}",
            expected=f"rows, {TIME} and an energy, as potential_energy_ev",
        )
    figure = new_figure(7.5, 0.7 + 1.9 * len(panels), title)
    axes = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
    for draw, panel in zip(panels, axes, strict=True):
        draw(panel)
        _finish(panel)
    time = columns[TIME]
    if time[-1] > time[0]:
        axes[-1].set_xlim(time[0], time[-1])
    axes[-1].set_xlabel("time / ps")
    figure.align_ylabels()
    save_figure(figure, Path(output_png))


def _panels(columns: Table, target: float | None) -> list[Callable[[Axes], None]]:
    """Return one drawing function for each panel that the columns allow."""
    panels: list[Callable[[Axes], None]] = []
    conserved = next((c for c in ("conserved_energy_ev", "total_energy_ev") if c in columns), None)
    if "potential_energy_ev" in columns:
        panels.append(lambda axes: _draw_exchange(axes, columns))
    if conserved is not None:
        panels.append(lambda axes: _draw_drift(axes, columns[TIME], columns[conserved]))
    if "temperature_kelvin" in columns:
        panels.append(lambda axes: _draw_temperature(axes, columns, target))
    if _is_finite(columns.get("pressure_bar")):  # there is none without a cell
        panels.append(lambda axes: _draw_pressure(axes, columns))
    density = columns.get("density_g_per_cm3")
    if _is_finite(density) and np.ptp(density) > 0:  # it is constant at constant volume
        panels.append(lambda axes: _draw_density(axes, columns))
    return panels


def _draw_exchange(axes: Axes, columns: Table) -> None:
    for name, label, color in (
        ("potential_energy_ev", "potential", BLUE),
        ("kinetic_energy_ev", "kinetic", ORANGE),
    ):
        if name in columns:
            energy = columns[name]
            start = f"{label}, from {energy[0]:.2f} eV"
            draw_series(axes, columns[TIME], energy - energy[0], color, start)
    axes.set_ylabel("energy change / eV")


def _draw_drift(axes: Axes, time: Series, conserved: Series) -> None:
    drift_mev = 1e3 * (conserved - conserved[0])
    draw_series(axes, time, drift_mev, GREEN, f"conserved, from {conserved[0]:.3f} eV")
    axes.axhline(0, color=INK, linewidth=0.8, linestyle=":")
    axes.set_ylabel("energy drift / meV")


def _draw_temperature(axes: Axes, columns: Table, target: float | None) -> None:
    temperature = columns["temperature_kelvin"]
    draw_series(axes, columns[TIME], temperature, PURPLE, _mean(columns, temperature, ".1f", "K"))
    if target is not None:
        axes.axhline(
            target, color=INK, linewidth=1, linestyle="--", label=f"target {target:g} K", zorder=4
        )
    axes.set_ylabel("temperature / K")


def _draw_pressure(axes: Axes, columns: Table) -> None:
    pressure = columns["pressure_bar"]
    draw_series(axes, columns[TIME], pressure, ORANGE, _mean(columns, pressure, ".0f", "bar"))
    axes.set_ylabel("pressure / bar")


def _is_finite(column: Series | None) -> TypeGuard[Series]:
    return column is not None and len(column) > 0 and bool(np.isfinite(column).all())


def _draw_density(axes: Axes, columns: Table) -> None:
    density = columns["density_g_per_cm3"]
    draw_series(axes, columns[TIME], density, BLUE, _mean(columns, density, ".4f", "g/cm³"))
    axes.set_ylabel("density / g cm⁻³")


def _mean(columns: Table, values: Series, digits: str, unit: str) -> str:
    """Return the mean of a column in words, over the samples that the log takes it over."""
    count = len(values)
    if not is_enough(count):
        return "too short for a mean"
    first = first_sample(count)
    return f"mean {values[first:].mean():{digits}} {unit} from {columns[TIME][first]:.3g} ps"


def _finish(axes: Axes) -> None:
    finish(axes)
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.margins(y=0.12)
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1, 0.98),
        ncols=2,
        frameon=False,
        fontsize=LEGEND_POINTS,
        borderaxespad=0,
        handlelength=1.4,
    )
