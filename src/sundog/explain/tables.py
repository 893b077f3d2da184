"""The tables of an explanation, as rows for files of comma-separated values."""

from collections.abc import Sequence

import numpy as np

from sundog.explain.fragments import formulas
from sundog.explain.interaction import Interaction
from sundog.explain.outcome import Explanation, interaction_json

Rows = list[list[object]]
"""The headings, then a row for each atom, fragment or pair."""

AXES = "xyz"


def atoms_table(explanation: Explanation) -> Rows:
    """Return a row per atom: where it is, its properties, energies in eV and forces in eV/Å."""
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
    """Return a row per fragment, like that of atoms."""
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
    """Return a row per pair of fragments, in kcal/mol."""
    rows: Rows = []
    for one in map(interaction_json, interactions):
        parts = [value for split in one["parts"].values() for value in split.values()]
        rows.append(
            [*one["fragments"], *one["charges"], one["energy"], *one["energies"].values(), *parts]
        )
    first = interaction_json(interactions[0])
    split = [f"{name}_{part}" for name, parts in first["parts"].items() for part in parts]
    energies = [f"{name}_kcal_mol" for name in ("energy", *first["energies"], *split)]
    return [["a", "b", "charge_a", "charge_b", *energies], *rows]


def _vector(name: str, unit: str, vectors: np.ndarray) -> dict[str, np.ndarray]:
    return {f"{name}_{a}_{unit}": x for a, x in zip(AXES, vectors.T, strict=True)}
