"""Explanation of a structure as one value, of which JSON, tables and figures are made."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_masses
from jaxtyping import Float

from sundog.coverage.outcome import Comparison
from sundog.explain.decompose import ordered
from sundog.explain.fragments import Fragments, formulas
from sundog.explain.interaction import Interaction
from sundog.forcefield.decomposition import Decomposition
from sundog.units import DEBYE, KCAL_PER_MOL

SCHEMA = "sundog.explanation/1"
"""Schema of the JSON; its number changes when a key is dropped or changes its meaning."""

UNITS = {
    "energy": "eV",
    "force": "eV/Å",
    "charge": "e",
    "dipole": "D",
    "polarizability": "bohr³",
    "c6": "Ha·bohr⁶",
    "interaction": "kcal/mol",
}
"""Units of the numbers in the JSON."""

PerFragment = Float[np.ndarray, " fragments"]
"""Values by fragment."""


@dataclass(frozen=True)
class NoInteractions:
    """Reason, in words, why there are no interaction energies."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class FragmentSummary:
    """Properties of one fragment, summed over its atoms.

    Attributes:
        fragment: Number of the fragment.
        formula: Formula in Hill's order.
        atoms: Numbers of its atoms.
        charge: Sum of the partial charges in e.
        dipole: Dipole moment about the centre of mass in debye.
        polarizability: Mean polarisability in bohr³.
        energies: Energy in eV, by term.
        forces: Resultant force in eV/Å, by term; None where forces were left out.
    """

    fragment: int
    formula: str
    atoms: list[int]
    charge: float
    dipole: list[float]
    polarizability: float
    energies: dict[str, float]
    forces: dict[str, list[float]] | None


