"""PDB and mmCIF files, with the names of their atoms, residues and chains.

What of a file is used, carried, said and refused stands in `records.py`, but for

    used   CRYST1 or _cell; MODEL; the segment as chain where there is none
    said   a space group other than P 1: the file holds one asymmetric unit; residues that were
           not seen (REMARK 465); modified residues (MODRES); a biological assembly of several
           copies (REMARK 350, _pdbx_struct_oper_list); structures without hydrogens
"""

import re
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from ase import Atoms

from sundog.errors import FileFormatError
from sundog.io.records import Record, frames_of
from sundog.io.text import read_text

Report = Callable[[str], None]

NO_SYMMETRY = ("", "P1", "1", "P1-")
"""Space groups that leave nothing to build, or say nothing; without blanks."""

CRYSTAL = "Warning: the file holds one asymmetric unit of a crystal"
"""Beginning of the line about a crystal."""

NO_HYDROGENS = "Warning: there is no hydrogen in the structure"
"""Beginning of the line about a structure without hydrogens."""

UNKNOWN = (".", "?", "")
"""Cells of an mmCIF file without a value."""


def read_pdb(path: Path, report: Report = lambda line: None) -> list[Atoms]:
    """Return the models of a PDB file; positions in Å.

    Args:
        path: File.
        report: Called with a line about everything that was chosen or left out.

    Raises:
        FileFormatError: The models differ in length, so that one may be truncated, or a line
            cannot be read.
        StructureError: The element of an atom cannot be told, or it is a virtual site.
    """
    models: list[list[Record]] = [[]]
    cellpar: list[float] = []
    group, missing, number = "", 0, 0
    told: list[str] = []
    copies = 1
    for count, line in enumerate(read_text(path).split("\n"), start=1):
        kind = line[:6].strip()
        try:
            if kind in ("ATOM", "HETATM"):
                record = _atom(line, f"line {count}", number)
                number = record.number
                models[-1].append(record)
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
            elif re.match(r"REMARK 350   BIOMT1 +[2-9]\d* ", line):
                copies = max(copies, int(line[19:23]))
            elif re.match(r"REMARK 465 +(\d+ +)?[A-Z0-9]{1,3} +\S +-?\d+", line):
                missing += 1
        except ValueError as error:
            raise FileFormatError(
                f"{path}: line {count} cannot be read",
                got=repr(line[:80]),
                expected="columns of the PDB format",
                remedy="Check that the file is whole; it may be of another format",
            ) from error
    frames = frames_of([model for model in models if model], cellpar, path, report)
    for said in told:
        report(said)
    _say_assembly(copies, report)
    _say_more(frames[0], group, missing, report)
    return frames


def read_mmcif(path: Path, report: Report = lambda line: None) -> list[Atoms]:
    """Return the models of an mmCIF file; positions in Å.

    Args:
        path: File.
        report: Called with a line about everything that was chosen or left out.

    Raises:
        FileFormatError: There are no atoms, or the models differ in length.
        StructureError: The element of an atom cannot be told, or it is a virtual site.
    """
    # Only files of this format need it, and it takes its time.
    from mdtraj.formats.pdbx.PdbxReader import PdbxReader

    blocks: list[Any] = []
    PdbxReader(StringIO(read_text(path))).read(blocks)
    block = next((one for one in blocks if one.getObj("atom_site") is not None), None)
    if block is None:
        raise FileFormatError(f"{path}: no atoms there", expected="a loop of _atom_site")
    models: dict[str, list[Record]] = {}
    table = block.getObj("atom_site")
    names = [str(name) for name in table.getAttributeList()]
    for count, row in enumerate(table.getRowList(), start=1):
        cells = {k: "" if v in UNKNOWN else str(v) for k, v in zip(names, row, strict=True)}
        model = models.setdefault(cells.get("pdbx_PDB_model_num", ""), [])
        model.append(_site(cells, f"atom {count}"))
    edges = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    cellpar = [_first(block, "cell", name) for name in edges]
    group = _first(block, "symmetry", "space_group_name_H-M")
    lengths = [float(value) for value in cellpar] if all(cellpar) else []
    frames = frames_of(list(models.values()), lengths, path, report)
    generators = block.getObj("pdbx_struct_oper_list")
    whole = _first(block, "pdbx_struct_assembly_gen", "oper_expression")
    copies = 1 if generators is None or whole in ("1", "") else generators.getRowCount()
    _say_assembly(copies, report)
    unseen = block.getObj("pdbx_unobs_or_zero_occ_residues")
    _say_more(frames[0], group, 0 if unseen is None else unseen.getRowCount(), report)
    return frames


