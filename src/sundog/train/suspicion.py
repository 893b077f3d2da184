"""Labels that look like another unit or sign, by the forces of the base model.

    s = Σ F·F₀ / Σ F₀²,   ρ = Σ F·F₀ / √(Σ F² Σ F₀²)

F are the labels of some structures and F₀ the forces of the base model. Where both go together
(|ρ| > 0.5), s is near 1 for labels in eV/Å with the sign of forces; another unit has its own s.
"""

from collections.abc import Sequence

import numpy as np

from sundog.errors import InputError
from sundog.hamiltonian import Hamiltonian
from sundog.names import ElectrostaticsName
from sundog.system import System, make_system
from sundog.train.records import Records
from sundog.units import BOHR, HARTREE, KCAL_PER_MOL
from sundog.weights.published import DEFAULT
from sundog.weights.store import WeightSet, find_installed, is_installed, read_weights

LOOKED_AT = 12
"""Number of structures that are compared."""

LARGEST = 100
"""Number of atoms beyond which a structure is not compared."""

SCALES = {
    "kcal/mol/Å": 1 / KCAL_PER_MOL,
    "hartree/bohr": BOHR / HARTREE,
    "hartree/Å": 1 / HARTREE,
    "meV/Å": 1000.0,
    "kJ/mol/Å": 4.184 / KCAL_PER_MOL,
}
"""Slope s of labels in other units."""

TOGETHER = 0.5
"""Correlation from which on labels and base model describe the same forces."""

NEAR = 1.35
"""Factor within which a slope is that of a unit."""

FAR = 3.0
"""Factor from 1 beyond which a slope is that of no level of theory."""


def refuse_odd(labels: np.ndarray, base: np.ndarray) -> str:
    """Return a line on how labels compare with forces of the base model.

    Args:
        labels: labels of forces, [values].
        base: forces of the base model in eV/Å, [values].

    Raises:
        InputError: they have another sign, or look like another unit.
    """
    product = float(labels @ base)
    slope = product / max(float(base @ base), 1e-300)
    together = product / max(float(np.sqrt((labels @ labels) * (base @ base))), 1e-300)
    told = f"slope {slope:.3g}, correlation {together:.2f} against the base model"
    if together < -TOGETHER:
        raise InputError(
            "forces_key: the labels of forces have the wrong sign",
            got=told,
            expected="forces, not gradients of the energy",
            remedy="Change their sign, or use check_labels=False if they are meant so",
        )
    if together > TOGETHER:
        for unit, scale in SCALES.items():
            if 1 / NEAR < slope / scale < NEAR:
                raise InputError(
                    f"unit: the labels of forces look like {unit}",
                    got=told,
                    expected="eV/Å",
                    remedy='Name the unit of energies, as unit="kcal/mol" for forces in it per Å, '
                    "or use check_labels=False if they are right",
                )
        if not 1 / FAR < slope < FAR:
            raise InputError(
                "unit: the labels of forces are of another size than those of the base model",
                got=told,
                expected="eV/Å",
                remedy="Name their unit, or use check_labels=False if they are right",
            )
    return f"Labels of forces: {told}"


def check_forces(
    records: Records,
    numbers: np.ndarray,
    weights: WeightSet | None,
    electrostatics: ElectrostaticsName,
) -> str:
    """Return a line on how the labels of some structures compare with the base model.

    Args:
        records: structures.
        numbers: numbers of those for training.
        weights: weights that are started from, or None for the published ones.
        electrostatics: treatment of the charges.

    Raises:
        InputError: as for `refuse_odd`.
    """
    if weights is None:
        if not is_installed(DEFAULT):
            return f"Labels of forces: not compared, because the weights {DEFAULT} are missing"
        weights = read_weights(find_installed(DEFAULT))
    systems, labels = _some(records, numbers)
    if not systems:
        return "Labels of forces: not compared, because no small structure has them"
    # Late, because it compiles.
    from sundog.forcefield.formulations.choice import with_kernels
    from sundog.single_points.predict import predict
    from sundog.weights.load import build

    base, _ = with_kernels(build(weights, Hamiltonian(electrostatics=electrostatics)), "auto")
    found = predict(base, systems)
    forces = np.concatenate([np.asarray(one.forces).ravel() for one in found])
    told = np.concatenate([one.ravel() for one in labels])
    known = ~np.isnan(told)
    return refuse_odd(told[known], forces[known])


def _some(records: Records, numbers: np.ndarray) -> tuple[Sequence[System], list[np.ndarray]]:
    """Return a few of the structures that have labels of forces, and these."""
    spread = numbers[np.unique(np.linspace(0, len(numbers) - 1, 10 * LOOKED_AT).astype(int))]
    systems, labels = [], []
    for number in spread.tolist():
        one = records[number]
        forces = one.labels.get("forces")
        if forces is None or np.isnan(forces).all() or len(one.numbers) > LARGEST:
            continue
        systems.append(
            make_system(
                one.positions,
                one.numbers,
                cell=one.cell,
                pbc=one.pbc.tolist(),
                total_charge=one.total_charge,
                multiplicity=one.multiplicity,
            )
        )
        labels.append(np.asarray(forces))
        if len(systems) == LOOKED_AT:
            break
    return systems, labels
