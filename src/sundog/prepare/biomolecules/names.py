"""Names of atoms and residues of other programs, as the wwPDB's component dictionary has them.

amino acids   states (HID, ASH, …) and ends of chains (NLYS); CD of isoleucine; oxygens at ends
              (OT1, OC1, O1)
caps          NMA and NME, their methyl CH3, CA or CAT
nucleotides   ADE, DA5, RA; O1P, stars for primes, C5M
water         HOH with oxygen O
"""

from typing import Any

import numpy as np

from sundog.prepare.biomolecules.arrays import residues
from sundog.prepare.biomolecules.choices import Place
from sundog.topology.residue_names import NUCLEOTIDES, VARIANTS, WATERS, amino_acid

ENDS = {"OT1": "O", "OT2": "OXT", "OC1": "O", "OC2": "OXT", "O1": "O", "O2": "OXT"}
"""Oxygens at the end of a chain in CHARMM and GROMACS."""

CAPS = {
    "ACE": {"CA": "CH3", "CAY": "CH3", "CY": "C", "OY": "O"},
    "NME": {"CH3": "C", "CA": "C", "CAT": "C", "NT": "N"},
}
"""Atoms of the caps of peptides."""

SAME_CAPS = {"NMA": "NME", "NAC": "NME", "NHE": "NH2"}
"""Caps by other names."""

NUCLEOTIDE_ATOMS = {"O1P": "OP1", "O2P": "OP2", "O3P": "OP3", "C5M": "C7"}
"""Atoms of nucleotides."""

BASES = {"ADE": "A", "CYT": "C", "GUA": "G", "THY": "T", "URA": "U"}
"""Letters of bases that CHARMM spells."""


def canonical_names(array: Any) -> tuple[Any, dict[Place, str]]:
    """Return a structure with the dictionary's names, and the states that those of the file meant.

    Args:
        array: Heavy atoms, a biotite `AtomArray`; residues may be named HID, ASH, CYX and the like.
    """
    array, states = array.copy(), {}
    array.res_name = array.res_name.astype("U8")
    array.atom_name = array.atom_name.astype("U8")
    for place, name, atoms in residues(array):
        base, upper = amino_acid(name), name.upper()
        if base is not None:
            if base != name:
                array.res_name[atoms] = base
                if upper in VARIANTS:  # not Amber's NLYS or CLYS, which say an end alone
                    states[place] = upper
            _rename(array, atoms, _of_amino_acid(base, set(array.atom_name[atoms].tolist())))
        elif upper in SAME_CAPS or upper in CAPS:
            cap = SAME_CAPS.get(upper, upper)
            array.res_name[atoms] = cap
            _rename(array, atoms, CAPS.get(cap, {}))
        elif upper in NUCLEOTIDES:
            names = array.atom_name[atoms].tolist()
            primes = {one: one.replace("*", "'") for one in names if "*" in one}
            _rename(array, atoms, NUCLEOTIDE_ATOMS | primes)
            array.res_name[atoms] = _nucleotide(upper, set(array.atom_name[atoms].tolist()))
        elif upper in WATERS and atoms.stop - atoms.start == 1:
            array.res_name[atoms], array.atom_name[atoms] = "HOH", "O"
    return array, states


def _of_amino_acid(name: str, there: set[str]) -> dict[str, str]:
    """Return new names of the atoms of an amino acid by those it has."""
    renamed = {"CD": "CD1"} if name == "ILE" and "CD1" not in there else {}
    if "O" not in there:
        renamed |= {old: new for old, new in ENDS.items() if old in there}
    return renamed


def _nucleotide(name: str, there: set[str]) -> str:
    """Return the dictionary's name of a nucleotide: A, C, G, U of RNA, DA, DC, DG, DT of DNA."""
    bare = name.rstrip("35")
    letter = BASES.get(bare, bare[-1])
    if letter == "I" or bare in ("DU", "DI"):
        return bare
    is_rna = "O2'" in there
    return letter if is_rna else f"D{letter}"


def _rename(array: Any, atoms: slice, names: dict[str, str]) -> None:
    old = array.atom_name[atoms].tolist()
    array.atom_name[atoms] = np.array([names.get(one, one) for one in old], dtype="U8")
