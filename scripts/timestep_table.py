"""Measure the effect of the timestep on liquid water: drift, temperature, density, diffusion, cost.

Usage: python scripts/timestep_table.py FOLDER [--rows DT,MASS,EVERY …] [--picoseconds 20]
A row is a timestep in fs, the mass of hydrogens in amu (1: as they are) and --long-range-every.
Every row has two runs with `ewald`, both from the same liquid at 300 K and 1 bar with new momenta:

    nve  constant energy: the slope of the energy, which should be zero
    npt  stochastic cell rescaling and stochastic velocity rescaling at 300 K and 1 bar

Runs are in folders of FOLDER. The same command resumes them, and extends them when it is given more
picoseconds. Several commands may run different rows at the same time once FOLDER has its
liquid.extxyz, which `--rows` without rows makes. The script prints the finished rows as Markdown
and writes them to FOLDER/table.json.
"""

import argparse
import json
import math
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import mdtraj
import numpy as np
from jaxtyping import Float

from sundog.analysis.diffusion import diffusion_coefficient, unwrapped_at_mean_cell
from sundog.analysis.statistics import estimate
from sundog.errors import InputError
from sundog.io.extxyz import write_extxyz
from sundog.io.table import read_table
from sundog.prepare.water import water_box

MOLECULES, TEMPERATURE = 64, 300.0
"""Number of water molecules, and temperature in K."""

SAMPLE_FS, SAMPLES_PER_FRAME = 8.0, 10
"""Time between samples in fs, and number of samples between frames of the trajectory."""

EQUILIBRATION, BLOCKS = 0.2, 5
"""Fraction of an NPT run that is left out, and number of blocks for the error of slopes."""

FIRST_LAG_PS, LAST_LAG_PS = 1.0, 3.0
"""Lag times in ps between which a line is fitted to the mean squared displacement."""

MODEL = ["--electrostatics", "ewald", "--checkpoint-minutes", "2"]
BATHS = ["--thermostat", "bussi", "--temperature-kelvin", f"{TEMPERATURE:g}", "--pressure-bar", "1"]
"""Flags of all runs, and of those at constant temperature and pressure."""

DEFAULT_ROWS = tuple(
    f"{step_and_mass},{every}"
    for step_and_mass, largest in (("0.5,1", 4), ("1,1", 4), ("1,3", 4), ("1.5,3", 2), ("2,3", 2))
    for every in (1, 2, 4)
    if every <= largest
)
"""Rows of the default table, as `--rows` takes them."""


@dataclass(frozen=True)
class Row:
    """Settings of the runs of one line of the table."""

    timestep_fs: float
    hydrogen_mass: float
    long_range_every: int

    @classmethod
    def parsed(cls, text: str) -> "Row":
        """Return the row for a text such as `0.5,3,4`."""
        timestep, mass, every = text.split(",")
        return cls(float(timestep), float(mass), int(every))

    @property
    def name(self) -> str:
        """Name of the folder of the row."""
        return f"{self.timestep_fs:g}fs-{self.hydrogen_mass:g}amu-{self.long_range_every}"

    def flags(self, picoseconds: float) -> list[str]:
        """Return flags for a run of at least `picoseconds`, in whole frames and whole cycles."""
        cycle = self.long_range_every * self.timestep_fs
        sample = self.long_range_every * max(1, round(SAMPLE_FS / cycle))
        frame = SAMPLES_PER_FRAME * sample
        steps = frame * math.ceil(1000 * picoseconds / (self.timestep_fs * frame))
        told = {
            "timestep-fs": f"{self.timestep_fs:g}",
            "long-range-every": str(self.long_range_every),
            "sample-every": str(sample),
            "frame-every": str(frame),
            "steps": str(steps),
        }
        if self.hydrogen_mass != 1:
            told["hydrogen-mass"] = f"{self.hydrogen_mass:g}"
        return [word for key, value in told.items() for word in (f"--{key}", value)]


