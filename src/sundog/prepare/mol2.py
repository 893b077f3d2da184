"""Molecules of mol2 files, by RDKit.

used      positions, elements and bonds by the types of atoms; formal charges follow from them
said      partial charges, which are not used
refused   several molecules, types that RDKit does not know, atoms that it drops
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from ase import Atoms

from sundog.errors import FileFormatError
from sundog.io.text import read_text
from sundog.prepare.extras import require

MOLECULE = "@<TRIPOS>MOLECULE"
"""Line that begins a molecule."""


def read_mol2(path: Path, report: Callable[[str], None]) -> Atoms:
    """Return the molecule of a mol2 file, with its charge; positions in Å.

    Args:
        path: File.
        report: Called with a line about what of the file is not used.

    Raises:
        FileFormatError: The file is missing, holds no molecule or several, or one that RDKit does
            not understand.
        UnavailableError: RDKit is not installed.
    """
    chem = require("rdkit.Chem", "a mol2 file")
    text = read_text(path)
    if (count := text.count(MOLECULE)) != 1:
        raise FileFormatError(
            f"{path}: one molecule is needed",
            got=f"{count} molecules",
            remedy="Write the one that is meant to a file of its own",
        )
    with require("rdkit.rdBase", "a mol2 file").BlockLogs():
        molecule = chem.MolFromMol2Block(text, removeHs=False)
    records = _atom_records(text)
    if molecule is None or molecule.GetNumAtoms() != records:
        raise FileFormatError(
            f"{path}: RDKit does not understand the molecule",
            got=f"{records} atom records",
            expected="types of atoms and bonds as Corina writes them",
            remedy="Convert it to SDF, as with obabel FILE.mol2 -O FILE.sdf",
        )
    report("Partial charges of the mol2 file are not used; formal ones follow from its types")
    atoms = Atoms(
        [atom.GetAtomicNum() for atom in molecule.GetAtoms()],
        np.array(molecule.GetConformer().GetPositions()),
    )
    atoms.info["charge"] = chem.GetFormalCharge(molecule)
    return atoms


def _atom_records(text: str) -> int:
    """Return the number of atom records of a mol2 file."""
    _, _, rest = text.partition("@<TRIPOS>ATOM")
    return sum(1 for line in rest.partition("@<TRIPOS>")[0].splitlines() if line.strip())
