"""Errors of predictions, quantity by quantity, over all, by element and by class of structures.

energies   only differences at fixed composition have a meaning: the means of predictions and of
           references over each composition are subtracted; a composition of one structure has no
           error
forces     components; cosine of the angle between predicted and reference vectors
dipoles    components and length of the difference, difference of the lengths, angle; dipoles of
           ions depend on the origin, which must be that of the coordinates in the labels too
R²         1 − Σ(predicted − reference)²/Σ(reference − mean)²
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ase import Atoms
from jaxtyping import Float

from sundog.data.labels import QUANTITIES, Labels
from sundog.elements import symbol
from sundog.evaluate import statistics
from sundog.evaluate.models import Properties
from sundog.units import DEBYE

Values = Float[np.ndarray, " values"]
"""Values of one quantity, of all structures one after another."""

UNITS = {
    "energy": "eV",
    "energy_per_atom": "eV/atom",
    "forces": "eV/Å",
    "stress": "eV/Å³",
    "dipole": "D",
    "dipole_magnitude": "D",
    "charges": "e",
    "hirshfeld_ratios": "",
}
"""Unit in which each quantity is compared."""

SMALLEST_DIPOLE = 0.05 * DEBYE
"""Smallest dipole in e·Å whose direction is compared; that of smaller ones is noise."""

SMALLEST_FORCE = 1e-3
"""Smallest force in eV/Å whose direction is compared; that of smaller ones is noise."""

PER_ATOM = ("forces", "charges", "hirshfeld_ratios")
"""Quantities that every atom has, whose errors are also given by element."""


@dataclass(frozen=True, kw_only=True)
class Errors:
    """Statistics of the errors of some values, in their unit.

    Attributes:
        mae: Mean absolute error.
        mae_interval: 95 % interval of `mae`; None for fewer than two structures.
        rmse: Root mean square error.
        max: Largest absolute error.
        r2: Coefficient of determination R²; None where the references are all equal.
        values: Number of values.
        structures: Number of structures that they belong to.
    """

    mae: float
    mae_interval: tuple[float, float] | None
    rmse: float
    max: float
    r2: float | None
    values: int
    structures: int


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Errors of one quantity.

    Attributes:
        unit: Unit of the quantity.
        overall: Errors over all structures.
        mean_vector_error: Mean length of the difference of dipoles in debye.
        mean_cosine: Mean cosine of the angle between predicted and reference forces.
        mean_angle_degrees: Mean angle between predicted and reference dipoles in degrees.
        by_element: Errors by chemical symbol; empty for quantities of whole structures.
        by_class: Errors by the set of elements in a structure.
    """

    unit: str
    overall: Errors
    mean_vector_error: float | None
    mean_cosine: float | None
    mean_angle_degrees: float | None
    by_element: Mapping[str, Errors]
    by_class: Mapping[str, Errors]

    def statistics(self) -> dict[str, float]:
        """Return the overall statistics that the quantity has, by name."""
        known = {
            "mae": self.overall.mae,
            "rmse": self.overall.rmse,
            "max": self.overall.max,
            "mean_vector_error": self.mean_vector_error,
            "mean_angle_degrees": self.mean_angle_degrees,
            "mean_cosine": self.mean_cosine,
        }
        return {name: value for name, value in known.items() if value is not None}

    def json(self) -> dict[str, Any]:
        """Return the errors for JSON; what the quantity does not have is left out."""
        vectors = {
            "mean_vector_error": self.mean_vector_error,
            "mean_cosine": self.mean_cosine,
            "mean_angle_degrees": self.mean_angle_degrees,
        }
        parts = {"by_element": self.by_element, "by_class": self.by_class}
        return {
            "unit": self.unit,
            **vars(self.overall),
            **{name: value for name, value in vectors.items() if value is not None},
            **{
                name: {key: vars(one) for key, one in errors.items()}
                for name, errors in parts.items()
                if errors
            },
        }


