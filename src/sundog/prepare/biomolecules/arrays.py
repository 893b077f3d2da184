"""Structures as the arrays of atoms that biotite and hydride work on, and back.

biotite is imported within functions: it belongs to an extra.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from string import ascii_letters, digits
from typing import Any

import numpy as np
from ase import Atoms

from sundog.elements import number_of
from sundog.prepare.biomolecules.choices import Place
from sundog.prepare.built import labelled, residue_starts
from sundog.prepare.extras import require

PURPOSE = "preparing a structure"
"""Purpose of the packages, in messages."""

LETTERS = ascii_letters + digits
"""Names that chains have while other programs work on them: a PDB file has one letter for it."""


def to_array(atoms: Atoms) -> Any:
    """Return atoms with names as a biotite `AtomArray` with insertion codes and formal charges.

    Args:
        atoms: Structure as `read_structures` returns those of PDB and mmCIF files.
    """
    structure = require("biotite.structure", PURPOSE)
    arrays, array = atoms.arrays, structure.AtomArray(len(atoms))
    array.coord = atoms.positions.astype(np.float32)
    array.element = np.char.upper(np.array(atoms.get_chemical_symbols()))
    array.atom_name = arrays["atomtypes"]
    array.res_name = arrays["residuenames"]
    array.res_id = arrays["residuenumbers"]
    array.chain_id = arrays["chainids"]
    codes = arrays.get("insertioncodes", np.full(len(atoms), "."))
    array.ins_code = np.where(codes == ".", "", codes)
    array.set_annotation("charge", np.zeros(len(atoms), int))
    return array


def to_atoms(array: Any) -> Atoms:
    """Return an array of atoms as a structure with names, formal charges and total charge."""
    atoms = labelled(
        Atoms([number_of(one) or 0 for one in array.element], array.coord.astype(np.float64)),
        names=array.atom_name.tolist(),
        residue_names=array.res_name.tolist(),
        residue_numbers=array.res_id.tolist(),
        formal_charges=array.charge.tolist(),
        chains=array.chain_id.tolist(),
    )
    if array.ins_code.any():
        atoms.set_array("insertioncodes", np.where(array.ins_code == "", ".", array.ins_code))
    return atoms


def residues(array: Any) -> Iterator[tuple[Place, str, slice]]:
    """Yield place, name and atoms of each residue of an array, in its order."""
    edges = residue_edges(array)
    for start, stop in pairwise(edges):
        yield place_of(array, start), str(array.res_name[start]), slice(start, stop)


def residue_edges(array: Any) -> list[int]:
    """Return where residues begin, and the number of atoms at the end."""
    if len(array) == 0:
        return [0]
    starts = residue_starts(array.chain_id, array.res_id, array.ins_code, array.res_name)
    return [*starts.tolist(), len(array)]


def residue_index(array: Any) -> np.ndarray:
    """Return the number of each atom's residue, from 0."""
    edges = residue_edges(array)
    return np.repeat(np.arange(len(edges) - 1), np.diff(edges))


def place_of(array: Any, atom: int) -> Place:
    """Return the residue of an atom."""
    return Place(str(array.chain_id[atom]), int(array.res_id[atom]), str(array.ins_code[atom]))


def label_of(array: Any, atom: int) -> str:
    """Return an atom in words, as `OD1 of ASN A:65`."""
    return f"{array.atom_name[atom]} of {array.res_name[atom]} {place_of(array, atom)}"


def listed(words: Sequence[object], most: int = 8) -> str:
    """Return words as one list, the first of many and how many more there are."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(map(str, words[:most])) + more