def main() -> None:
    """Run the requested rows and print those that are finished."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", nargs="*", default=list(DEFAULT_ROWS), metavar="DT,MASS,EVERY")
    parser.add_argument("--picoseconds", type=float, default=20.0, help="of each run of a row")
    parser.add_argument(
        "--structure", type=Path, help="a liquid to begin with instead of making one"
    )
    parser.add_argument("--equilibration-picoseconds", type=float, default=10.0)
    parser.add_argument("--report", action="store_true", help="run nothing")
    told = parser.parse_args()
    rows = [Row.parsed(text) for text in told.rows]
    if not told.report:
        liquid = told.structure or _liquid(told.folder, told.equilibration_picoseconds)
        for row in rows:
            _run("nve", liquid, told.folder / row.name / "nve", row.flags(told.picoseconds))
            own = [*row.flags(told.picoseconds), *BATHS]
            _run("npt", liquid, told.folder / row.name / "npt", own)
    measured = [asdict(row) | _measured(told.folder / row.name) for row in rows]
    measured = [one for one in measured if len(one) > len(asdict(rows[0]))]
    if measured:
        (told.folder / "table.json").write_text(json.dumps(measured, indent=1) + "\n")
        print(_markdown(measured))


def _liquid(folder: Path, picoseconds: float) -> Path:
    """Return the file of the liquid from which the runs start; it is made where it is missing."""
    liquid, run = folder / "liquid.extxyz", folder / "liquid"
    if not liquid.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        box = folder / "box.extxyz"
        write_extxyz(box, water_box(MOLECULES, seed=0))
        own = [*Row(0.5, 1, 1).flags(picoseconds), *BATHS, "--minimize", "--seed", "1"]
        _run("npt", box, run, own)
        liquid.write_text((run / "final.extxyz").read_text())
    return liquid


def _run(ensemble: str, structure: Path, folder: Path, flags: Sequence[str]) -> None:
    """Start or resume a run in a separate process."""
    begun = any((folder / "checkpoints").glob("checkpoint*"))
    steps = flags[flags.index("--steps") : flags.index("--steps") + 2]
    origin = ["--resume", str(folder)] if begun else [str(structure), "--output", str(folder)]
    more = steps if begun else [*MODEL, *flags, "--overwrite"]
    command = [sys.executable, "-m", "sundog", "md" if begun else ensemble, *origin, *more]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.txt").open("a") as said:
        subprocess.run(command, check=True, stdout=said, stderr=said)


def _measured(folder: Path) -> dict[str, float]:
    """Return the results of the runs of a row, as far as they are finished."""
    found: dict[str, float] = {}
    if (folder / "nve" / "final.extxyz").is_file():
        table = read_table(folder / "nve" / "energies.csv")
        energy = 1000 * table["conserved_energy_ev"] / (3 * MOLECULES)
        drift, error = _slope(1e-3 * table["time_ps"], energy)
        found |= {"drift_mev_per_atom_ns": drift, "drift_error": error}
        found["energy_std_mev_per_atom"] = float(energy.std())
    if (folder / "npt" / "final.extxyz").is_file():
        table = read_table(folder / "npt" / "energies.csv")
        first = int(EQUILIBRATION * len(table["step"]))
        for name in ("temperature_kelvin", "density_g_per_cm3", "pressure_bar"):
            found[name], found[f"{name}_error"] = estimate(table[name][first:])[:2]
        diffusion = _diffusion(folder / "npt")
        if diffusion is not None:
            found["diffusion_angstrom2_per_ps"], found["diffusion_error"] = diffusion
        speed = re.findall(r"([\d.]+) µs/atom/step", (folder / "npt" / "run.log").read_text())
        if speed:
            found["us_per_atom_step"] = float(speed[-1])
    return found


def _slope(
    times: Float[np.ndarray, " samples"], values: Float[np.ndarray, " samples"], blocks: int = 10
) -> tuple[float, float]:
    """Return slope and standard error of a line that is fitted to the means of blocks."""
    x = [one.mean() for one in np.array_split(times, blocks)]
    y = [one.mean() for one in np.array_split(values, blocks)]
    (slope, _), covariance = np.polyfit(x, y, 1, cov=True)
    return float(slope), float(np.sqrt(covariance[0, 0]))


def _diffusion(folder: Path) -> tuple[float, float] | None:
    """Return the diffusion coefficient of O in Å²/ps and its error, or None for a short run.

    It is not corrected for the finite size of the box.
    """
    frames = mdtraj.load(folder / "trajectory.xtc", top=folder / "topology.pdb")
    skip = int(EQUILIBRATION * len(frames))
    oxygens = frames.topology.select("element O")
    paths = 10.0 * frames.xyz[skip:, oxygens].astype(np.float64)
    paths = unwrapped_at_mean_cell(paths, 10.0 * frames.unitcell_vectors[skip:])
    step = float(frames.time[1] - frames.time[0]) if len(frames) > 1 else math.inf
    try:
        return diffusion_coefficient(
            paths, step, from_ps=FIRST_LAG_PS, to_ps=LAST_LAG_PS, parts=BLOCKS
        )
    except InputError:
        return None


def _markdown(rows: Sequence[dict[str, float]]) -> str:
    """Return the table."""
    lines = [
        "| dt in fs | m(H) | long range every | drift, meV/atom/ns | T in K | density in g/cm³ "
        "| D in Å²/ps | µs/atom/step |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    columns = (
        ("drift_mev_per_atom_ns", "drift_error", ".3g", ".1g"),
        ("temperature_kelvin", "temperature_kelvin_error", ".1f", ".1f"),
        ("density_g_per_cm3", "density_g_per_cm3_error", ".4f", ".4f"),
        ("diffusion_angstrom2_per_ps", "diffusion_error", ".3f", ".3f"),
    )
    for row in rows:
        cells = [f"{row[key]:g}" for key in ("timestep_fs", "hydrogen_mass", "long_range_every")]
        for value, error, one, other in columns:
            known = value in row
            cells.append(f"{row[value]:{one}} ± {row[error]:{other}}" if known else "–")
        cells.append(f"{row['us_per_atom_step']:.1f}" if "us_per_atom_step" in row else "–")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
