"""Text of PDB files as records of atoms, and what else is in it."""

import re
from collections import Counter
from pathlib import Path

from sundog.errors import FileFormatError
from sundog.io.assemblies import Assembly, assemblies_of_pdb
from sundog.io.connections import Connection, End, connections_of_pdb_line
from sundog.io.contents import Contents
from sundog.io.records import Record
from sundog.io.text import read_text


def pdb_contents(path: Path) -> Contents:
    """Return what a PDB file holds.

    Args:
        path: File.

    Raises:
        FileFormatError: There are no atoms, or a line cannot be read.
    """
    lines = read_text(path).split("\n")
    models: list[list[Record]] = [[]]
    serials: list[str] = []
    cellpar: list[float] = []
    group, missing, number = "", 0, 0
    told: list[str] = []
    count, line = 0, ""
    try:
        for count, line in enumerate(lines, start=1):
            kind = line[:6].strip()
            if kind in ("ATOM", "HETATM"):
                record = _atom(line, f"line {count}", number)
                number = record.number
                models[-1].append(record)
                if not any(models[:-1]):
                    serials.append(line[6:11].strip())
            elif kind in ("MODEL", "END"):  # some programs write frames between lines of END
                models.append([])
            elif kind == "CRYST1":
                cellpar = [float(line[a:b]) for a, b in ((6, 15), (15, 24), (24, 33))]
                cellpar += [float(line[a:b]) for a, b in ((33, 40), (40, 47), (47, 54))]
                group = line[55:66].strip()
            elif kind == "MODRES":
                told.append(
                    f"Modified residue: {line[12:15].strip()} {line[18:22].strip()} is one of "
                    f"{line[24:27].strip()}"
                )
            elif re.match(r"REMARK 465 +(\d+ +)?[A-Z0-9]{1,3} +\S +-?\d+", line):
                missing += 1
    except ValueError as error:
        raise FileFormatError(
            f"{path}: line {count} cannot be read",
            got=repr(line[:80]),
            expected="columns of the PDB format",
            remedy="Check that the file is whole; it may be of another format",
        ) from error
    models = [model for model in models if model]
    if not models:
        raise FileFormatError(
            f"{path}: no atoms there",
            got=repr(next((line[:60] for line in lines if line.strip()), "")),
            expected="ATOM or HETATM records of a PDB file",
            remedy="Check that the file is whole, and that its suffix names its format: an mmCIF "
            "file ends in .cif",
        )
    return Contents(
        models,
        cellpar,
        group,
        _connections(lines, models, serials, told),
        _assemblies(lines, told),
        told,
        missing,
    )


def _connections(
    lines: list[str], models: list[list[Record]], serials: list[str], told: list[str]
) -> list[Connection]:
    """Return the bonds that the file names; a serial number of two atoms means neither."""
    named = [line for line in lines if line.startswith(("SSBOND", "LINK", "CONECT"))]
    if not named or not models:
        return []
    counts = Counter(serials)
    ends = {
        serial: End(one.chain, one.number, one.insertion, one.name)
        for serial, one in zip(serials, models[0], strict=True)
        if counts[serial] == 1
    }
    found: dict[frozenset[End], Connection] = {}
    for line in named:
        try:
            connections = connections_of_pdb_line(line, _residue_number, ends)
        except ValueError:
            told.append(f"Record that cannot be read and is not used: {line.strip()!r}")
            continue
        for one in connections:
            found.setdefault(frozenset((one.first, one.second)), one)
    return list(found.values())


def _assemblies(lines: list[str], told: list[str]) -> list[Assembly]:
    try:
        return assemblies_of_pdb([line for line in lines if line.startswith("REMARK 350")])
    except ValueError as error:
        told.append(f"Biological assemblies of REMARK 350 cannot be read and are not used: {error}")
        return []


def _residue_number(field: str) -> int:
    return _number(field, 4, 0)


def _atom(line: str, where: str, before: int) -> Record:
    """Return the atom of a line of a PDB file; `before` is the number of the residue before."""
    field, insertion = line[22:26], line[26:27].strip()
    if insertion.isdigit():  # CHARMM's numbers beyond 9999
        field, insertion = line[22:27], ""
    name = line[12:16]
    element = line[76:78].strip()
    occupancy = line[54:60].strip()
    chain = line[21:22].strip() or line[72:76].strip()
    return Record(
        where,
        name.strip(),
        line[17:21].strip(),
        _number(field, 4, before),
        (float(line[30:38]), float(line[38:46]), float(line[46:54])),
        chain=chain,
        insertion=insertion,
        # Columns 73 to 80 of old files hold the code of the entry and the number of the line.
        element=element if element.isalpha() else "",
        alternate=line[16:17].strip(),
        occupancy=float(occupancy) if occupancy else 1.0,
        charge=_formal_charge(line[78:80]),
        aligned=_alignment(name),
        part=line[21:22].strip(),
    )


def _alignment(name: str) -> int | None:
    """Return how many letters the symbol has by the columns of the name, which ends in column 14.

    A name of four characters fills all columns and says nothing.
    """
    if len(name.strip()) > 3:
        return None
    return 1 if name[:1] == " " or name[:1].isdigit() else 2


def _number(field: str, width: int, before: int) -> int:
    """Return a number, also one that is too wide for its column: hybrid-36, or asterisks."""
    text = field.strip()
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.fullmatch(r"[A-Z][0-9A-Z]*|[a-z][0-9a-z]*", text) and len(text) == width:
        # Capital letters go on after the last decimal number, small ones after these.
        beyond = 10**width + (0 if text[0].isupper() else 26 * 36 ** (width - 1))
        return int(text, 36) - 10 * 36 ** (width - 1) + beyond
    if set(text) == {"*"}:
        return before
    raise ValueError(f"no number: {field!r}")


def _formal_charge(text: str) -> int:
    """Return the charge of columns 79 and 80, as `2+`, `+2` or `-`; 0 where they hold none."""
    match = re.fullmatch(r"(\d?)([+-])(\d?)", text.strip())
    if match is None:
        return 0
    size = int(match.group(1) or match.group(3) or 1)
    return size if match.group(2) == "+" else -size
