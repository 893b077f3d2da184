"""Tables of mmCIF files as records of atoms, and what else is in them."""

from io import StringIO
from pathlib import Path
from typing import Any

from sundog.errors import FileFormatError
from sundog.io.assemblies import assemblies_of_mmcif
from sundog.io.connections import connections_of_mmcif
from sundog.io.contents import Contents
from sundog.io.records import Record
from sundog.io.text import read_text

UNKNOWN = (".", "?", "")
"""Cells without a value."""


def mmcif_contents(path: Path) -> Contents:
    """Return what an mmCIF file holds.

    Args:
        path: File.

    Raises:
        FileFormatError: There are no atoms.
    """
    # Only files of this format need it, and it takes its time.
    from mdtraj.formats.pdbx.PdbxReader import PdbxReader

    blocks: list[Any] = []
    PdbxReader(StringIO(read_text(path))).read(blocks)
    block = next((one for one in blocks if one.getObj("atom_site") is not None), None)
    if block is None:
        raise FileFormatError(f"{path}: no atoms there", expected="a loop of _atom_site")
    models: dict[str, list[Record]] = {}
    for count, cells in enumerate(_rows(block, "atom_site"), start=1):
        model = models.setdefault(cells.get("pdbx_PDB_model_num", ""), [])
        model.append(_site(cells, f"atom {count}"))
    edges = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    cellpar = [_first(block, "cell", name) for name in edges]
    unseen = block.getObj("pdbx_unobs_or_zero_occ_residues")
    return Contents(
        list(models.values()),
        [float(value) for value in cellpar] if all(cellpar) else [],
        _first(block, "symmetry", "space_group_name_H-M"),
        connections_of_mmcif(_rows(block, "struct_conn")),
        assemblies_of_mmcif(
            _rows(block, "pdbx_struct_assembly_gen"), _rows(block, "pdbx_struct_oper_list")
        ),
        [],
        0 if unseen is None else unseen.getRowCount(),
    )


def _rows(block: Any, category: str) -> list[dict[str, str]]:
    """Return the rows of a category by column, empty texts where there is no value."""
    table = block.getObj(category)
    if table is None:
        return []
    names = [str(name) for name in table.getAttributeList()]
    return [
        {k: "" if v in UNKNOWN else str(v) for k, v in zip(names, row, strict=True)}
        for row in table.getRowList()
    ]


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
        part=cells.get("label_asym_id", ""),
        charge=int(cells.get("pdbx_formal_charge", "") or 0),
    )


def _first(block: Any, category: str, name: str) -> str:
    """Return an entry of a category, or an empty text."""
    table = block.getObj(category)
    if table is None or table.getRowCount() == 0 or table.getAttributeIndex(name) == -1:
        return ""
    value = str(table.getRow(0)[table.getAttributeIndex(name)])
    return "" if value in UNKNOWN else value
