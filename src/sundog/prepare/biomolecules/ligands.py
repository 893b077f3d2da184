"""Bonds and charges of a residue from the SMILES that a user gives for it."""

from typing import Any

import numpy as np

from sundog.elements import number_of
from sundog.errors import InputError
from sundog.prepare.extras import require
from sundog.topology.bonds import find_bonds

PURPOSE = "the bonds of a ligand from its SMILES"
"""Purpose of RDKit, in messages."""


def bonds_from_smiles(
    array: Any, smiles: str, name: str
) -> tuple[list[tuple[int, int, int]], np.ndarray]:
    """Return the bonds of a residue with their orders, and the formal charges of its atoms.

    The graph of heavy atoms, by distance, is matched with that of the SMILES.

    Args:
        array: Heavy atoms of the residue, a biotite `AtomArray`.
        smiles: SMILES of the residue; bonds to other residues take the place of hydrogens.
        name: Name of the residue, for messages.

    Returns:
        Bonds as two numbers of atoms and an order of 1 to 3, and charges in e.

    Raises:
        InputError: The SMILES cannot be read, or has other atoms or bonds than the residue.
    """
    chem = require("rdkit.Chem", PURPOSE)
    template = chem.MolFromSmiles(smiles)
    if template is None:
        raise InputError("ligands: the SMILES cannot be read", got=f"{name}={smiles}")
    chem.Kekulize(template, clearAromaticFlags=True)
    skeleton = chem.RWMol()
    numbers = np.array([number_of(one) or 0 for one in array.element.tolist()])
    for number in numbers.tolist():
        skeleton.AddAtom(chem.Atom(number))
    found = find_bonds(numbers, array.coord.astype(np.float64), np.zeros((3, 3)), np.zeros(3, bool))
    for i, j in zip(found.first.tolist(), found.second.tolist(), strict=True):
        skeleton.AddBond(i, j, chem.BondType.SINGLE)
    plain = chem.RWMol()
    for atom in template.GetAtoms():
        plain.AddAtom(chem.Atom(atom.GetAtomicNum()))
    for bond in template.GetBonds():
        plain.AddBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), chem.BondType.SINGLE)
    same = (skeleton.GetNumAtoms(), skeleton.GetNumBonds()) == (
        plain.GetNumAtoms(),
        plain.GetNumBonds(),
    )
    match = skeleton.GetSubstructMatch(plain) if same else ()
    if not match:
        raise InputError(
            f"ligands: the SMILES of {name} is not that of the residue in the file",
            got=f"{plain.GetNumAtoms()} heavy atoms and {plain.GetNumBonds()} bonds in {smiles}; "
            f"{skeleton.GetNumAtoms()} and {skeleton.GetNumBonds()} by the distances in the file",
            remedy="Check both; atoms that the file lacks have to be built before",
        )
    charges = np.zeros(len(array), int)
    for atom in template.GetAtoms():
        charges[match[atom.GetIdx()]] = atom.GetFormalCharge()
    orders = {chem.BondType.SINGLE: 1, chem.BondType.DOUBLE: 2, chem.BondType.TRIPLE: 3}
    bonds = [
        (match[b.GetBeginAtomIdx()], match[b.GetEndAtomIdx()], orders[b.GetBondType()])
        for b in template.GetBonds()
    ]
    return bonds, charges
