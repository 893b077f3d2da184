"""GROMACS structure files, whose atoms have names but no elements.

ASE reads them by columns; the length is checked first, because a file cut short
would lose its last atom to the line of the box. ASE's elements (the first letter
of the name, mostly) are corrected for what it misreads: chlorine and bromine,
and ions that stand alone.
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


def read_gro(path: Path) -> list[Atoms]:
    """Return the one structure of a GROMACS file; positions in Å.

    Raises:
        FileFormatError: the number of lines is not what the second one promises.
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
    del atoms.arrays["tags"]  # ASE numbers the names here; sundog has no use for it
    atoms.pbc = atoms.cell.rank == 3
    return [atoms]
