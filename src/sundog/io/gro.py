"""GROMACS structure files, whose atoms have names but no elements.

    used      positions, box, velocities; elements from the names (`topology.atom_names`)
    carried   names of atoms and residues, numbers of residues
    refused   elements that cannot be told, virtual sites

Numbers have any width: the distance of two decimal points is that of the columns, as in files with
more than three decimals.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from ase import Atoms, units

from sundog.errors import FileFormatError
from sundog.io.records import Record, frames_of
from sundog.io.text import read_text

ANGSTROM_PER_NANOMETRE = 10.0
"""Length of 1 nm in Å."""

LABELS = 20
"""Columns of residue number, residue name, atom name and atom number, before the coordinates."""


def read_gro(path: Path, report: Callable[[str], None] = lambda line: None) -> list[Atoms]:
    """Return the frames of a GROMACS file; positions in Å.

    Args:
        path: File.
        report: Called with a line about everything that was chosen or left out.

    Raises:
        FileFormatError: The number of lines does not fit the number of atoms in the second one.
        StructureError: The element of an atom cannot be told, or it is a virtual site.
    """
    lines = read_text(path).removesuffix("\n").split("\n")
    frames: list[Atoms] = []
    start = 0
    while not frames or any(map(str.strip, lines[start:])):
        try:
            atoms = int(lines[start + 1])
        except (IndexError, ValueError) as error:
            raise FileFormatError(
                f"{path}: line {start + 2} is not the number of atoms",
                got=repr("".join(lines[start + 1 : start + 2])),
                remedy="Check that the file is whole",
            ) from error
        end = start + atoms + 3
        if atoms < 1 or end > len(lines):
            raise FileFormatError(
                f"{path}: the file is truncated, or counts its atoms wrongly",
                got=f"{len(lines) - start} lines",
                expected=f"{atoms + 3} for {atoms} atoms",
                remedy="Write one whole frame with gmx trjconv -dump or gmx editconf",
            )
        say = report if not frames else lambda line: None
        frames.append(_structure(path, lines[start + 2 : end], start + 3, say))
        start = end
    return frames


def _structure(path: Path, lines: list[str], first: int, report: Callable[[str], None]) -> Atoms:
    """Return one frame from the lines of its atoms and its box."""
    records, velocities = [], []
    for count, line in enumerate(lines[:-1], start=first):
        try:
            numbers = _numbers(line[LABELS:])
            records.append(
                Record(
                    f"line {count}",
                    line[10:15].strip(),
                    line[5:10].strip(),
                    int(line[:5]),
                    (numbers[0], numbers[1], numbers[2]),
                )
            )
            velocities.append(numbers[3:6])
        except (ValueError, IndexError) as error:
            raise FileFormatError(
                f"{path}: line {count} cannot be read",
                got=repr(line),
                expected="the columns of a GROMACS file",
                remedy="Check that the file is whole",
            ) from error
    (atoms,) = frames_of([records], [], path, report)
    del atoms.arrays["chainids"]
    atoms.positions *= ANGSTROM_PER_NANOMETRE
    if all(len(one) == 3 for one in velocities):
        speed = ANGSTROM_PER_NANOMETRE / (1000 * units.fs)
        atoms.set_velocities(np.array(velocities) * speed)
    _set_box(path, atoms, lines[-1])
    return atoms


def _numbers(text: str) -> list[float]:
    """Return the numbers of columns as wide as two decimal points are apart."""
    first = text.index(".")
    width = text.index(".", first + 1) - first
    return [float(text[k : k + width]) for k in range(0, len(text.rstrip()), width)]


def _set_box(path: Path, atoms: Atoms, line: str) -> None:
    """Set the cell from the last line: three lengths, or nine components, diagonal first."""
    try:
        box = [float(word) for word in line.split()]
    except ValueError as error:
        raise FileFormatError(
            f"{path}: the line of the box cannot be read", got=repr(line)
        ) from error
    if len(box) not in (0, 3, 9):
        raise FileFormatError(f"{path}: a box has three or nine numbers", got=repr(line))
    if box:
        xx, yy, zz, xy, xz, yx, yz, zx, zy = box if len(box) == 9 else [*box, *[0.0] * 6]
        cell = np.array([[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]])
        atoms.set_cell(cell * ANGSTROM_PER_NANOMETRE)
        atoms.pbc = atoms.cell.rank == 3
