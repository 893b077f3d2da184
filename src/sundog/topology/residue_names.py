"""Names of residues that are known, and of their heavy atoms, as the common programs write them.

Heavy atoms are those of the Chemical Component Dictionary of the wwPDB, with the names that CHARMM,
Amber and GROMACS give to ends of chains. Every element is then the first letter of the name; the
one exception is the selenium of MSE.
"""

import re


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


WATERS = words(
    "HOH WAT H2O SOL TIP TIP2 TIP3 TIP4 TIP5 TP3 TP4 TP5 T3P T4P T5P SPC SPCE OPC OPC3 OH2 DOD D2O "
    "T3H T4E T4H TIP3P TIP4P TIP5P"
)
"""Residue names of water."""

IONS = {
    "LI": "Li", "LIT": "Li", "NA": "Na", "SOD": "Na", "CIP": "Na", "K": "K", "POT": "K",
    "RB": "Rb", "RUB": "Rb", "CS": "Cs", "CES": "Cs", "CIO": "Cs", "MG": "Mg", "CA": "Ca",
    "CAL": "Ca", "SR": "Sr", "BA": "Ba", "BAR": "Ba", "MN": "Mn", "FE": "Fe", "3CO": "Co",
    "CO": "Co", "NI": "Ni", "3NI": "Ni", "CU": "Cu", "CU1": "Cu", "ZN": "Zn", "AG": "Ag",
    "CD": "Cd", "CAD": "Cd", "HG": "Hg", "AL": "Al", "PB": "Pb", "TL": "Tl", "CR": "Cr",
    "F": "F", "FLU": "F", "CL": "Cl", "CLA": "Cl", "CIM": "Cl", "CHLO": "Cl", "BR": "Br",
    "BRO": "Br", "I": "I", "IOD": "I",
}  # fmt: skip
"""Elements of ions by the name of a residue of one atom.

CHARMM (SOD, POT, CES, CLA, CAL, …), Amber (Na+, CIO, CIM, …), GROMACS and the wwPDB (ZN, CU1, 3CO,
…). Signs and numbers behind a name are taken off before.
"""

BACKBONE = words("N CA C O OXT OT OT1 OT2 O1 O2 OC1 OC2")
"""Heavy atoms of every amino acid, with those at the end of a chain."""

SIDE_CHAINS = {
    "ALA": ("CB", 5),
    "ARG": ("CB CG CD NE CZ NH1 NH2", 12),
    "ASN": ("CB CG OD1 ND2", 6),
    "ASP": ("CB CG OD1 OD2", 4),
    "CYS": ("CB SG", 4),
    "GLN": ("CB CG CD OE1 NE2", 8),
    "GLU": ("CB CG CD OE1 OE2", 6),
    "GLY": ("", 3),
    "HIS": ("CB CG ND1 CD2 CE1 NE2", 7),
    "ILE": ("CB CG1 CG2 CD1 CD", 11),
    "LEU": ("CB CG CD1 CD2", 11),
    "LYS": ("CB CG CD CE NZ", 12),
    "MET": ("CB CG SD CE", 9),
    "MSE": ("CB CG SE CE", 9),
    "PHE": ("CB CG CD1 CD2 CE1 CE2 CZ", 9),
    "PRO": ("CB CG CD", 7),
    "SER": ("CB OG", 5),
    "THR": ("CB OG1 CG2", 7),
    "TRP": ("CB CG CD1 CD2 NE1 CE2 CE3 CZ2 CZ3 CH2", 10),
    "TYR": ("CB CG CD1 CD2 CE1 CE2 CZ OH", 8),
    "VAL": ("CB CG1 CG2", 9),
}
"""Heavy atoms of each side chain, and the least number of hydrogens of the residue in a chain."""

VARIANTS = {
    "ARN": "ARG", "ARGN": "ARG", "ASH": "ASP", "ASPH": "ASP", "ASPP": "ASP", "CYM": "CYS",
    "CYX": "CYS", "CYS2": "CYS", "CYSH": "CYS", "CYN": "CYS", "GLH": "GLU", "GLUH": "GLU",
    "GLUP": "GLU", "HID": "HIS", "HIE": "HIS", "HIP": "HIS", "HSD": "HIS", "HSE": "HIS",
    "HSP": "HIS", "HISA": "HIS", "HISB": "HIS", "HISD": "HIS", "HISE": "HIS", "HISH": "HIS",
    "HIS1": "HIS", "HIS2": "HIS", "LYN": "LYS", "LYP": "LYS", "LSN": "LYS", "LYSH": "LYS",
    "TYM": "TYR",
}  # fmt: skip
"""Amino acids by the names of their protonation states in CHARMM, Amber and GROMACS."""

CAPS = {
    "ACE": "C O CH3 CA CAY CY OY",
    "NME": "N C CH3 CA CAT NT",
    "NMA": "N C CH3 CA",
    "NH2": "N",
    "NHE": "N",
    "FOR": "C O",
}
"""Heavy atoms of the caps of peptides."""

_SUGARS = "P OP1 OP2 OP3 O1P O2P O3P O5' C5' C4' O4' C3' O3' C2' O2' C1'"
_BASES = "N1 C2 N3 C4 C5 C6 N7 C8 N9 N2 O2 N4 O4 N6 O6 C7 C5M C10"
NUCLEOTIDES = words(
    "A C G U I DA DC DG DT DU DI RA RC RG RU ADE CYT GUA THY URA A3 A5 C3 C5 G3 G5 U3 U5 "
    "DA3 DA5 DC3 DC5 DG3 DG5 DT3 DT5 RA3 RA5 RC3 RC5 RG3 RG5 RU3 RU5"
)
"""Residue names of nucleotides."""

NUCLEOTIDE_ATOMS = frozenset(f"{_SUGARS} {_BASES}".split())
"""Heavy atoms of nucleotides."""

HYDROGEN = re.compile(r"\d?[HD]")
"""Beginning of the name of a hydrogen in a residue that is known."""


def amino_acid(residue: str) -> str | None:
    """Return the amino acid of a residue name, protonation and end of chain aside, or None."""
    name = residue.upper()
    if len(name) == 4 and name[0] in "NC" and name not in VARIANTS:
        name = name[1:]  # Amber's ends of chains
    name = VARIANTS.get(name, name)
    return name if name in SIDE_CHAINS else None


def heavy_atoms(residue: str) -> frozenset[str] | None:
    """Return the names of the heavy atoms of a known residue that is no water, or None."""
    amino = amino_acid(residue)
    if amino is not None:
        return BACKBONE | set(SIDE_CHAINS[amino][0].split())
    if residue.upper() in NUCLEOTIDES:
        return NUCLEOTIDE_ATOMS
    cap = CAPS.get(residue.upper())
    return None if cap is None else frozenset(cap.split())


def ion(name: str) -> str | None:
    """Return the chemical symbol of an ion by the name of its residue or atom, or None."""
    name = name.upper().strip("+-")
    return IONS.get(name) or IONS.get(name.rstrip("0123456789+-"))
