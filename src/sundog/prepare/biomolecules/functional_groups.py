"""Charges of the functional groups of ligands, sugars, lipids and nucleotides at a pH.

Their components are drawn neutral in the dictionary. Acids whose pKa is below the pH lose their
proton, aliphatic amines whose pKa is above it gain one; whatever else is left as drawn.

    carboxylic acid           4.5
    phosphoric ester          1.5, second 6.5
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

CARBOXYLIC, PHOSPHATE, SECOND_PHOSPHATE, SULFONIC, AMINE = 4.5, 1.5, 6.5, -2.0, 10.0
"""pKa values of the classes."""


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
    for k in range(len(array)):
        name = str(array.res_name[k])
        if amino_acid(name) or name in given or name in CAPS or name.upper() in WATERS:
            continue
        around = neighbours[k][neighbours[k] >= 0]
        order = orders[k][neighbours[k] >= 0]
        if array.element[k] == "O" and len(around) == 1 and order[0] == 1:
            kind, pka = _acid(array, neighbours, orders, k, int(around[0]))
            if kind and choices.ph > pka:
                array.charge[k] = -1
                told.setdefault(f"{kind}, −1", []).append(label_of(array, k))
        elif choices.ph < AMINE and _is_aliphatic_amine(array, neighbours, orders, k):
            array.charge[k] = 1
            told.setdefault("aliphatic amine, +1", []).append(label_of(array, k))
    for kind, members in told.items():
        report(f"Charged groups: {kind}: {listed(members)}")


def _acid(
    array: Any, neighbours: np.ndarray, orders: np.ndarray, oxygen: int, centre: int
) -> tuple[str, float]:
    """Return the class of the acid that a single-bonded terminal oxygen belongs to, and its pKa."""
    around = neighbours[centre]
    double = [
        int(k)
        for k, order in zip(around.tolist(), orders[centre].tolist(), strict=True)
        if k >= 0 and order == 2 and array.element[k] in ("O", "S")
    ]
    element = array.element[centre]
    if not double:
        return "", 0.0
    if element == "C":
        return "carboxylate", CARBOXYLIC
    if element == "S":
        return "sulfonate or sulfate", SULFONIC
    if element == "P":
        charged = any(k >= 0 and k != oxygen and array.charge[k] < 0 for k in around.tolist())
        return "phosphate", SECOND_PHOSPHATE if charged else PHOSPHATE
    return "", 0.0


def _is_aliphatic_amine(
    array: Any, neighbours: np.ndarray, orders: np.ndarray, nitrogen: int
) -> bool:
    """Return whether an atom is a nitrogen with single bonds to saturated carbons alone."""
    if array.element[nitrogen] != "N" or array.charge[nitrogen] != 0:
        return False
    around = neighbours[nitrogen][neighbours[nitrogen] >= 0]
    if (
        len(around) == 0
        or len(around) > 3
        or (orders[nitrogen][neighbours[nitrogen] >= 0] != 1).any()
    ):
        return False
    return all(
        array.element[k] == "C" and (orders[k][neighbours[k] >= 0] == 1).all() for k in around
    )