def _atom(line: str, where: str, before: int) -> Record:
    """Return the atom of a line of a PDB file; `before` is the number of the residue before."""
    field, insertion = line[22:26], line[26:27].strip()
    if insertion.isdigit():  # CHARMM's numbers beyond 9999
        field, insertion = line[22:27], ""
    name = line[12:16]
    element = line[76:78].strip()
    occupancy = line[54:60].strip()
    return Record(
        where,
        name.strip(),
        line[17:21].strip(),
        _number(field, 4, before),
        (float(line[30:38]), float(line[38:46]), float(line[46:54])),
        chain=line[21:22].strip() or line[72:76].strip(),
        insertion=insertion,
        # Columns 73 to 80 of old files hold the code of the entry and the number of the line.
        element=element if element.isalpha() else "",
        alternate=line[16:17].strip(),
        occupancy=float(occupancy) if occupancy else 1.0,
        charge=_formal_charge(line[78:80]),
        aligned=_alignment(name),
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


def _site(cells: dict[str, str], where: str) -> Record:
    """Return the atom of a row of _atom_site."""

    def either(name: str) -> str:
        return cells.get(f"auth_{name}") or cells.get(f"label_{name}") or ""

    coordinates = (float(cells["Cartn_x"]), float(cells["Cartn_y"]), float(cells["Cartn_z"]))
    occupancy = cells.get("occupancy", "")
    return Record(
        where,
        either("atom_id"),
        either("comp_id"),
        int(either("seq_id") or 0),
        coordinates,
        chain=either("asym_id"),
        insertion=cells.get("pdbx_PDB_ins_code", ""),
        element=cells.get("type_symbol", ""),
        alternate=cells.get("label_alt_id", ""),
        occupancy=float(occupancy.partition("(")[0]) if occupancy else 1.0,
        charge=int(cells.get("pdbx_formal_charge", "") or 0),
    )


def _first(block: Any, category: str, name: str) -> str:
    """Return an entry of a category, or an empty text."""
    table = block.getObj(category)
    if table is None or table.getRowCount() == 0 or table.getAttributeIndex(name) == -1:
        return ""
    value = str(table.getRow(0)[table.getAttributeIndex(name)])
    return "" if value in UNKNOWN else value


def _say_assembly(copies: int, report: Report) -> None:
    if copies > 1:
        report(
            f"Biological assembly: it has {copies} copies of what is in the file, which is "
            "computed as it is"
        )


def _say_more(atoms: Atoms, group: str, missing: int, report: Report) -> None:
    if atoms.pbc.any() and group.replace(" ", "") not in NO_SYMMETRY:
        report(
            f"{CRYSTAL}, space group {group}, which "
            "is repeated with the cell and without its symmetry copies. Build the unit cell, or "
            "remove the cell"
        )
    if missing:
        report(f"Missing residues: {missing} were not seen and are not in the file")
    say_no_hydrogens(atoms, report)


def say_no_hydrogens(atoms: Atoms, report: Report) -> None:
    """Report a structure with carbon or nitrogen, and no hydrogen at all."""
    kinds: Sequence[int] = atoms.numbers.tolist()
    if 1 not in kinds and {6, 7} & set(kinds):
        report(
            f"{NO_HYDROGENS}. If the file leaves them out, add them, as with pdbfixer or hydride"
        )