@dataclass
class Gathered:
    """Values of one quantity, with the structure and element that each belongs to.

    Attributes:
        reference: Labels.
        predicted: Predictions.
        structure: Number of the structure of each value.
        element: Atomic number of each value, 0 for values of whole structures.
    """

    reference: list[np.ndarray] = field(default_factory=list)
    predicted: list[np.ndarray] = field(default_factory=list)
    structure: list[np.ndarray] = field(default_factory=list)
    element: list[np.ndarray] = field(default_factory=list)

    def add(self, number: int, reference: np.ndarray, predicted: np.ndarray, kinds=None) -> None:
        """Add the values of a structure.

        Args:
            number: Number of the structure.
            reference: Labels, of any shape.
            predicted: Predictions, of the same shape.
            kinds: Atomic numbers, for quantities of atoms.
        """
        repeats = reference.size if kinds is None else reference.size // len(kinds)
        zeros = np.zeros(reference.size, np.int64)
        self.reference.append(reference.ravel())
        self.predicted.append(predicted.ravel())
        self.structure.append(zeros + number)
        self.element.append(zeros if kinds is None else np.repeat(kinds, repeats))

    def arrays(self) -> tuple[Values, Values, np.ndarray, np.ndarray]:
        """Return reference, prediction, structure and element of every value."""
        parts = self.reference, self.predicted, self.structure, self.element
        reference, predicted, structure, element = map(np.concatenate, parts)
        return reference, predicted, structure, element


class Comparison:
    """Predictions and labels of a set, gathered structure by structure, and their metrics.

    Attributes:
        values: Values by quantity.
        angles: Cosine (forces) or angle in degrees (dipoles) of each vector, with the number of
            its structure, by quantity.
        missing: Number of structures without the label, by quantity.
    """

    def __init__(self, structures: Sequence[Atoms], labels: Labels):
        """Start without predictions."""
        self._structures = structures
        self._labels = labels
        self.values: dict[str, Gathered] = defaultdict(Gathered)
        self.angles: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self.missing = dict.fromkeys((q for q in QUANTITIES if q in labels.keys), 0)
        self._energies: list[tuple[int, float, float]] = []

    def add(self, number: int, predicted: Properties) -> None:
        """Compare the predictions for a structure with its labels."""
        atoms = self._structures[number]
        for quantity in self.missing:
            reference, value = self._labels.of(atoms, quantity), predicted.of(quantity)
            if reference is None:
                self.missing[quantity] += 1
            elif value is not None:
                self._add(number, quantity, reference, value)

    def finished(self) -> "Comparison":
        """Return the comparison with relative energies, once all predictions are there."""
        groups: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
        for entry in self._energies:
            groups[composition(self._structures[entry[0]])].append(entry)
        for members in groups.values():
            if len(members) < 2:
                continue
            numbers = [number for number, _, _ in members]
            both = np.array([values for _, *values in members])
            both -= both.mean(axis=0)
            for number, (reference, predicted) in zip(numbers, both, strict=True):
                size = len(self._structures[number])
                pair = np.array([reference]), np.array([predicted])
                self.values["energy"].add(number, *pair)
                self.values["energy_per_atom"].add(number, *(one / size for one in pair))
        self._energies = []
        return self

    def metrics(self) -> dict[str, Metrics]:
        """Return the metrics of each quantity that has any values."""
        return {quantity: self._metrics(quantity) for quantity in UNITS if quantity in self.values}

    def _add(self, number: int, quantity: str, reference: np.ndarray, value: np.ndarray) -> None:
        atoms = self._structures[number]
        if quantity == "energy":
            self._energies.append((number, float(reference), float(value)))
            return
        if quantity == "dipole":
            self._add_dipole(number, reference, value)
            return
        kinds = atoms.numbers if quantity in PER_ATOM else None
        self.values[quantity].add(number, reference, value, kinds)
        if quantity == "forces":
            cosines = _cosines(reference, value, SMALLEST_FORCE)
            self.angles["forces"] += [(number, float(c)) for c in cosines]

    def _add_dipole(self, number: int, reference: np.ndarray, value: np.ndarray) -> None:
        self.values["dipole"].add(number, reference / DEBYE, value / DEBYE)
        lengths = [np.array([np.linalg.norm(one) / DEBYE]) for one in (reference, value)]
        self.values["dipole_magnitude"].add(number, *lengths)
        for cosine in _cosines(reference[None], value[None], SMALLEST_DIPOLE):
            self.angles["dipole"].append((number, float(np.degrees(np.arccos(cosine)))))

    def _metrics(self, quantity: str) -> Metrics:
        reference, predicted, structure, element = self.values[quantity].arrays()
        lengths = angle = None
        if quantity == "dipole":
            lengths = np.linalg.norm((predicted - reference).reshape(-1, 3), axis=1)
        if self.angles.get(quantity):
            angle = float(np.mean([one for _, one in self.angles[quantity]]))
        classes = np.array([element_class(atoms) for atoms in self._structures])[structure]

        def errors_of(chosen: np.ndarray) -> Errors:
            return _errors(*(values[chosen] for values in (reference, predicted, structure)))

        return Metrics(
            unit=UNITS[quantity],
            overall=_errors(reference, predicted, structure),
            mean_vector_error=None if lengths is None else float(lengths.mean()),
            mean_cosine=angle if quantity == "forces" else None,
            mean_angle_degrees=angle if quantity == "dipole" else None,
            by_element={
                symbol(z): errors_of(element == z) for z in np.unique(element[element > 0]).tolist()
            },
            by_class={name: errors_of(classes == name) for name in np.unique(classes).tolist()},
        )

    def per_structure(self, quantity: str) -> dict[int, float]:
        """Return the RMS error of a quantity for every structure that has it, by its number."""
        reference, predicted, structure, _ = self.values[quantity].arrays()
        squares = np.bincount(structure, (predicted - reference) ** 2)
        counts = np.bincount(structure)
        return {int(n): float(np.sqrt(squares[n] / counts[n])) for n in np.flatnonzero(counts)}


