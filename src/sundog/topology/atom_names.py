"""Chemical elements from the names that files of biomolecules give to atoms and residues.

One function for all formats, which never takes the first letters of a name for an element where
another reading is possible. In this order decide

    the element column, where the file has one
    the residue: an ion by the name of a residue of one atom; water, amino acids, nucleotides and
        caps by their heavy atoms, whose element is the first letter
    the column that a PDB name begins in: symbols end in column 14
    the letters of the name, if only one element can be meant

Everything else is refused, and so are virtual sites (TIP4P's MW, lone pairs), which are no atoms.
"""

import re
from functools import cache

from sundog.elements import HYDROGENS, number_of
from sundog.errors import StructureError
from sundog.topology.residue_names import (
    HYDROGEN,
    NUCLEOTIDES,
    SIDE_CHAINS,
    WATERS,
    amino_acid,
    heavy_atoms,
    ion,
    words,
)

VIRTUAL = re.compile(r"(M|MW\d?|EPW?\d*|LP[A-Z]?\d*|IW\d?|VS\d*|DUM\d*|XX?|MCH3\d?|MNH3\d?)")
"""Names of sites without a nucleus: of water models, lone pairs, and GROMACS's virtual sites."""

NO_ELEMENTS = frozenset({"X", "M", "MW", "EP", "LP", "VS", "DU", "Q"})
"""Entries of an element column that mark such a site."""

COVALENT = frozenset({"CL", "BR", "SI", "SE", "FE", "NI", "CO", "CU"})
"""Two-letter elements of ligands whose names are often set one column to the right."""

METALS = words("CA NA CD CR CS PT PB PD HG SN SB SR BA BE BI OS IR IN HO HF NB ND CE")
"""Elements whose symbol is also a usual name of a carbon, nitrogen, oxygen or hydrogen."""

GREEK = words("CA CB CG CD CE CZ CH ND NE NZ NH OG OD OE OH SG SD HA HB HG HD HE HZ HH")
"""Names after the places of a side chain."""

ION_RESIDUES = frozenset({"ION", "IONS", "IP", "IM"})
"""Residue names that programs give to ions of any kind."""

HYDROGENS_OF_A_NUCLEOTIDE = 8
"""Number of hydrogens that the sugar and base of every nucleotide have, but for two."""


@cache
def symbol_of(
    name: str,
    residue: str,
    column: str = "",
    *,
    alone: bool = False,
    aligned: int | None = None,
    amino_like: bool = False,
) -> str:
    """Return the chemical symbol of an atom; D and T for isotopes of hydrogen.

    Args:
        name: Name of the atom.
        residue: Name of its residue.
        column: Entry of the element column; empty where the file has none.
        alone: Whether the residue has no other atom.
        aligned: Number of letters of the symbol by the columns that the name stands in, where the
            format says something by them: 1 or 2.
        amino_like: Whether the residue has the backbone of an amino acid.

    Raises:
        StructureError: A virtual site, or an element that the names do not tell.
    """
    name, residue, column = name.strip().upper(), residue.strip(), column.strip().upper()
    if column and not any(c.isdigit() for c in column):
        if column in NO_ELEMENTS and not residue.upper().startswith("UN"):
            raise _virtual(name, residue)
        if number_of(column) is None:
            raise _unknown(name, residue, f"its element column says {column}")
        return column if column in HYDROGENS else column.capitalize()
    found = _of_residue(name, residue, alone)
    if found is None:
        found = _of_name(name, residue, aligned, amino_like)
    return found


def _of_residue(name: str, residue: str, alone: bool) -> str | None:
    """Return the symbol of an atom of a residue that is known, else None."""
    if residue.upper() in WATERS:
        if VIRTUAL.fullmatch(name):
            raise _virtual(name, residue)
        letter = name.lstrip("0123456789")[:1]
        if letter in ("O", "H", "D"):
            return letter
        raise _unknown(name, residue, "a water has none of this name")
    heavy = heavy_atoms(residue)
    if heavy is not None:
        plain = name.replace("*", "'")
        if plain in heavy:
            return "Se" if plain == "SE" else plain[0]
        if HYDROGEN.match(name):
            return name.lstrip("0123456789")[0]
    if alone:
        own = ion(residue)
        # A lone CA or CL1 of a residue that is not known may be all that is left of it.
        telling = name[-1:] in "+-" or len(name) > 2 or residue.upper() in ION_RESIDUES
        return own or (ion(name) if telling and not name[-1:].isdigit() else None)
    return None


def _of_name(name: str, residue: str, aligned: int | None, amino_like: bool) -> str:
    """Return the symbol that the letters of a name alone can mean."""
    if VIRTUAL.fullmatch(name):
        raise _virtual(name, residue)
    letters = re.match(r"\d*([A-Z]*)", name)
    run = letters.group(1) if letters else ""
    one, two = run[:1], run[:2]
    as_one = number_of(one) is not None and one not in ("D", "T")
    as_two = len(two) == 2 and number_of(two) is not None
    if len(name) < 4 and aligned == 2 and as_two:
        return two.capitalize()
    if not (as_one or as_two):
        raise _unknown(name, residue, "no element begins so")
    if as_one and as_two:
        if two == "BR":
            return "Br"
        named = aligned == 1 or (amino_like and two in GREEK) or one == "H" or len(run) > 2
        if two in COVALENT or (two in METALS and not named):
            raise _unknown(name, residue, f"it may be {one} or {two.capitalize()}")
    return one if as_one else two.capitalize()


def has_backbone(names: frozenset[str]) -> bool:
    """Return whether the names of a residue's atoms have the backbone of an amino acid."""
    return {"N", "CA", "C", "O"} <= names


def least_hydrogens(residue: str) -> int | None:
    """Return the number of hydrogens below which a residue is not whole; None for other residues.

    One less than it has when deprotonated, in the middle of a chain, for a bond to another group.
    """
    amino = amino_acid(residue)
    if amino is not None:
        return SIDE_CHAINS[amino][1] - 1
    if residue.upper() in NUCLEOTIDES:
        return HYDROGENS_OF_A_NUCLEOTIDE
    return 1 if residue.upper() in WATERS else None


def _virtual(name: str, residue: str) -> StructureError:
    return StructureError(
        f"atom {name} of residue {residue or '?'} is a virtual site, not an atom",
        remedy="Remove the virtual sites, as MW of TIP4P water: the model has no use for them",
    )


def _unknown(name: str, residue: str, why: str) -> StructureError:
    return StructureError(
        f"atom {name} of residue {residue or '?'}: its element is not known, {why}",
        remedy="Write the element into columns 77-78 of a PDB file, type_symbol of mmCIF, give the "
        "structure as extended XYZ, or leave the residue out: `sundog prepare` does, with "
        f'remove="{residue or "?"}"',
    )
