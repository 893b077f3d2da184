"""Charges of the functional groups of ligands, sugars, lipids and nucleotides at a pH.

Their components are drawn in any state in the dictionary. Acids whose pKa is below the pH lose
their proton, aliphatic amines whose pKa is above it gain one; all else is left as drawn, and said.

    carboxylic acid           4.5
    phosphoric acid, esters   1.5, second 6.5, third 12.3
    sulfonic acid, sulfate    −2
    aliphatic amine           10

Typical values of the classes (Haynes, CRC Handbook of Chemistry and Physics, 97th ed., 5-87).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from sundog.prepare.biomolecules.arrays import label_of, listed
from sundog.prepare.biomolecules.choices import StructureChoices
from sundog.topology.residue_names import CAPS, WATERS, amino_acid

Report = Callable[[str], None]

CARBOXYLIC, SULFONIC, AMINE = 4.5, -2.0, 10.0
"""pKa values of the classes."""

PHOSPHATE = (1.5, 6.5, 12.3)
"""pKa values of phosphate, by the number of protons that have left before."""


def ligand_charges(array: Any, choices: StructureChoices, report: Report) -> None:
    """Set the charges of all residues that are no amino acids, in place.

    Args:
        array: Heavy atoms with bonds, a biotite `AtomArray`.
        choices: Choices: pH, and ligands whose SMILES says their charges.
        report: Called with a line about every group.
    """
    neighbours, orders = array.bonds.get_all_bonds()
    told: dict[str, list[str]] = {}
    given = choices.templates()
    members = [
        k
        for k, name in enumerate(array.res_name.tolist())
        if not (amino_acid(name) or name in given or name in CAPS or name.upper() in WATERS)
    ]
    acids = [k for k in members if _acid(array, neighbours, orders, k) is not None]
    array.charge[acids] = 0
    for k in acids:
        kind, pka = _acid(array, neighbours, orders, k) or ("", np.inf)
        if choices.ph > pka:
            array.charge[k] = -1
            told.setdefault(f"{kind}, −1", []).append(label_of(array, k))
    for k in members:
        if _is_aliphatic_amine(array, neighbours, orders, k):
            array.charge[k] = int(choices.ph < AMINE)
            if array.charge[k]:
                told.setdefault("aliphatic amine, +1", []).append(label_of(array, k))
        elif array.charge[k] and k not in acids:
            words = f"as the component dictionary draws it, {array.charge[k]:+d}"
            told.setdefault(words, []).append(label_of(array, k))
    for kind, atoms in told.items():
        report(f"Charged groups: {kind}: {listed(atoms)}")


def _acid(
    array: Any, neighbours: np.ndarray, orders: np.ndarray, atom: int
) -> tuple[str, float] | None:
    """Return the class of the acid whose proton an atom carries and its pKa; None for others."""
    around = neighbours[atom][neighbours[atom] >= 0].tolist()
    if array.element[atom] != "O" or len(around) != 1 or orders[atom][0] != 1:
        return None
    (centre,) = around
    beside = [
        (k, order)
        for k, order in zip(neighbours[centre].tolist(), orders[centre].tolist(), strict=True)
        if k >= 0
    ]
    if not any(order == 2 and array.element[k] in ("O", "S") for k, order in beside):
        return None
    element = array.element[centre]
    if element == "P":
        lost = sum(k != atom and array.charge[k] < 0 for k, _ in beside)
        return "phosphate", PHOSPHATE[min(lost, len(PHOSPHATE) - 1)]
    return {"C": ("carboxylate", CARBOXYLIC), "S": ("sulfonate or sulfate", SULFONIC)}.get(element)


def _is_aliphatic_amine(array: Any, neighbours: np.ndarray, orders: np.ndarray, atom: int) -> bool:
    """Return whether an atom is a nitrogen with bonds to one to three saturated carbons alone."""
    around = neighbours[atom][neighbours[atom] >= 0].tolist()
    return (
        array.element[atom] == "N"
        and 1 <= len(around) <= 3
        and all(
            array.element[k] == "C" and (orders[k][neighbours[k] >= 0] == 1).all() for k in around
        )
    )
