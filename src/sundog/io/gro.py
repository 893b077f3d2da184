"""GROMACS structure files, whose atoms have names but no elements.

ASE reads them by columns. The length is checked first, because the line of the box in a
truncated file would be read as its last atom. ASE takes the element from the first letter
of the name, mostly; this is corrected for chlorine, bromine and single ions.
"""

from io import StringIO
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from ase.io.formats import open_with_compression

from sundog.errors import FileFormatError

TWO_LETTER = ("Cl", "Br")
"""Elements of two letters that occur in molecules."""


def read_gro(path: Path) -> list[Atoms]:
    """Return the one structure of a GROMACS file; positions in Å.

    Raises:
        FileFormatError: The number of lines does not fit the number of atoms in the second one.
    """
    with open_with_compression(str(path), "r") as file:
        lines = file.read().splitlines()
    promised = int(lines[1])
    while len(lines) > promised + 3 and not lines[-1].strip():
        lines.pop()
    if len(lines) != promised + 3:
        raise FileFormatError(
            f"{path}: the file is truncated or holds several frames",
            got=f"{len(lines)} lines",
            expected=f"{promised + 3} for {promised} atoms",
            remedy="Write one whole frame with gmx trjconv -dump or gmx editconf",
        )
    atoms = ase.io.read(StringIO("\n".join(lines) + "\n"), format="gromacs")
    assert isinstance(atoms, Atoms)
    residues = np.array([line[:10] for line in lines[2:-1]])
    alone = np.concatenate([[True], residues[1:] != residues[:-1], [True]])
    for i, name in enumerate(atoms.arrays["atomtypes"]):
        letters = str(name).strip("+-0123456789").capitalize()
        if letters[:2] in TWO_LETTER:
            atoms.numbers[i] = atomic_numbers[letters[:2]]
        elif alone[i] and alone[i + 1] and letters in atomic_numbers:
            atoms.numbers[i] = atomic_numbers[letters]
    del atoms.arrays["tags"]  # ASE numbers the names in it, which sundog does not need
    atoms.pbc = atoms.cell.rank == 3
    return [atoms]
