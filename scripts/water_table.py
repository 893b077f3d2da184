"""Density, structure and diffusion of water from runs at constant pressure, side by side.

Usage: python scripts/water_table.py NAME=RUN [NAME=RUN ...] [--skip-ps 20] [--json OUT.json]
           [--figure OUT.png]

RUN is the folder of a run whose trajectory is unwrapped. Errors come from blocks for the density,
and from four parts of the trajectory for diffusion.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import mdtraj
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sundog.analysis.diffusion import (
    diffusion_coefficient,
    mean_squared_displacement,
    unwrapped_at_mean_cell,
)
from sundog.analysis.radial_distribution import RadialDistribution, radial_distribution
from sundog.analysis.statistics import estimate
from sundog.io.table import read_table

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#9467a8")
"""Colours of the runs in the figure."""

FIT_PS = (2.0, 10.0)
"""Lag times in ps between which a line is fitted to the mean squared displacement."""


@dataclass
class Water:
    """Results of a run; pairs are values with their errors, or distances in Å with g(r)."""

    name: str
    molecules: int
    picoseconds: float
    density_g_per_cm3: tuple[float, float]
    temperature_kelvin: tuple[float, float]
    diffusion_angstrom2_per_ps: tuple[float, float]
    first_peak: tuple[float, float]
    first_minimum: tuple[float, float]
    second_peak: tuple[float, float]


@dataclass
class Curves:
    """Curves of a run for the figure."""

    time_ps: np.ndarray
    density: np.ndarray
    rdf: RadialDistribution
    lags_ps: np.ndarray
    msd: np.ndarray


def analyse(name: str, run: Path, skip_ps: float) -> tuple[Water, Curves]:
    """Return results and curves of a run without its first picoseconds.

    Args:
        name: name of the run in table and figure.
        run: folder of the run.
        skip_ps: time in ps that is left out at the beginning.
    """
    table = read_table(run / "energies.csv")
    steady = table["time_ps"] > skip_ps
    trajectory = mdtraj.load(run / "trajectory.xtc", top=run / "topology.pdb")
    trajectory = trajectory[trajectory.time > skip_ps]
    frame_ps = float(np.diff(trajectory.time).mean())
    rdf = radial_distribution(trajectory, "element O", "element O")
    oxygen = trajectory.topology.select("element O")
    places = unwrapped_at_mean_cell(
        10.0 * trajectory.xyz[:, oxygen].astype(float), 10.0 * trajectory.unitcell_vectors
    )
    lags = np.unique(np.linspace(1, round(FIT_PS[1] / frame_ps), 60).astype(int))
    found = Water(
        name=name,
        molecules=len(oxygen),
        picoseconds=float(np.ptp(table["time_ps"][steady])),
        density_g_per_cm3=estimate(table["density_g_per_cm3"][steady])[:2],
        temperature_kelvin=estimate(table["temperature_kelvin"][steady])[:2],
        diffusion_angstrom2_per_ps=diffusion_coefficient(
            places, frame_ps, from_ps=FIT_PS[0], to_ps=FIT_PS[1], parts=4
        ),
        first_peak=rdf.extremum(2.4, 3.2),
        first_minimum=rdf.extremum(2.9, 4.2, lowest=True),
        second_peak=rdf.extremum(3.6, 5.5),
    )
    msd = mean_squared_displacement(places, lags)
    curves = Curves(table["time_ps"], table["density_g_per_cm3"], rdf, lags * frame_ps, msd)
    return found, curves


def draw(path: Path, curves: dict[str, Curves], skip_ps: float) -> None:
    """Draw densities, radial distribution functions and displacements.

    Args:
        path: path of the figure.
        curves: curves of each run, by its name.
        skip_ps: time in ps that was left out at the beginning.
    """
    figure = Figure(figsize=(11, 3.4), layout="constrained", dpi=150)
    FigureCanvasAgg(figure)
    density, rdf, msd = figure.subplots(1, 3)
    for (name, one), colour in zip(curves.items(), COLOURS, strict=False):
        smooth = np.convolve(one.density, np.ones(50) / 50, mode="valid")
        middle = one.time_ps[: len(smooth)] + 0.5 * (one.time_ps[49] - one.time_ps[0])
        density.plot(middle, smooth, color=colour, lw=1.2, label=name)
        rdf.plot(one.rdf.r, one.rdf.g, color=colour, lw=1.4)
        msd.plot(one.lags_ps, one.msd, color=colour, lw=1.4)
    density.axvline(skip_ps, color="0.6", lw=0.8, ls=":")
    density.set(xlabel="time, ps", ylabel="density, g/cm³", title="1 bar, means over 1 ps")
    rdf.set(xlabel="r(O–O), Å", ylabel="g(r)", xlim=(2, None), title="structure")
    msd.set(xlabel="time, ps", ylabel="⟨Δr²⟩, Å²", title="displacement of O")
    density.legend(frameon=False)
    for axes in (density, rdf, msd):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)


def row(water: Water) -> str:
    """Return a line of the table in Markdown."""

    def value(pair: tuple[float, float], digits: int) -> str:
        return f"{pair[0]:.{digits}f} ± {pair[1]:.{digits}f}"

    def point(pair: tuple[float, float]) -> str:
        return f"{pair[1]:.2f} at {pair[0]:.2f} Å"

    cells = [
        water.name,
        f"{water.picoseconds:.0f}",
        value(water.density_g_per_cm3, 3),
        value(water.diffusion_angstrom2_per_ps, 3),
        point(water.first_peak),
        point(water.first_minimum),
        point(water.second_peak),
        value(water.temperature_kelvin, 1),
    ]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("runs", nargs="+", help="NAME=FOLDER")
    parser.add_argument("--skip-ps", type=float, default=20.0, help="equilibration, left out")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--figure", type=Path)
    asked = parser.parse_args()
    rows, curves = [], {}
    print("| run | ps | density, g/cm³ | D, Å²/ps | first peak | minimum | second peak | T, K |")
    print("|---|" + "---:|" * 7)
    for told in asked.runs:
        name, folder = told.split("=", 1)
        water, curves[name] = analyse(name, Path(folder), asked.skip_ps)
        rows.append(asdict(water))
        print(row(water), flush=True)
    if asked.json is not None:
        asked.json.write_text(json.dumps(rows, indent=2) + "\n")
    if asked.figure is not None:
        draw(asked.figure, curves, asked.skip_ps)


if __name__ == "__main__":
    main()
