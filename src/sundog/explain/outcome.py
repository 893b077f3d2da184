"""What `sundog explain` says of a structure: one value, of which JSON, tables, figures are made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_masses
from jaxtyping import Float

from sundog.explain.decompose import ordered
from sundog.explain.fragments import Fragments, formulas
from sundog.explain.interaction import Interaction
from sundog.forcefield.decomposition import Decomposition
from sundog.units import DEBYE, KCAL_PER_MOL

SCHEMA = "sundog.explanation/1"
"""Of the JSON; the number changes when a key changes its meaning or goes."""

UNITS = {
    "energy": "eV",
    "force": "eV/Å",
    "charge": "e",
    "dipole": "D",
    "polarizability": "bohr³",
    "c6": "Ha·bohr⁶",
    "interaction": "kcal/mol",
}

PerFragment = Float[np.ndarray, " fragments"]


@dataclass(frozen=True)
class Explanation:
    """A structure, what the force field says of it, and how that is shared out.

    Attributes:
        atoms: the structure.
        fragments: its fragments.
        found: energies, forces and properties of its atoms.
        interactions: of pairs of fragments, or why there are none.
    """

    atoms: Atoms
    fragments: Fragments
    found: Decomposition
    interactions: Sequence[Interaction] | str

    @property
    def terms(self) -> list[str]:
        """Names of the terms, in the order of tables."""
        return ordered(self.found.energies)

    def energies_of_fragments(self) -> dict[str, PerFragment]:
        """Return the energy of each fragment in eV, by term: the sum over its atoms."""
        return {name: self._summed(self.found.energies[name]) for name in self.terms}

    def resultants(self) -> dict[str, Float[np.ndarray, "fragments 3"]] | None:
        """Return the force on each fragment as a whole in eV/Å, by term."""
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
        """Return Σ q_i (R_i − R_c) of each fragment in debye, R_c its centre of mass.

        Molecules that a cell cuts are put together; of a fragment without charge the dipole
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

        Atoms do not polarise one another in it, as they do not in the dispersion of the model.
        """
        return self._summed(self.found.polarizability)

    def _summed(self, values: Any) -> PerFragment:
        return np.bincount(self.fragments.index, np.asarray(values), self.fragments.count)


def as_json(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation ready for JSON, but for where it comes from."""
    found, terms = explanation.found, explanation.terms
    totals = {name: float(np.sum(found.energies[name])) for name in terms}
    given = explanation.interactions
    return {
        "schema": SCHEMA,
        "units": UNITS,
        "formula": explanation.atoms.get_chemical_formula("hill"),
        "energy": sum(totals.values()),
        "energies": totals,
        "atoms": _atoms(explanation),
        "fragments_from": explanation.fragments.source,
        "fragments": _fragments(explanation),
        "interactions": None if isinstance(given, str) else [interaction_json(x) for x in given],
        "no_interactions": given if isinstance(given, str) else None,
    }


def interaction_json(one: Interaction) -> dict[str, Any]:
    """Return an interaction in kcal/mol, ready for JSON."""
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


def _atoms(explanation: Explanation) -> dict[str, Any]:
    found = explanation.found
    return {
        "symbols": explanation.atoms.get_chemical_symbols(),
        "fragment": explanation.fragments.index.tolist(),
        "energies": _lists(found.energies, explanation.terms),
        "forces": None if found.forces is None else _lists(found.forces, explanation.terms),
        "charges": np.asarray(found.atoms.partial_charges).tolist(),
        "hirshfeld_ratios": np.asarray(found.atoms.hirshfeld_ratios).tolist(),
        "polarizability": np.asarray(found.polarizability).tolist(),
        "c6": np.asarray(found.c6).tolist(),
    }


def _fragments(explanation: Explanation) -> list[dict[str, Any]]:
    energies, resultants = explanation.energies_of_fragments(), explanation.resultants()
    charges, dipoles = explanation.charges_of_fragments(), explanation.dipoles()
    polarizabilities = explanation.polarizabilities()
    return [
        {
            "fragment": n,
            "formula": formula,
            "atoms": explanation.fragments.atoms_of(n).tolist(),
            "charge": float(charges[n]),
            "dipole": dipoles[n].tolist(),
            "polarizability": float(polarizabilities[n]),
            "energies": {name: float(values[n]) for name, values in energies.items()},
            "forces": None
            if resultants is None
            else {name: vectors[n].tolist() for name, vectors in resultants.items()},
        }
        for n, formula in enumerate(formulas(explanation.atoms, explanation.fragments))
    ]


def _lists(values: Mapping[str, Any], terms: Sequence[str]) -> dict[str, Any]:
    return {name: np.asarray(values[name]).tolist() for name in terms}
