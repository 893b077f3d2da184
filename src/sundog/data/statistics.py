"""Statistics of a store, found in one pass over it, in parts that are independent of its size."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from sundog.data.duplicates import equal_structures
from sundog.data.records import Record
from sundog.data.store import Store
from sundog.elements import symbol

CLASSES = 60
"""Number of classes of a histogram."""

RANGES = {
    "atoms": (1.0, 1e5),
    "force of an atom, eV/Å": (1e-4, 1e3),
    "dipole, e·Å": (1e-4, 1e3),
    "Hirshfeld ratio": (1e-2, 1e1),
}
"""Smallest and largest value of each histogram; its classes are equal in the logarithm."""


@dataclass(frozen=True, eq=False)
class Statistics:
    """Statistics of a set of labelled structures.

    Attributes:
        structures: number of structures.
        atoms: number of atoms.
        periodic: number of periodic structures.
        equal: number of structures that are equal to an earlier one.
        elements: number of atoms by symbol.
        charges: number of structures by total charge in e.
        multiplicities: number of structures by multiplicity.
        labelled: number of structures that have a label, by quantity.
        groups: number of groups.
        histograms: edges of the classes and counts, by name.
        force_by_element: root mean square of a force component in eV/Å, by symbol.
    """

    structures: int
    atoms: int
    periodic: int
    equal: int
    elements: Mapping[str, int]
    charges: Mapping[int, int]
    multiplicities: Mapping[int, int]
    labelled: Mapping[str, int]
    groups: int
    histograms: Mapping[str, tuple[np.ndarray, np.ndarray]]
    force_by_element: Mapping[str, float]

    def of_structures(self) -> Iterator[str]:
        """Yield what the structures are, in words."""
        equal = f", {self.equal} equal to an earlier one" if self.equal else ""
        yield f"{self.structures:,} structures, {self.atoms:,} atoms{equal}"
        yield "Charges: " + ", ".join(f"{q:+d} e {n:,}" for q, n in self.charges.items())
        yield "Multiplicities: " + ", ".join(f"{m} {n:,}" for m, n in self.multiplicities.items())
        if self.periodic:
            yield f"Periodic: {self.periodic:,}"
        if self.groups > 1:
            yield f"Groups: {self.groups:,}"

    def lines(self) -> Iterator[str]:
        """Yield all of it in words."""
        yield from self.of_structures()
        yield "Elements: " + ", ".join(f"{name} {n:,}" for name, n in self.elements.items())
        for name, count in self.labelled.items():
            yield f"Label {name}: {count:,} structures ({count / self.structures:.1%})"
        for name, rms in self.force_by_element.items():
            yield f"Force component of {name}: {rms:.3g} eV/Å, root mean square"


def statistics(store: Store) -> Statistics:
    """Return the statistics of a store.

    Args:
        store: labelled structures.
    """
    elements = np.zeros(256, np.int64)
    squares, components = np.zeros(256), np.zeros(256, np.int64)
    charges: dict[int, int] = {}
    spins: dict[int, int] = {}
    labelled = dict.fromkeys(store.quantities, 0)
    counts = {name: np.zeros(CLASSES, np.int64) for name in RANGES}
    periodic = 0
    for number in range(len(store)):
        one = store[number]
        elements += np.bincount(one.numbers, minlength=256)
        charge, spin = round(one.total_charge), round(one.multiplicity)
        charges[charge] = charges.get(charge, 0) + 1
        spins[spin] = spins.get(spin, 0) + 1
        periodic += bool(one.pbc.any())
        for name in one.labels:
            labelled[name] += 1
        for name, values in _values(one).items():
            counts[name] += _classes(name, values)
        if "forces" in one.labels:
            of_atoms = np.sum(one.labels["forces"] ** 2, axis=1)
            squares += np.bincount(one.numbers, of_atoms, minlength=256)
            components += 3 * np.bincount(one.numbers, minlength=256)
    present = np.flatnonzero(components)
    rms = np.sqrt(squares[present] / components[present])
    return Statistics(
        structures=len(store),
        atoms=int(store.sizes.sum()),
        periodic=periodic,
        equal=int(np.sum(equal_structures(store) < np.arange(len(store)))),
        elements={symbol(z): int(elements[z]) for z in np.flatnonzero(elements).tolist()},
        charges=dict(sorted(charges.items())),
        multiplicities=dict(sorted(spins.items())),
        labelled=labelled,
        groups=len(store.groups),
        histograms={name: (_edges(name), one) for name, one in counts.items() if one.any()},
        force_by_element={
            symbol(z): float(one) for z, one in zip(present.tolist(), rms, strict=True)
        },
    )


def _values(one: Record) -> dict[str, np.ndarray]:
    """Return the values of a structure that go into each histogram."""
    found = {"atoms": np.array([len(one.numbers)], float)}
    if "forces" in one.labels:
        found["force of an atom, eV/Å"] = np.linalg.norm(one.labels["forces"], axis=1)
    if "dipole" in one.labels:
        found["dipole, e·Å"] = np.array([np.linalg.norm(one.labels["dipole"])])
    if "hirshfeld_ratios" in one.labels:
        found["Hirshfeld ratio"] = one.labels["hirshfeld_ratios"]
    return found


def _edges(name: str) -> np.ndarray:
    return np.geomspace(*RANGES[name], CLASSES + 1)


def _classes(name: str, values: np.ndarray) -> np.ndarray:
    """Return the counts of a histogram; what is beyond its ends counts at its ends."""
    edges = _edges(name)
    place = np.clip(np.searchsorted(edges, values, "right") - 1, 0, CLASSES - 1)
    return np.bincount(place, minlength=CLASSES)
