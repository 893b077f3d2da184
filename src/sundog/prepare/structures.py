"""Structures to simulate from files of proteins, nucleic acids, sugars and ligands.

In this order: model and alternate locations (`io.reading`), chains and residues that are wanted,
elements that the weights know, missing heavy atoms and loops (`repair`), bonds (`bonding`),
protonation (`protonation`), hydrogens (`hydrogens`). Every choice is a line of `Built.decisions`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from sundog.elements import SUPPORTED, number_of, symbol
from sundog.errors import InputError, StructureError, UnsupportedElementError
from sundog.io.reading import read_structures
from sundog.prepare.arrays import label_of, listed, residues, to_array, to_atoms
from sundog.prepare.bonding import with_bonds
from sundog.prepare.built import Built
from sundog.prepare.choices import Place, StructureChoices
from sundog.prepare.hydrogens import with_hydrogens
from sundog.prepare.pka import propka_values
from sundog.prepare.protonation import canonical_names, protonated
from sundog.prepare.repair import repaired
from sundog.prepare.sequences_of_files import sequences_of_file

Report = Callable[[str], None]

NAMES = ("atomtypes", "residuenames", "residuenumbers", "chainids")
"""Arrays that a structure needs to be prepared."""


def prepare_structure(
    path: str | Path, choices: StructureChoices | None = None, *, in_water: bool = False
) -> Built:
    """Return the structure of a PDB or mmCIF file with everything that a simulation needs.

    Args:
        path: PDB or mmCIF file, or another one with names of atoms and residues.
        choices: Choices about it; by default those of `StructureChoices`.
        in_water: Whether water is put around it later: with `termini="auto"` ends of chains are then
            charged.

    Raises:
        FileFormatError: The file cannot be read, or names no residues.
        StructureError: Atoms, bonds or hydrogens cannot be told or built.
        UnsupportedElementError: The weights do not know an element.
        InputError: A choice does not fit the structure.
        UnavailableError: A package of the extra `prepare` is missing.
    """
    choices = StructureChoices() if choices is None else choices
    decisions: list[str] = []
    report = decisions.append
    atoms = _frame(Path(path), choices, report)
    array = _wanted(to_array(atoms), choices, report)
    _refuse_elements(array)
    array, named = canonical_names(array)
    if choices.hydrogens == "auto":
        choices_keep = _is_complete(array)
        word = "are kept: no valence is open" if choices_keep else "are left out and placed anew"
        if (array.element == "H").any():
            report(f"Hydrogens of the file {word}")
    else:
        choices_keep = choices.hydrogens == "keep"
    if choices_keep:
        return Built(_with_file_hydrogens(array), tuple(decisions))
    array = array[array.element != "H"]
    array = repaired(array, sequences_of_file(Path(path)), choices, report)
    array = with_bonds(array, choices.templates(), report)
    pka = propka_values(array, report) if choices.pka == "propka" else {}
    charged = choices.termini == "charged" or (choices.termini == "auto" and in_water)
    array = protonated(array, choices, named, pka, charged, report)
    array = with_hydrogens(array, report)
    return Built(to_atoms(array), tuple(decisions))
