"""Compare predictions with the published weights to a folder of float64 reference arrays.

    python scripts/compare_reference.py FOLDER [--precision float64|float32]

The script prints the largest error of every array over all structures: relative for energies,
absolute for the others, in eV/Å, eV, e, 1 and e·Å. It exits with 1 when a float64 error exceeds
its bound.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from sundog.forcefield.prediction import Prediction
from sundog.forcefield.so3lr import ForceField
from sundog.names import ElectrostaticsName
from sundog.single_points.predict import predict_each
from sundog.system import System, make_system
from sundog.weights.load import load

BOUNDS = {
    "energy": 1e-7,
    "energy_so3krates": 1e-7,
    "energy_zbl": 1e-7,
    "energy_electrostatic": 1e-7,
    "energy_dispersion": 1e-7,
    "forces": 1e-6,
    "virial": 1e-6,
    "partial_charges": 1e-6,
    "hirshfeld_ratios": 1e-6,
    "dipole": 1e-6,
}
"""Largest accepted errors in float64: relative for energies, absolute for the others."""

SMALLEST_ENERGY = 1e-3
"""Energy in eV below which an error is taken relative to this value, not to the energy."""


class Reference(NamedTuple):
    """Structure of a reference file, with its arrays."""

    file: str
    name: str
    arrays: dict[str, np.ndarray]

    @property
    def treatment(self) -> tuple[ElectrostaticsName, float]:
        """Electrostatics and cutoff in Å with which the arrays were computed."""
        if "cutoff_dispersion" in self.arrays:
            return "ewald", float(self.arrays["cutoff_dispersion"])
        cutoff = float(self.arrays["cutoff_lr"])
        return ("exact", 12.0) if np.isnan(cutoff) else ("truncated", cutoff)

    def system(self) -> System:
        """Return the structure."""
        a = self.arrays
        return make_system(
            a["positions"],
            a["numbers"],
            cell=a["cell"],
            pbc=a["pbc"],
            total_charge=float(a["total_charge"]),
            multiplicity=int(a["unpaired_electrons"]) + 1,
        )


def references(path: Path) -> Iterator[Reference]:
    """Yield the structures of one file, or of every file of a folder."""
    for file in sorted(path.glob("*.npz")) if path.is_dir() else [path]:
        stored = np.load(file)
        grouped: dict[str, dict[str, np.ndarray]] = defaultdict(dict)
        for key in stored.files:
            name, array = key.rsplit("/", 1)
            grouped[name][array] = stored[key]
        for name, arrays in grouped.items():
            yield Reference(file.name, name, arrays)


def predictions(
    force_field: ForceField, chosen: Sequence[Reference]
) -> Iterator[tuple[Reference, Prediction]]:
    """Yield structures with their predictions, which are made in batches."""
    systems = [reference.system() for reference in chosen]
    yield from zip(chosen, predict_each(force_field, systems), strict=True)


def errors(reference: Reference, prediction: Prediction) -> dict[str, float]:
    """Return the largest error of every array that the reference has."""
    ours = {
        "energy": prediction.energy,
        "energy_so3krates": prediction.energies["so3krates"],
        "energy_zbl": prediction.energies["zbl"],
        "energy_electrostatic": prediction.energies["electrostatics"],
        "energy_dispersion": prediction.energies["dispersion"],
        "forces": prediction.forces,
        "virial": prediction.virial,
        "partial_charges": prediction.partial_charges,
        "hirshfeld_ratios": prediction.hirshfeld_ratios,
        "dipole": prediction.dipole,
    }
    worst = {}
    for name, value in ours.items():
        if name not in reference.arrays:
            continue
        expected = np.asarray(reference.arrays[name])
        error = np.abs(np.asarray(value, np.float64).reshape(expected.shape) - expected).max()
        if name.startswith("energy"):
            error = error / max(abs(float(expected)), SMALLEST_ENERGY)
        worst[name] = float(error)
    return worst


def main() -> None:
    """Compare all references and print the errors."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="folder with *.npz, or one file")
    parser.add_argument("--precision", choices=["float64", "float32"], default="float64")
    options = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    by_treatment: dict[tuple[ElectrostaticsName, float], list[Reference]] = defaultdict(list)
    for reference in references(options.folder):
        by_treatment[reference.treatment].append(reference)
    worst: dict[str, tuple[float, str]] = dict.fromkeys(BOUNDS, (0.0, "-"))
    for (electrostatics, cutoff), chosen in by_treatment.items():
        force_field = load(
            "so3lr",
            electrostatics=electrostatics,
            cutoff_angstrom=cutoff,
            precision=options.precision,
        )
        for reference, prediction in predictions(force_field, chosen):
            for name, error in errors(reference, prediction).items():
                worst[name] = max(worst[name], (error, f"{reference.file}/{reference.name}"))
    count = sum(map(len, by_treatment.values()))
    print(f"{count} structures, {options.precision}; worst error of each array:")
    for name, (error, where) in worst.items():
        kind = "relative" if name.startswith("energy") else "absolute"
        print(f"  {name:22s} {error:9.2e} {kind}  {where}")
    failed = [name for name, (error, _) in worst.items() if error > BOUNDS[name]]
    if options.precision == "float64" and failed:
        sys.exit("above the bound: " + ", ".join(failed))


if __name__ == "__main__":
    main()
