"""XYZ files, plain and extended, made sure of before ASE reads them.

    used      positions, elements with D and T and atomic numbers; of an extended comment line cell,
              periodicity, charge, spin, masses, momenta, move_mask
    carried   all other entries and columns; a plain comment line as `comment`
    said      columns behind x, y, z of a plain file; a charge in words in a plain comment line
    refused   frames cut short, symbols of no element, a comment line that is neither plain nor
              extended throughout but gives a charge or multiplicity

A comment line is extended if it names `Properties` or `Lattice`, or is made of `key=value` alone.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from ase import Atoms

from sundog.elements import HYDROGENS, number_of, symbol
from sundog.errors import FileFormatError
from sundog.io.records import isotopic_masses
from sundog.io.text import read_text

Report = Callable[[str], None]

_VALUE = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|\{[^}]*\}|\[[^\]]*\]|[^\s"'={}\[\]]+)"""
EXTENDED = re.compile(rf"(?:[A-Za-z_][^\s=\"']*\s*=\s*{_VALUE}\s*)+")
"""Comment line of entries alone."""

MARKED = re.compile(r"(?:^|\s)(?:Properties|Lattice)\s*=")
"""Entry that only extended files have."""

ELECTRONS = re.compile(
    r"\b(?:total_?|net_?)?(?:charge|spin|multiplicity)\b\W{0,3}[-+]?\d", re.IGNORECASE
)
"""Charge or multiplicity in a comment line, in words."""

GIVEN = re.compile(r"\b\w*(?:charge|spin|multiplicity)\s*=", re.IGNORECASE)
"""Charge or multiplicity in a comment line, as an entry."""

PLAIN_COLUMNS = 4
"""Columns of a plain file: symbol, x, y, z."""


@dataclass
class _Frame:
    """Lines of a frame: the number of its first one, from 1; isotopes by the number of the atom."""

    first: int
    lines: list[str]
    comment: str = ""
    isotopes: dict[int, str] | None = None


def read_xyz(path: Path, wanted: slice, report: Report = lambda line: None) -> list[Atoms]:
    """Return the frames of an XYZ file, plain or extended; positions in Å.

    Args:
        path: File.
        wanted: Frames to return.
        report: Called with a line about everything that is not used.

    Raises:
        FileFormatError: A frame is truncated, a blank line stands before a frame, an atom has no
            element, or a comment line is neither plain nor extended.
    """
    frames = _frames(path)[wanted]
    told: dict[str, int] = {}
    for frame in frames:
        for line in _settle(path, frame):
            told.setdefault(line, frame.first)
    for line, first in told.items():
        report(f"{line} (frame in line {first})" if len(frames) > 1 else line)
    if not frames:
        return []
    plain = [_plain(frame) for frame in frames]
    found = [atoms for atoms in plain if atoms is not None]
    if len(found) < len(frames):
        import ase.io  # which takes its time

        text = "\n".join(line for frame in frames for line in frame.lines) + "\n"
        found = ase.io.read(StringIO(text), index=":", format="extxyz")
        assert isinstance(found, list)
    for atoms, frame in zip(found, frames, strict=True):
        if frame.comment:
            atoms.info["comment"] = frame.comment
        if frame.isotopes and not atoms.has("masses"):
            own = map(symbol, atoms.numbers.tolist())
            masses = isotopic_masses([frame.isotopes.get(k, s) for k, s in enumerate(own)])
            assert masses is not None
            atoms.set_array("masses", masses)
    isotopes = sum(len(frame.isotopes or ()) for frame in frames)
    if isotopes:
        report(f"Isotopes: {isotopes} hydrogens are deuterium or tritium, and have its mass")
    return found


def _plain(frame: _Frame) -> Atoms | None:
    """Return the structure of a frame of symbols and positions alone, None for any other."""
    rows = [line.split() for line in frame.lines[2:]]
    if frame.lines[1].strip() or any(len(row) != 4 or row[0] not in _ELEMENTS for row in rows):
        return None
    try:
        positions = [[float(one) for one in row[1:]] for row in rows]
    except ValueError:
        return None
    return Atoms([row[0] for row in rows], positions)


