"""Handedness of amino acids that were built, and their peptide bonds.

    χ = (N − Cα) · [(C − Cα) × (Cβ − Cα)],   positive in L-amino acids

PDBFixer builds residues of loops as mirror images at times, which no later step undoes.
"""

from collections.abc import Callable, Set
from itertools import pairwise

import numpy as np
from ase import Atoms

from sundog.errors import StructureError
from sundog.numerics.dihedrals import dihedral_angles
from sundog.prepare.biomolecules.arrays import listed
from sundog.prepare.built import residue_starts
from sundog.topology.residue_names import amino_acid

Report = Callable[[str], None]

CIS = 90.0
"""Angle ω in degrees below which a peptide bond is cis."""


def check_handedness(atoms: Atoms, built: Set[int], report: Report) -> None:
    """Refuse D-amino acids among residues with atoms that were built, and say cis peptide bonds.

    Args:
        atoms: Structure with the dictionary's names.
        built: Atoms that were built.
        report: Called with a line about cis peptide bonds.

    Raises:
        StructureError: An amino acid is the mirror image of what it should be.
    """
    arrays = atoms.arrays
    codes = arrays.get("insertioncodes", np.full(len(atoms), "."))
    starts = residue_starts(
        arrays["chainids"], arrays["residuenumbers"], codes, arrays["residuenames"]
    )
    edges = [*starts.tolist(), len(atoms)]
    wrong, cis = [], []
    before: dict[str, np.ndarray] = {}
    was_built = False
    for start, stop in pairwise(edges):
        at = dict(
            zip(arrays["atomtypes"][start:stop].tolist(), atoms.positions[start:stop], strict=True)
        )
        name = str(arrays["residuenames"][start])
        label = f"{name} {arrays['chainids'][start]}:{arrays['residuenumbers'][start]}"
        is_built = any(k in built for k in range(start, stop))
        if is_built and amino_acid(name) and {"N", "CA", "C", "CB"} <= at.keys():
            arms = [at[one] - at["CA"] for one in ("N", "C", "CB")]
            if np.linalg.det(arms) < 0:
                wrong.append(label)
        if (is_built or was_built) and {"CA", "C"} <= before.keys() and {"N", "CA"} <= at.keys():
            bond = np.stack([before["CA"], before["C"], at["N"], at["CA"]])
            bonded = np.linalg.norm(bond[2] - bond[1]) < 1.7
            if bonded and abs(dihedral_angles(bond, np.arange(4))) < CIS:
                cis.append(label)
        before, was_built = at, is_built
    if wrong:
        raise StructureError(
            f"structure: {len(wrong)} amino acid(s) that were built came out as mirror images",
            got=listed(wrong),
            remedy='Give relax="amber", which turns them, or another seed, or loops="leave"',
        )
    if cis:
        report(f"Warning: peptide bonds that were built are cis, before {listed(cis)}")
