"""Predictions as entries of `info` and `arrays`, under the names that the field uses."""

import numpy as np
from ase import Atoms

from sundog.forcefield.prediction import Prediction


def with_results(atoms: Atoms, prediction: Prediction) -> Atoms:
    """Return a copy of a structure that carries its prediction.

    `info`: `energy`, `energy_<term>` in eV, `dipole` in e·Å, and for a three-dimensional
    cell `stress` in eV/Å³ (3×3). `arrays`: `forces` in eV/Å, `charges` in e,
    `hirshfeld_ratios`.
    """
    labelled = atoms.copy()
    labelled.calc = None
    labelled.info["energy"] = float(prediction.energy)
    for name, energy in prediction.energies.items():
        labelled.info[f"energy_{name}"] = float(energy)
    if prediction.dipole is not None:
        labelled.info["dipole"] = np.asarray(prediction.dipole, np.float64)
    if atoms.pbc.all():
        labelled.info["stress"] = np.asarray(prediction.stress, np.float64)
    labelled.arrays["forces"] = np.asarray(prediction.forces, np.float64)
    if prediction.partial_charges is not None:
        labelled.arrays["charges"] = np.asarray(prediction.partial_charges, np.float64)
    if prediction.hirshfeld_ratios is not None:
        ratios = np.asarray(prediction.hirshfeld_ratios, np.float64)
        labelled.arrays["hirshfeld_ratios"] = ratios
    return labelled
