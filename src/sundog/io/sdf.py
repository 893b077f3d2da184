"""SDF and MDL mol files (V2000).

used      positions, elements with D and T, formal charges (their sum is the charge), isotopes,
          unpaired electrons
carried   the title as `name`, data fields of one line
said      data fields that are not carried
refused   V3000, truncated records, drawings in the plane, several radical centres

"""

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from ase import Atoms

from sundog.elements import HYDROGENS, ISOTOPES, number_of, standard_masses
from sundog.errors import FileFormatError
from sundog.io.text import read_text

END_OF_RECORD = "$$$$"
"""Line that ends a record; blanks may follow."""

CHARGE_CODES = {1: 3, 2: 2, 3: 1, 5: -1, 6: -2, 7: -3}
"""Charges in e by the code in an atom line; lines of formal charges take precedence."""

UNPAIRED = {1: 0, 2: 1, 3: 2}
"""Unpaired electrons by the code of a radical: singlet, doublet and triplet."""

NOT_CARRIED = re.compile(r"energy|forces?|charges?|spin|multiplicity|stress|dipole|pbc", re.I)
"""Words in the name of a data field that sundog would read as a label or as a setting."""


class _Block(NamedTuple):
    """Atoms and properties of a record: atom lines, bond lines, and values by property."""

    atoms: list[str]
    bonds: list[str]
    properties: dict[str, dict[int, int]]
    rest: list[str]


def read_sdf(path: Path, report: Callable[[str], None] = lambda line: None) -> list[Atoms]:
    """Return the records of an SDF or mol file; positions in Å.

    Args:
        path: File.
        report: Called with a line about everything that was left out.

    Raises:
        FileFormatError: A record is in the V3000 dialect, truncated, or a drawing.
    """
    records: list[list[str]] = [[]]
    for line in read_text(path).split("\n"):
        if line.rstrip() == END_OF_RECORD:
            records.append([])
        else:
            records[-1].append(line)
    found = [_structure(path, one) for one in records if any(map(str.strip, one))]
    bare = [atoms for atoms, _ in found if 1 not in atoms.numbers and {6, 7} & {*atoms.numbers}]
    if bare:
        report(
            f"Warning: {len(bare)} of {len(found)} records have no hydrogen. If the file leaves "
            "them out, add them, as with obabel -h"
        )
    left = sorted({name for _, names in found for name in names})
    if left:
        report(f"Data fields that are not carried: {', '.join(left)}")
    return [atoms for atoms, _ in found]


def _structure(path: Path, record: list[str]) -> tuple[Atoms, list[str]]:
    """Return the structure of a record, and the names of the data fields that are left out."""
    title = record[0].strip()
    where = f"{path}: the record {title!r}" if title else f"{path}: a record without title"
    block = _block(record, where)
    try:
        positions = [[float(line[k : k + 10]) for k in (0, 10, 20)] for line in block.atoms]
        symbols = [line[31:34].strip() for line in block.atoms]
        codes = [int(line[36:39].strip() or 0) for line in block.atoms]
    except ValueError as error:
        raise FileFormatError(f"{where} has an atom that cannot be read", got=error) from error
    numbers = [number_of(symbol) for symbol in symbols]
    if None in numbers:
        raise FileFormatError(
            f"{where} has an atom without element", got=symbols[numbers.index(None)]
        )
    atoms = Atoms(numbers, positions=positions)
    _refuse_drawing(where, record, atoms, block.bonds)
    charges = block.properties["CHG"]
    own = sum(charges.values()) if charges else sum(CHARGE_CODES.get(code, 0) for code in codes)
    atoms.info["charge"] = own
    _set_radicals(atoms, block.properties["RAD"], codes)
    _set_isotopes(where, atoms, symbols, block.properties["ISO"])
    if title:
        atoms.info["name"] = title
    return atoms, _set_fields(atoms, block.rest)


