"""Errors of predictions, quantity by quantity, over all, by element and by class of structures.

energies   only differences at fixed composition mean anything: of each composition the mean of
           prediction and reference is taken off; a composition of one structure has no error
forces     components; cos of the angle between predicted and reference vectors
dipoles    components and length of the difference, difference of the lengths, angle; those of
           ions depend on the origin, which must be that of the coordinates in the labels too
R²         1 − Σ(predicted − reference)²/Σ(reference − mean)²
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from ase import Atoms
from jaxtyping import Float

from sundog.data.labels import QUANTITIES, Labels
from sundog.elements import symbol
from sundog.evaluate import statistics
from sundog.units import DEBYE

Values = Float[np.ndarray, " values"]
Predicted = Mapping[str, np.ndarray | None]
"""Predictions for one structure by quantity, in eV, Å and e."""

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
SMALLEST_DIPOLE = 0.05 * DEBYE
"""e·Å; directions of smaller ones, and of smaller forces in eV/Å, are not compared."""
SMALLEST_FORCE = 1e-3


@dataclass
class Gathered:
    """Values of one quantity, and where each comes from.

    Attributes:
        reference: the labels.
        predicted: the predictions.
        structure: number of the structure of each value.
        element: atomic number of each value, 0 for values of the structure.
    """

    reference: list[np.ndarray] = field(default_factory=list)
    predicted: list[np.ndarray] = field(default_factory=list)
    structure: list[np.ndarray] = field(default_factory=list)
    element: list[np.ndarray] = field(default_factory=list)

    def add(self, number: int, reference: np.ndarray, predicted: np.ndarray, kinds=None) -> None:
        """Add the values of a structure; `kinds` are the elements of values of atoms."""
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
    """Gathers predictions and labels, and makes metrics of them.

    Attributes:
        values: by quantity.
        missing: structures without the label, by quantity.
    """

    def __init__(self, structures: Sequence[Atoms], labels: Labels):
        """Start without predictions."""
        self._structures = structures
        self._labels = labels
        self.values: dict[str, Gathered] = defaultdict(Gathered)
        self.angles: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self.missing = dict.fromkeys((q for q in QUANTITIES if q in labels.keys), 0)
        self._energies: list[tuple[int, float, float]] = []

    def add(self, number: int, predicted: Predicted) -> None:
        """Compare the predictions for a structure with its labels."""
        atoms = self._structures[number]
        for quantity in self.missing:
            reference, value = self._labels.of(atoms, quantity), predicted.get(quantity)
            if reference is None:
                self.missing[quantity] += 1
            elif value is not None:
                self._add(number, quantity, reference, np.asarray(value, np.float64))

    def finished(self) -> "Comparison":
        """Return this with relative energies, once all predictions are there."""
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

    def metrics(self) -> dict[str, dict]:
        """Return the metrics of each quantity: overall, by element, by class of structures."""
        return {quantity: self._metrics(quantity) for quantity in UNITS if quantity in self.values}

    def _add(self, number: int, quantity: str, reference: np.ndarray, value: np.ndarray) -> None:
        atoms = self._structures[number]
        if quantity == "energy":
            self._energies.append((number, float(reference), float(value)))
            return
        if quantity == "dipole":
            self._add_dipole(number, reference, value)
            return
        per_atom = quantity in ("forces", "charges", "hirshfeld_ratios")
        self.values[quantity].add(number, reference, value, atoms.numbers if per_atom else None)
        if quantity == "forces":
            cosines = _cosines(reference, value, SMALLEST_FORCE)
            self.angles["forces"] += [(number, float(c)) for c in cosines]

    def _add_dipole(self, number: int, reference: np.ndarray, value: np.ndarray) -> None:
        self.values["dipole"].add(number, reference / DEBYE, value / DEBYE)
        lengths = [np.array([np.linalg.norm(one) / DEBYE]) for one in (reference, value)]
        self.values["dipole_magnitude"].add(number, *lengths)
        for cosine in _cosines(reference[None], value[None], SMALLEST_DIPOLE):
            self.angles["dipole"].append((number, float(np.degrees(np.arccos(cosine)))))

    def _metrics(self, quantity: str) -> dict:
        reference, predicted, structure, element = self.values[quantity].arrays()
        found = {"unit": UNITS[quantity], **_errors(reference, predicted, structure)}
        if quantity == "dipole":
            lengths = np.linalg.norm((predicted - reference).reshape(-1, 3), axis=1)
            found["mean_vector_error"] = float(lengths.mean())
        if self.angles.get(quantity):
            angles = np.array([angle for _, angle in self.angles[quantity]])
            name = "mean_cosine" if quantity == "forces" else "mean_angle_degrees"
            found[name] = float(angles.mean())
        if element.any():
            found["by_element"] = {
                symbol(z): _errors(*(a[element == z] for a in (reference, predicted, structure)))
                for z in np.unique(element).tolist()
            }
        classes = np.array([element_class(atoms) for atoms in self._structures])[structure]
        found["by_class"] = {
            name: _errors(*(a[classes == name] for a in (reference, predicted, structure)))
            for name in np.unique(classes).tolist()
        }
        return found

    def per_structure(self, quantity: str) -> dict[int, float]:
        """Return the RMS error of a quantity for every structure that has it."""
        reference, predicted, structure, _ = self.values[quantity].arrays()
        squares = np.bincount(structure, (predicted - reference) ** 2)
        counts = np.bincount(structure)
        return {int(n): float(np.sqrt(squares[n] / counts[n])) for n in np.flatnonzero(counts)}


def composition(atoms: Atoms) -> str:
    """Return the formula of a structure and, of an ion, its charge."""
    charge = int(atoms.info.get("charge", atoms.info.get("total_charge", 0)))
    return atoms.get_chemical_formula() + (f" {charge:+d}" if charge else "")


def element_class(atoms: Atoms) -> str:
    """Return the elements of a structure, the class that it is reported with."""
    return "".join(symbol(z) for z in sorted(set(atoms.numbers.tolist())))


def unit_slope(comparison: Comparison, quantity: str = "forces") -> float | None:
    """Return the factor by which labels exceed predictions; far from one where units differ."""
    if quantity not in comparison.values:
        return None
    reference, predicted, _, _ = comparison.values[quantity].arrays()
    norm = float(np.sum(predicted**2))
    return None if norm == 0 else float(np.sum(reference * predicted)) / norm


def _errors(reference: Values, predicted: Values, structure: np.ndarray) -> dict:
    errors = predicted - reference
    # Values of one structure are not independent: the interval resamples structures.
    _, inverse = np.unique(structure, return_inverse=True)
    sums, counts = np.bincount(inverse, np.abs(errors)), np.bincount(inverse)
    return {
        "mae": statistics.mean_absolute(errors),
        "mae_interval": statistics.interval_of_ratio(sums, counts),
        "rmse": statistics.root_mean_square(errors),
        "max": statistics.largest(errors),
        "r2": statistics.coefficient_of_determination(reference, predicted),
        "values": len(errors),
        "structures": len(sums),
    }


def _cosines(reference: np.ndarray, predicted: np.ndarray, smallest: float) -> np.ndarray:
    lengths = [np.linalg.norm(one, axis=1) for one in (reference, predicted)]
    large = (lengths[0] > smallest) & (lengths[1] > smallest)
    dots = np.sum(reference[large] * predicted[large], axis=1)
    return np.clip(dots / (lengths[0][large] * lengths[1][large]), -1, 1)