@dataclass(frozen=True)
class Explanation:
    """Decomposition of a prediction over the fragments of a structure.

    Attributes:
        atoms: Structure.
        fragments: Fragments of the structure.
        found: Energies, forces and properties of its atoms.
        interactions: Interactions of pairs of fragments, or the reason why there are none.
    """

    atoms: Atoms
    fragments: Fragments
    found: Decomposition
    interactions: Sequence[Interaction] | NoInteractions

    @property
    def terms(self) -> list[str]:
        """Names of the terms, in the order of tables."""
        return ordered(self.found.energies)

    @property
    def formula(self) -> str:
        """Formula of the structure in Hill's order."""
        return self.atoms.get_chemical_formula("hill")

    def energies(self) -> dict[str, float]:
        """Return the energy of the structure in eV, by term."""
        return {name: float(np.sum(self.found.energies[name])) for name in self.terms}

    def energies_of_fragments(self) -> dict[str, PerFragment]:
        """Return the energy of each fragment in eV, by term: the sum over its atoms."""
        return {name: self._summed(self.found.energies[name]) for name in self.terms}

    def resultants(self) -> dict[str, Float[np.ndarray, "fragments 3"]] | None:
        """Return the resultant force on each fragment in eV/Å, by term."""
        forces = self.found.forces
        if forces is None:
            return None
        return {
            name: np.stack([self._summed(axis) for axis in forces[name].T], axis=1)
            for name in self.terms
        }

    def charges_of_fragments(self) -> PerFragment:
        """Return the sum of the partial charges of each fragment in e."""
        return self._summed(self.found.atoms.partial_charges)

    def dipoles(self) -> Float[np.ndarray, "fragments 3"]:
        """Return Σ q_i (R_i − R_c) of each fragment in debye, with R_c its centre of mass.

        Molecules that the cell cuts are joined first. The dipole of a fragment without charge
        does not depend on R_c.
        """
        masses = atomic_masses[self.atoms.numbers]
        whole = self.fragments.whole
        weight = self._summed(masses)
        centres = np.stack([self._summed(masses * x) / weight for x in whole.T], axis=1)
        arms = whole - centres[self.fragments.index]
        charges = np.asarray(self.found.atoms.partial_charges)
        return np.stack([self._summed(charges * x) for x in arms.T], axis=1) / DEBYE

    def polarizabilities(self) -> PerFragment:
        """Return the mean polarisability of each fragment in bohr³: the sum over its atoms.

        Mutual polarisation of the atoms is left out, as in the dispersion of the model.
        """
        return self._summed(self.found.polarizability)

    def summaries(self) -> list[FragmentSummary]:
        """Return the properties of each fragment."""
        energies, resultants = self.energies_of_fragments(), self.resultants()
        charges, dipoles = self.charges_of_fragments(), self.dipoles()
        polarizabilities = self.polarizabilities()
        return [
            FragmentSummary(
                fragment=n,
                formula=formula,
                atoms=self.fragments.atoms_of(n).tolist(),
                charge=float(charges[n]),
                dipole=dipoles[n].tolist(),
                polarizability=float(polarizabilities[n]),
                energies={name: float(values[n]) for name, values in energies.items()},
                forces=None
                if resultants is None
                else {name: vectors[n].tolist() for name, vectors in resultants.items()},
            )
            for n, formula in enumerate(formulas(self.atoms, self.fragments))
        ]

    def json(self) -> dict[str, Any]:
        """Return the explanation for JSON."""
        totals, given = self.energies(), self.interactions
        none = isinstance(given, NoInteractions)
        return {
            "schema": SCHEMA,
            "units": UNITS,
            "formula": self.formula,
            "energy": sum(totals.values()),
            "energies": totals,
            "atoms": self._atoms_json(),
            "fragments_from": self.fragments.source,
            "fragments": [asdict(one) for one in self.summaries()],
            "interactions": None if none else [_interaction_json(one) for one in given],
            "no_interactions": given.reason if none else None,
        }

    def _atoms_json(self) -> dict[str, Any]:
        found = self.found
        return {
            "symbols": self.atoms.get_chemical_symbols(),
            "fragment": self.fragments.index.tolist(),
            "energies": _lists(found.energies, self.terms),
            "forces": None if found.forces is None else _lists(found.forces, self.terms),
            "charges": np.asarray(found.atoms.partial_charges).tolist(),
            "hirshfeld_ratios": np.asarray(found.atoms.hirshfeld_ratios).tolist(),
            "polarizability": np.asarray(found.polarizability).tolist(),
            "c6": np.asarray(found.c6).tolist(),
        }

    def _summed(self, values: Any) -> PerFragment:
        return np.bincount(self.fragments.index, np.asarray(values), self.fragments.count)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Outcome of `sundog explain`: an explanation, and what it was made of.

    Attributes:
        explanation: Explanation of the structure.
        coverage: Comparison of its environments with a reference, if there is one.
        file: Name of the file of the structure.
        frame: Number of the structure in the file, from 0.
        frames: Number of structures in the file.
        charge: Total charge in e.
        multiplicity: Multiplicity 2S + 1.
        model: Name of the model.
        settings: Settings of the force field.
        provenance: Origin of the weights and the machine it ran on.
    """

    explanation: Explanation
    coverage: Comparison | None
    file: str
    frame: int
    frames: int
    charge: float
    multiplicity: float
    model: str
    settings: Mapping[str, Any]
    provenance: Mapping[str, Any]

    def json(self) -> dict[str, Any]:
        """Return the outcome for JSON."""
        return self.explanation.json() | {
            "coverage": None if self.coverage is None else self.coverage.json(),
            "file": self.file,
            "frame": self.frame,
            "frames": self.frames,
            "charge": self.charge,
            "multiplicity": self.multiplicity,
            "model": self.model,
            "settings": dict(self.settings),
            "provenance": dict(self.provenance),
        }


def _interaction_json(one: Interaction) -> dict[str, Any]:
    """Return an interaction in kcal/mol, for JSON."""
    return {
        "fragments": [one.a, one.b],
        "charges": list(one.charges),
        "energy": one.energy / KCAL_PER_MOL,
        "energies": {name: one.terms[name] / KCAL_PER_MOL for name in ordered(one.terms)},
        "parts": {
            name: {part: value / KCAL_PER_MOL for part, value in parts.items()}
            for name, parts in one.parts.items()
        },
        "by_fragment": {
            name: [value / KCAL_PER_MOL for value in one.fragments[name]]
            for name in ordered(one.fragments)
        },
    }


def _lists(values: Mapping[str, Any], terms: Sequence[str]) -> dict[str, Any]:
    return {name: np.asarray(values[name]).tolist() for name in terms}
