"""Measure the error of forces, pressure and surface tension due to the cutoff of the dispersion.

Usage: python scripts/cutoff_convergence.py FILE [--vacuum 60 | --layers]
           [--cutoffs 6 8 10 12 14 16] [--reference 24] [--precision float64] [--json OUT]

With `ewald` only the dispersion depends on the cutoff, so that it alone causes the differences
between two cutoffs. Forces include the response of the Hirshfeld ratios. With --vacuum the
structure is made a slab with that much vacuum in Å along c. The reference is then the largest
cutoff without a tail, since there is no tail of a slab, and it must be shorter than the vacuum. The
same holds with --layers, for layers of different liquids that fill the cell. Pressures and the
surface tension, γ = L_c/2 (P_N − P_T), are those of the potential energy; only their errors are
shown. The script prints a table in Markdown.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np
from ase import Atoms

jax.config.update("jax_enable_x64", True)

import sundog  # noqa: E402
from sundog.forcefield.formulations.choice import with_kernels  # noqa: E402
from sundog.io.reading import read_structures  # noqa: E402
from sundog.io.topologies import topology_from_atoms  # noqa: E402
from sundog.names import Precision  # noqa: E402
from sundog.single_points.predict import predict_each  # noqa: E402
from sundog.units import BAR  # noqa: E402

MN_PER_M = 0.01
"""One bar·Å in mN/m."""


@dataclass(frozen=True)
class Measured:
    """Results with one cutoff.

    Attributes:
        energy: energy per atom in eV.
        forces: forces in eV/Å.
        pressures: pressures along x, y and z in bar.
        tension: surface tension in mN/m, if the structure is a slab.
    """

    energy: float
    forces: np.ndarray
    pressures: np.ndarray
    tension: float


def slab_of(atoms: Atoms, vacuum: float) -> Atoms:
    """Return the structure with whole molecules and vacuum in Å along c."""
    molecules = topology_from_atoms(atoms).molecules
    positions = atoms.positions + molecules.image @ atoms.cell.array
    count = np.bincount(molecules.number)[:, None]
    centres = np.zeros((len(count), 3))
    np.add.at(centres, molecules.number, positions)
    home = np.floor(centres / count @ np.linalg.inv(atoms.cell.array))
    positions -= home[molecules.number] @ atoms.cell.array
    lengths = atoms.cell.lengths()
    if not np.allclose(atoms.cell.angles(), 90):
        raise SystemExit("--vacuum: a cell with right angles is needed")
    slab = Atoms(atoms.numbers, positions, cell=[*lengths[:2], lengths[2] + vacuum], pbc=True)
    slab.info["charge"] = atoms.info.get("charge", 0)
    return slab


def measured(atoms: Atoms, cutoff: float, tail: bool, precision: Precision) -> Measured:
    """Return energy, forces and pressures with a cutoff.

    Args:
        atoms: structure.
        cutoff: cutoff of the dispersion in Å.
        tail: whether the dispersion has a tail correction.
        precision: precision of the model's arithmetic.
    """
    reference = sundog.load(
        electrostatics="ewald",
        cutoff_angstrom=cutoff,
        dispersion_tail=tail,
        precision=precision,
    )
    (prediction,) = predict_each(with_kernels(reference, "auto")[0], [atoms])
    pressures = -np.diag(np.asarray(prediction.stress)) / BAR
    tension = atoms.cell.lengths()[2] / 2 * (pressures[2] - pressures[:2].mean()) * MN_PER_M
    energy = float(prediction.energy) / len(atoms)
    jax.clear_caches()
    return Measured(energy, np.asarray(prediction.forces), pressures, float(tension))


def compared(found: Measured, expected: Measured) -> dict[str, float]:
    """Return the errors of results against the reference."""
    forces = found.forces - expected.forces
    pressures = found.pressures - expected.pressures
    return {
        "energy_mev_per_atom": 1e3 * (found.energy - expected.energy),
        "force_rms_ev_per_angstrom": float(np.sqrt(np.mean(forces**2))),
        "force_largest_ev_per_angstrom": float(np.abs(forces).max()),
        "pressure_bar": float(pressures.mean()),
        "pressure_tangential_bar": float(pressures[:2].mean()),
        "pressure_normal_bar": float(pressures[2]),
        "surface_tension_mn_per_m": found.tension - expected.tension,
    }


def table(rows: list[dict]) -> str:
    """Return the table of errors in Markdown."""
    head = (
        "cutoff Å | tail | energy meV/atom | RMS force meV/Å | largest | P | P_T | P_N bar | γ mN/m"
    )
    lines = [f"| {head} |", "|" + " ---: |" * 9]
    for row in rows:
        cells = [
            f"{row['cutoff_angstrom']:g}",
            "on" if row["tail"] else "off",
            f"{row['energy_mev_per_atom']:.3f}",
            f"{1e3 * row['force_rms_ev_per_angstrom']:.3f}",
            f"{1e3 * row['force_largest_ev_per_angstrom']:.2f}",
            f"{row['pressure_bar']:.1f}",
            f"{row['pressure_tangential_bar']:.1f}",
            f"{row['pressure_normal_bar']:.1f}",
            f"{row['surface_tension_mn_per_m']:.2f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--vacuum", type=float, default=0.0)
    parser.add_argument("--layers", action="store_true")
    parser.add_argument("--cutoffs", type=float, nargs="+", default=[6, 7, 8, 9, 10, 12, 14, 16])
    parser.add_argument("--reference", type=float, default=24.0)
    parser.add_argument("--precision", choices=["float32", "float64"], default="float64")
    parser.add_argument("--json", type=Path)
    settings = parser.parse_args()
    atoms = read_structures(settings.file)[-1]
    if settings.vacuum:
        atoms = slab_of(atoms, settings.vacuum)
    homogeneous = not (settings.vacuum or settings.layers)
    expected = measured(atoms, settings.reference, homogeneous, settings.precision)
    rows = [
        {
            "cutoff_angstrom": cutoff,
            "tail": tail,
            **compared(measured(atoms, cutoff, tail, settings.precision), expected),
        }
        for cutoff in settings.cutoffs
        for tail in (False, True)
    ]
    print(f"{settings.file}: {len(atoms)} atoms, against {settings.reference:g} Å")
    print(table(rows))
    if settings.json is not None:
        told = {"vacuum_angstrom": settings.vacuum, "reference_angstrom": settings.reference}
        settings.json.write_text(json.dumps({**told, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