def _block(record: list[str], where: str) -> _Block:
    """Return the parts of a record, with as many atoms and bonds as it promises."""
    counts = record[3] if len(record) > 3 else ""
    end = next((k for k, line in enumerate(record) if line.split() == ["M", "END"]), None)
    if "V3000" in counts or end is None:
        raise FileFormatError(
            f"{where} is in the V3000 dialect or cut short",
            expected="V2000 records that end with M  END",
            remedy="Convert it, as with obabel -osdf",
        )
    try:
        number, bonds = int(counts[:3]), int(counts[3:6].strip() or 0)
    except ValueError as error:
        raise FileFormatError(f"{where} has no line of counts", got=repr(counts)) from error
    lines = record[4:end]
    if number < 1 or len(lines) < number + bonds:
        raise FileFormatError(
            f"{where} is cut short or has no atoms",
            got=f"{len(lines)} lines",
            expected=f"{number} atoms and {bonds} bonds",
        )
    properties: dict[str, dict[int, int]] = {"CHG": {}, "RAD": {}, "ISO": {}}
    for line in lines[number + bonds :]:
        if line.startswith("M  ") and line[3:6] in properties:
            # "M  CHG", how many there are, then pairs of atom number and value.
            words = [int(word) for word in line[6:].split()[1:]]
            properties[line[3:6]] |= dict(zip(words[::2], words[1::2], strict=True))
    return _Block(lines[:number], lines[number : number + bonds], properties, record[end + 1 :])


def _refuse_drawing(where: str, record: list[str], atoms: Atoms, bonds: list[str]) -> None:
    """Refuse a record whose third coordinates are missing."""
    if atoms.positions[:, 2].any() or len(atoms) < 3:
        return
    count = np.bincount([int(line[k : k + 3]) for line in bonds for k in (0, 3)] or [0])
    crowded = bool((count > 3).any())  # four neighbours of an atom never lie in a plane with it
    if "2D" in record[1][20:].upper() or crowded or not (atoms.numbers == 1).any():
        raise FileFormatError(
            f"{where} is a drawing in the plane: the third coordinate of every atom is 0",
            remedy="Make it three-dimensional with its hydrogens, as with obabel --gen3d -h",
        )


def _set_radicals(atoms: Atoms, radicals: dict[int, int], codes: list[int]) -> None:
    """Set the multiplicity, or the moments of several centres, which do not tell it."""
    unpaired = {atom: UNPAIRED.get(code, 0) for atom, code in radicals.items()}
    if not radicals:
        unpaired = {k: 1 for k, code in enumerate(codes, start=1) if code == 4}
    centres = [count for count in unpaired.values() if count]
    if len(centres) == 1:
        atoms.info["spin"] = centres[0] + 1
    elif centres:
        moments = np.zeros(len(atoms))
        for atom, count in unpaired.items():
            moments[atom - 1] = count
        atoms.set_initial_magnetic_moments(moments)


def _set_isotopes(where: str, atoms: Atoms, symbols: list[str], isotopes: dict[int, int]) -> None:
    """Set masses where isotopes are marked."""
    marked = {k: mass for k, s in enumerate(symbols) if (mass := HYDROGENS.get(s.upper()))}
    marked |= {atom - 1: mass for atom, mass in isotopes.items()}
    if not marked:
        return
    masses = standard_masses()[atoms.numbers]
    for k, mass in marked.items():
        known = ISOTOPES.get((int(atoms.numbers[k]), mass))
        if known is None:
            raise FileFormatError(
                f"{where} has an isotope of unknown mass",
                got=f"atom {k + 1}, {atoms[k].symbol} of mass number {mass}",
                remedy="Give the structure as extended XYZ with a column of masses",
            )
        masses[k] = known
    atoms.set_array("masses", masses)


def _set_fields(atoms: Atoms, lines: list[str]) -> list[str]:
    """Keep data fields of one line as text, and return the names of all others."""
    left: list[str] = []
    starts = [k for k, line in enumerate(lines) if line.startswith(">")]
    for start, end in pairwise([*starts, len(lines)]):
        match = re.search(r"<([^>]*)>", lines[start])
        name = match.group(1).strip() if match else ""
        values = [line.strip() for line in lines[start + 1 : end] if line.strip()]
        if name and len(values) == 1 and name not in atoms.info and not NOT_CARRIED.search(name):
            atoms.info[name] = values[0]
        elif name:
            left.append(name)
    return left
