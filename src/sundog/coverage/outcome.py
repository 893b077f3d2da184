"""Outcome of `sundog coverage` as one value: counts, saturation, comparison with a reference."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sundog.coverage.census import Census
from sundog.coverage.neighborhoods import Radius
from sundog.coverage.reference import Missing, Reference
from sundog.coverage.saturation import Saturation
from sundog.elements import symbol

SCHEMA = "sundog.coverage/1"
"""Schema of the JSON; its number changes when a key is dropped or changes its meaning."""


@dataclass(frozen=True)
class ElementCounts:
    """Counts of the atoms of one element.

    Attributes:
        atoms: Number of atoms.
        environments: Number of distinct environments around them.
        singletons: Number of these environments that a single atom has.
    """

    atoms: int
    environments: int
    singletons: int


@dataclass(frozen=True)
class Comparison:
    """Comparison of the environments of a set with those of a reference.

    Attributes:
        reference: Environments that the set is compared with.
        missing: Environments of the set that the reference lacks, the most frequent first.
        atoms: Number of atoms of the set.
    """

    reference: Reference
    missing: Sequence[Missing]
    atoms: int

    @property
    def missing_atoms(self) -> int:
        """Number of atoms whose environment the reference lacks."""
        return sum(len(one.atoms) for one in self.missing)

    @property
    def covered_atoms_share(self) -> float:
        """Fraction of the atoms whose environment the reference has."""
        return 1 - self.missing_atoms / self.atoms

    def json(self) -> dict[str, Any]:
        """Return the comparison for JSON."""
        reference = self.reference
        return {
            "source": reference.source,
            "radius": reference.radius.value,
            "radius_unit": reference.radius.unit,
            "structures": reference.structures,
            "environments": len(reference.fingerprints),
            "missing_environments": len(self.missing),
            "missing_atoms": self.missing_atoms,
            "covered_atoms_share": self.covered_atoms_share,
            "missing": [
                {
                    "environment": one.name,
                    "fingerprint": f"{one.fingerprint:016x}",
                    "count": len(one.atoms),
                    "atoms": [{"structure": s, "atom": a} for s, a in one.atoms],
                }
                for one in self.missing
            ],
        }


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Outcome of a census.

    Attributes:
        data: Names of the files of the set.
        radius: Radius of the environments.
        structures: Number of structures.
        atoms: Number of atoms.
        environments: Number of distinct environments.
        elements: Counts by chemical symbol.
        saturation: Growth of the number of environments; None for a single structure.
        comparison: Comparison with a reference, if there is one.
        seconds_reading: Time in s to read the structures.
        seconds: Time in s of the census.
    """

    data: str
    radius: Radius
    structures: int
    atoms: int
    environments: int
    elements: Mapping[str, ElementCounts]
    saturation: Saturation | None
    comparison: Comparison | None
    seconds_reading: float
    seconds: float

    @property
    def atoms_per_s(self) -> float:
        """Speed of the census in atoms per second."""
        return self.atoms / self.seconds

    def json(self) -> dict[str, Any]:
        """Return the outcome for JSON."""
        curve = {} if self.saturation is None else vars(self.saturation)
        return {
            "schema": SCHEMA,
            "radius": self.radius.value,
            "radius_unit": self.radius.unit,
            "structures": self.structures,
            "atoms": self.atoms,
            "environments": self.environments,
            "elements": {name: asdict(counts) for name, counts in self.elements.items()},
            "saturation": {
                name: value.tolist() if isinstance(value, np.ndarray) else value
                for name, value in curve.items()
            }
            or None,
            "reference": None if self.comparison is None else self.comparison.json(),
            "data": self.data,
            "seconds_reading": self.seconds_reading,
            "seconds": self.seconds,
            "atoms_per_s": self.atoms_per_s,
        }


def by_element(census: Census) -> dict[str, ElementCounts]:
    """Return the counts of atoms and environments by chemical symbol."""
    atoms = census.atoms
    found = {}
    for number in np.unique(census.numbers).tolist():
        mine = census.numbers == number
        found[symbol(number)] = ElementCounts(
            atoms=int(atoms[mine].sum()),
            environments=int(mine.sum()),
            singletons=int((atoms[mine] == 1).sum()),
        )
    return found