def composition(atoms: Atoms) -> str:
    """Return the formula of a structure, with its charge if it has one."""
    charge = int(atoms.info.get("charge", atoms.info.get("total_charge", 0)))
    return atoms.get_chemical_formula() + (f" {charge:+d}" if charge else "")


def element_class(atoms: Atoms) -> str:
    """Return the elements of a structure as one word, the class that its errors count under."""
    return "".join(symbol(z) for z in sorted(set(atoms.numbers.tolist())))


def unit_slope(comparison: Comparison, quantity: str = "forces") -> float | None:
    """Return the slope of labels against predictions; it is far from one where units differ."""
    if quantity not in comparison.values:
        return None
    reference, predicted, _, _ = comparison.values[quantity].arrays()
    norm = float(np.sum(predicted**2))
    return None if norm == 0 else float(np.sum(reference * predicted)) / norm


def _errors(reference: Values, predicted: Values, structure: np.ndarray) -> Errors:
    errors = predicted - reference
    # Values of one structure are not independent: the interval resamples structures.
    _, inverse = np.unique(structure, return_inverse=True)
    sums, counts = np.bincount(inverse, np.abs(errors)), np.bincount(inverse)
    return Errors(
        mae=statistics.mean_absolute(errors),
        mae_interval=statistics.interval_of_ratio(sums, counts),
        rmse=statistics.root_mean_square(errors),
        max=statistics.largest(errors),
        r2=statistics.coefficient_of_determination(reference, predicted),
        values=len(errors),
        structures=len(sums),
    )


def _cosines(reference: np.ndarray, predicted: np.ndarray, smallest: float) -> np.ndarray:
    lengths = [np.linalg.norm(one, axis=1) for one in (reference, predicted)]
    large = (lengths[0] > smallest) & (lengths[1] > smallest)
    dots = np.sum(reference[large] * predicted[large], axis=1)
    return np.clip(dots / (lengths[0][large] * lengths[1][large]), -1, 1)
