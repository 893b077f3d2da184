"""Compare the forces of treatments of electrostatics with the exact sum, from dimer to bulk.

Usage: python scripts/electrostatics_clusters.py WATER.extxyz [--molecules 6] [--json OUT.json]
           [--figure OUT.png]

Balls of whole molecules are cut out of a periodic liquid and its images. The exact sum over a ball
is the one with which the model was trained. The script prints, for each radius of the ball,

    ball    RMS difference between the atomic forces of a treatment with a cutoff and the exact
            ones, over the ball
    centre  RMS difference, per Cartesian component, between the force on the central molecule from
            the exact sum over the ball and that from each treatment of the periodic liquid

A ball ends in vacuum, and its surface causes a field at the centre. On a neutral molecule that
field acts as a torque, which is why the total force on the molecule is compared.
"""

import argparse
import json
import math
from pathlib import Path

import jax
import numpy as np
from ase import Atoms
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.formulations.choice import with_kernels
from sundog.io.reading import read_structures
from sundog.io.topologies import topology_from_atoms
from sundog.single_points.predict import predict
from sundog.topology.molecules import wrap
from sundog.weights.load import load

jax.config.update("jax_enable_x64", True)

RADII = (3.2, 4.5, 6.0, 8.0, 10.0, 12.0, 14.0)
"""Radii of the balls in Å, from the centre of the central molecule to those of the others."""

WITH_CUTOFF = ("truncated", "wolf")
IN_BULK = ("truncated", "wolf", "ewald")
COLOURS = {"truncated": "#0072b2", "wolf": "#d55e00", "ewald": "#009e73"}
"""Treatments compared over balls, treatments compared in the bulk, and their colours."""


def balls(liquid: Atoms, middle: int) -> list[Atoms]:
    """Return balls of the RADII around one molecule of a liquid, whose atoms come first."""
    molecules = topology_from_atoms(liquid).molecules
    cell = liquid.cell.array
    places = wrap(liquid.positions, cell, molecules)
    members = [np.flatnonzero(molecules.number == k) for k in range(molecules.number.max() + 1)]
    centres = np.array([places[atoms].mean(axis=0) for atoms in members])
    several = math.ceil(RADII[-1] / liquid.cell.lengths().min()) + 1
    steps = np.arange(-several, several + 1)
    shifts = (
        np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3) @ cell
    )
    apart = np.linalg.norm(shifts[:, None] + centres - centres[middle], axis=2)
    found = []
    for radius in RADII:
        image, number = np.nonzero(apart < radius)
        nearest = np.argsort(apart[image, number], kind="stable")
        atoms = np.concatenate([members[number[k]] for k in nearest])
        moved = np.concatenate([places[members[number[k]]] + shifts[image[k]] for k in nearest])
        found.append(Atoms(liquid.numbers[atoms], moved - centres[middle]))
    return found


def force_fields() -> dict[str, AbstractForceField]:
    """Return the force fields of all treatments, in float64."""
    return {
        name: with_kernels(load(electrostatics=name, precision="float64"), "auto")[0]
        for name in ("exact", *IN_BULK)
    }


def compare(liquid: Atoms, count: int) -> list[dict[str, float]]:
    """Return a row for each radius, averaged over `count` central molecules."""
    fields = force_fields()
    members = topology_from_atoms(liquid).molecules
    bulk = {name: np.asarray(predict(fields[name], liquid).forces) for name in IN_BULK}
    middles = np.linspace(0, members.number.max(), count, endpoint=False).astype(int)
    sums: list[dict[str, list[np.ndarray]]] = [{} for _ in RADII]
    for middle in middles:
        mine = np.flatnonzero(members.number == middle)
        for row, ball in zip(sums, balls(liquid, middle), strict=True):
            exact = np.asarray(predict(fields["exact"], ball).forces)
            row.setdefault("atoms", []).append(np.array([len(ball)]))
            for name in WITH_CUTOFF:
                cut = np.asarray(predict(fields[name], ball).forces)
                row.setdefault(f"ball {name}", []).append((cut - exact).ravel())
            for name in IN_BULK:
                found = exact[: len(mine)].sum(axis=0) - bulk[name][mine].sum(axis=0)
                row.setdefault(f"centre {name}", []).append(found)
    return [
        {"radius_angstrom": radius, "atoms": float(np.mean(row.pop("atoms")))}
        | {name: float(np.sqrt(np.mean(np.concatenate(all_) ** 2))) for name, all_ in row.items()}
        for radius, row in zip(RADII, sums, strict=True)
    ]


def draw(path: Path, rows: list[dict[str, float]]) -> None:
    """Draw both comparisons against the radius."""
    figure = Figure(figsize=(8.5, 3.4), layout="constrained", dpi=150)
    FigureCanvasAgg(figure)
    radii = [row["radius_angstrom"] for row in rows]
    panels = (
        ("ball", WITH_CUTOFF, "a ball: difference from the exact sum"),
        ("centre", IN_BULK, "the liquid: difference from growing balls"),
    )
    for axes, (kind, names, title) in zip(figure.subplots(1, 2), panels, strict=True):
        for name in names:
            values = [row[f"{kind} {name}"] for row in rows]
            axes.semilogy(radii, values, "o-", ms=4, color=COLOURS[name], label=name)
        axes.set(xlabel="radius of the ball, Å", ylabel="RMS force, eV/Å", title=title)
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("liquid", type=Path, help="periodic structure file")
    parser.add_argument("--molecules", type=int, default=6, help="in the middle, one after another")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--figure", type=Path)
    asked = parser.parse_args()
    rows = compare(read_structures(asked.liquid)[-1], asked.molecules)
    print("| " + " | ".join(rows[0]) + " |")
    print("|" + " --- |" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join(f"{value:.4g}" for value in row.values()) + " |")
    if asked.json is not None:
        asked.json.write_text(json.dumps(rows, indent=2) + "\n")
    if asked.figure is not None:
        draw(asked.figure, rows)


if __name__ == "__main__":
    main()