def _frames(path: Path) -> list[_Frame]:
    """Return the frames of a file, each with all its lines."""
    lines = read_text(path).split("\n")
    frames: list[_Frame] = []
    start = 0
    while start < len(lines) and lines[start].strip():
        if lines[start].split()[0].startswith("VEC"):  # vectors of the frame before
            frames[-1].lines.append(lines[start])
            start += 1
            continue
        try:
            atoms = int(lines[start])
            if atoms < 0:
                raise ValueError(atoms)
        except ValueError as error:
            raise FileFormatError(
                f"{path}: the file cannot be read",
                got=f"line {start + 1}: {lines[start][:60]!r}",
                expected="the number of atoms, with which a frame begins",
            ) from error
        frame = lines[start : start + atoms + 2]
        found = sum(1 for line in frame[2:] if line.strip())
        if found < atoms:
            raise FileFormatError(
                f"{path}: the frame that begins in line {start + 1} is truncated",
                got=f"{found} atoms",
                expected=f"{atoms}",
                remedy="Write the file again, or cut off this frame",
            )
        frames.append(_Frame(start + 1, frame))
        start += atoms + 2
    rest = next((n for n, line in enumerate(lines[start:], start + 1) if line.strip()), None)
    if rest is not None:
        raise FileFormatError(
            f"{path}: a blank line stands before line {rest}, where a frame should begin",
            remedy="Remove the blank line, or the text behind the last frame",
        )
    return frames


def _settle(path: Path, frame: _Frame) -> list[str]:
    """Make the lines of a frame such that ASE reads what is meant; return what is to be said."""
    said: list[str] = []
    comment = frame.lines[1].strip()
    where = f"{path}: the comment line {frame.first + 1}"
    vectors = frame.lines[-1].startswith("VEC")
    extended = bool(MARKED.search(comment) or EXTENDED.fullmatch(comment))
    if comment and not extended:
        if GIVEN.search(comment):
            raise FileFormatError(
                f"{where} gives a charge or multiplicity, but is no extended XYZ",
                got=repr(comment[:80]),
                expected="key=value throughout, with quotes around values that have blanks",
                remedy="Correct the line, or remove what is not of this form",
            )
        if ELECTRONS.search(comment):
            said.append(
                f"Warning: the comment line {comment[:80]!r} is not read; give `charge` and "
                "`multiplicity` if they are meant there"
            )
        frame.comment = comment
        if not vectors:
            frame.lines[1] = ""
    column = _species_column(path, frame, comment) if extended else 0
    if column is not None:
        _settle_symbols(path, frame, column)
    properties = extended and "Properties" in comment
    if not properties and any(len(line.split()) > PLAIN_COLUMNS for line in frame.lines[2:]):
        said.append("Columns behind x, y and z are not read: no `Properties` names them")
    return said


def _species_column(path: Path, frame: _Frame, comment: str) -> int | None:
    """Return the column of the symbols of an extended file; None where there is none.

    Raises:
        FileFormatError: The comment line names other columns than there are.
    """
    match = re.search(r"Properties\s*=\s*\"?([\w:.-]+)", comment)
    if match is None:
        return 0
    words = match.group(1).split(":")
    there = min((len(line.split()) for line in frame.lines[2:] if line.strip()), default=0)
    widths = [int(word) if word.isdecimal() else 0 for word in words[2::3]]
    if len(words) % 3 or min(widths) < 1 or (there and sum(widths) > there):
        raise FileFormatError(
            f"{path}: the comment line {frame.first + 1} names columns that are not there",
            got=f"Properties={match.group(1)[:80]} for {there} columns",
            expected="name:type:number of columns, once for each property",
        )
    if "species" not in words[::3]:
        return None
    return sum(widths[: words[::3].index("species")])


def _settle_symbols(path: Path, frame: _Frame, column: int) -> None:
    """Write symbols for atomic numbers and for isotopes of hydrogen."""
    isotopes: dict[int, str] = {}
    for k, line in enumerate(frame.lines[2:]):
        words = line.split()
        if not words or len(words) <= column or words[0].startswith("VEC"):
            continue
        own = words[column]
        if own in _ELEMENTS:
            continue
        number = number_of(own)
        if number is None:
            if own.upper() == "X":
                continue  # refused as a dummy atom where it is computed
            raise FileFormatError(
                f"{path}: line {frame.first + 2 + k} has an atom of no element",
                got=repr(own),
                expected="a chemical symbol, or an atomic number",
            )
        if HYDROGENS.get(own.upper()):
            isotopes[k] = own.upper()
        words[column] = symbol(number)
        frame.lines[2 + k] = " ".join(words)
    frame.isotopes = isotopes


_ELEMENTS = frozenset(symbol(number) for number in range(1, 119))
"""Symbols of all elements, as they are written."""
