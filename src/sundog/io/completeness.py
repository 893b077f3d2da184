"""Refusal of structures before anything is computed: by their numbers, and by their names."""

from itertools import groupby

import numpy as np
from ase import Atoms

from sundog.errors import StructureError
from sundog.topology.atom_names import least_hydrogens
from sundog.validity import check_atoms, check_cell

LISTED = 3
"""Number of residues that a message names."""


def check_structure(atoms: Atoms) -> None:
    """Refuse what is no structure that can be computed; charge and spin aside.

    Args:
        atoms: Structure.

    Raises:
        StructureError: There are no atoms, dummy atoms, coordinates that are not finite or too
            large, or residues without their hydrogens.
        CellError: The cell has no volume along the periodic directions, or is too thin.
    """
    dummies = np.flatnonzero(atoms.numbers < 1)
    if len(dummies):
        raise StructureError(
            f"structure: {len(dummies)} atom(s) without a chemical element",
            got=f"atom {dummies[0]}: {atoms[int(dummies[0])].symbol}",
            remedy="Remove dummy atoms and virtual sites, or name the elements",
        )
    check_atoms(atoms.positions, atoms.numbers)
    check_cell(atoms.cell.array, atoms.pbc)
    check_complete(atoms)


def check_complete(atoms: Atoms) -> None:
    """Refuse a structure whose residues lack hydrogens.

    Water, amino acids and nucleotides are looked at, by their names; nothing is known of others.

    Args:
        atoms: Structure; names are in its arrays as `read_structures` leaves them.

    Raises:
        StructureError: A residue has fewer hydrogens than it ever has.
    """
    arrays = atoms.arrays
    if not {"residuenames", "residuenumbers"} <= arrays.keys():
        return
    others = [arrays[k] for k in ("chainids", "insertioncodes") if k in arrays]
    labels = zip(arrays["residuenames"], arrays["residuenumbers"], *others, strict=True)
    short: list[str] = []
    known = start = 0
    for label, run in groupby(labels):
        size = len(list(run))
        least = least_hydrogens(str(label[0]))
        if least is not None:
            known += 1
            found = int(np.count_nonzero(atoms.numbers[start : start + size] == 1))
            if found < least:
                short.append(f"{label[0]} {label[1]} with {found}")
        start += size
    if short:
        more = f" and {len(short) - LISTED} more" if len(short) > LISTED else ""
        raise StructureError(
            f"hydrogens: {len(short)} of {known} residues lack them",
            got=f"{', '.join(short[:LISTED])}{more}",
            remedy="Add them, as with pdbfixer, hydride or gmx pdb2gmx; files of crystals leave "
            "them out",
        )
