"""Refusal of elements by a glance at a file, in half the time in which ASE's readers are imported.

Elements are looked up in plain xyz and PDB files alone. What is not plain here is left to the
readers, after which the same is refused with the same words.
"""

from collections.abc import Iterable
from pathlib import Path

LARGEST_FILE = 20 * 2**20
"""Size in bytes of a file beyond which looking at it takes longer than it saves."""


def refuse_elements(structure: Path, *, last_of_many: bool) -> None:
    """Refuse a structure with elements that no weights know.

    Args:
        structure: file of the structure.
        last_of_many: whether the last structure of several is meant; else files with several are
            left alone.

    Raises:
        UnsupportedElementError: naming the elements.
    """
    from sundog.elements import HEAVIEST_ELEMENT, refuse_unsupported, symbol

    read = {".xyz": _of_xyz, ".extxyz": _of_xyz, ".pdb": _of_pdb}.get(structure.suffix.lower())
    if read is None or not structure.is_file() or structure.stat().st_size > LARGEST_FILE:
        return
    lines = structure.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    frames = read(lines)
    if frames and (last_of_many or len(frames) == 1):
        numbers = {symbol(number): number for number in range(1, HEAVIEST_ELEMENT + 1)}
        refuse_unsupported({numbers[one] for one in frames[-1] if one in numbers})


def _of_xyz(lines: list[str]) -> list[set[str]]:
    """Return the symbols of each structure of an xyz file; none if it is not a plain one."""
    frames, place = [], 0
    while place < len(lines) and lines[place].strip():
        count = lines[place].strip()
        if not count.isdecimal() or place + 1 >= len(lines):
            return []
        comment, end = lines[place + 1].lower(), place + 2 + int(count)
        rows = [line.split() for line in lines[place + 2 : end]]
        plain = "properties=" not in comment or "properties=species:s:1:pos:r:3" in comment
        if not plain or len(rows) < int(count) or any(len(row) < 4 for row in rows):
            return []
        frames.append({row[0] for row in rows})
        place = end
    return frames


def _of_pdb(lines: Iterable[str]) -> list[set[str]]:
    """Return the symbols of a PDB file; none if not every atom has one."""
    found = {line[76:78].strip() for line in lines if line.startswith(("ATOM  ", "HETATM"))}
    return [] if "" in found or not found else [{one.capitalize() for one in found}]
