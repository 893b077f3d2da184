"""Tables of an explanation, as rows of files of comma-separated values."""

from collections.abc import Sequence

import numpy as np

from sundog.explain.decompose import ordered
from sundog.explain.fragments import formulas
from sundog.explain.interaction import Interaction
from sundog.explain.outcome import Explanation
from sundog.units import KCAL_PER_MOL

Rows = list[list[object]]
"""Rows of a table: the headings, then one for each atom, fragment or pair."""

AXES = "xyz"
"""Names of the Cartesian axes."""


def atoms_table(explanation: Explanation) -> Rows:
    """Return a row per atom: position in Å, properties, energies in eV and forces in eV/Å."""
    found, terms = explanation.found, explanation.terms
    columns: dict[str, np.ndarray] = {
        "fragment": explanation.fragments.index,
        **{f"{a}_angstrom": x for a, x in zip(AXES, explanation.atoms.positions.T, strict=True)},
        "charge_e": np.asarray(found.atoms.partial_charges),
        "hirshfeld_ratio": np.asarray(found.atoms.hirshfeld_ratios),
        "polarizability_bohr3": np.asarray(found.polarizability),
        "c6_hartree_bohr6": np.asarray(found.c6),
        **{f"{name}_ev": np.asarray(found.energies[name]) for name in terms},
    }
    if found.forces is not None:
        for name in terms:
            columns |= _vector(f"force_{name}", "ev_per_angstrom", np.asarray(found.forces[name]))
    symbols = explanation.atoms.get_chemical_symbols()
    head: list[object] = ["atom", "element", *columns]
    values = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [head, *([n, s, *row] for n, (s, row) in enumerate(zip(symbols, values, strict=True)))]


def fragments_table(explanation: Explanation) -> Rows:
    """Return a row per fragment: properties, energies in eV and resultant forces in eV/Å."""
    resultants = explanation.resultants() or {}
    columns: dict[str, np.ndarray] = {
        "atoms": np.bincount(explanation.fragments.index),
        "charge_e": explanation.charges_of_fragments(),
        **_vector("dipole", "debye", explanation.dipoles()),
        "polarizability_bohr3": explanation.polarizabilities(),
        **{f"{name}_ev": e for name, e in explanation.energies_of_fragments().items()},
    }
    for name, vectors in resultants.items():
        columns |= _vector(f"force_{name}", "ev_per_angstrom", vectors)
    head: list[object] = ["fragment", "formula", *columns]
    names = formulas(explanation.atoms, explanation.fragments)
    values = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [head, *([n, s, *row] for n, (s, row) in enumerate(zip(names, values, strict=True)))]


def pairs_table(interactions: Sequence[Interaction]) -> Rows:
    """Return a row per pair of fragments, with energies in kcal/mol."""
    first = interactions[0]
    terms = ordered(first.terms)
    rows: Rows = []
    for one in interactions:
        parts = [value for split in one.parts.values() for value in split.values()]
        energies = [one.energy, *(one.terms[name] for name in terms), *parts]
        rows.append([one.a, one.b, *one.charges, *(x / KCAL_PER_MOL for x in energies)])
    split = [f"{name}_{part}" for name, parts in first.parts.items() for part in parts]
    names = [f"{name}_kcal_mol" for name in ("energy", *terms, *split)]
    return [["a", "b", "charge_a", "charge_b", *names], *rows]


def _vector(name: str, unit: str, vectors: np.ndarray) -> dict[str, np.ndarray]:
    return {f"{name}_{a}_{unit}": x for a, x in zip(AXES, vectors.T, strict=True)}
