"""Writers of mmCIF files: of prepared structures with formal charges, and of topologies with bonds.

All bonds are listed as connections between atoms, by chain, number of the residue and name of the
atom. Where the input repeats those, residues are numbered from 1, and atoms within them.
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.cell import Cell

from sundog.elements import symbol
from sundog.files import replacing
from sundog.topology.cell import standard_orientation
from sundog.topology.residues import Residue
from sundog.topology.topology import Topology

_COLUMNS = (
    "group_PDB", "id", "type_symbol", "label_atom_id", "label_comp_id", "label_asym_id",
    "label_seq_id", "pdbx_PDB_ins_code", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy",
    "pdbx_formal_charge", "auth_asym_id", "auth_seq_id", "pdbx_PDB_model_num",
)  # fmt: skip
"""Columns of the atoms."""


_OWN_COLUMNS = (
    "group_PDB", "id", "type_symbol", "label_atom_id", "label_comp_id", "label_asym_id",
    "label_seq_id", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy", "B_iso_or_equiv",
    "auth_asym_id", "auth_seq_id", "pdbx_PDB_model_num",
)  # fmt: skip
"""Columns of the atoms of a topology."""

_BONDS = (
    "id", "conn_type_id",
    "ptnr1_label_asym_id", "ptnr1_label_comp_id", "ptnr1_label_seq_id", "ptnr1_label_atom_id",
    "ptnr2_label_asym_id", "ptnr2_label_comp_id", "ptnr2_label_seq_id", "ptnr2_label_atom_id",
)  # fmt: skip
"""Columns of the bonds."""

CHARGES_COMMENT = "# B factors are the model's partial charges in e"
"""Line that says what the column of B factors holds."""


def write_mmcif_of(path: Path, topology: Topology, charges: np.ndarray | None = None) -> None:
    """Write a structure with names, cell and all bonds as mmCIF.

    Args:
        path: File to write.
        topology: Structure.
        charges: Partial charges in e for the column of B factors; by default zeros.

    Raises:
        RunDirectoryError: The file cannot be written.
    """
    positions, cell = standard_orientation(topology.positions, topology.cell)
    places = [*_places(topology.residues)]
    factors = np.zeros(len(topology)) if charges is None else charges
    lines = ["data_structure", "#" if charges is None else CHARGES_COMMENT]
    if cell is not None and topology.pbc.any():
        lines += _cell_lines(Cell(cell).cellpar())
    if len(topology.pairs):
        lines += ["loop_", *(f"_struct_conn.{column}" for column in _BONDS)]
        lines += [
            f"{number} covale {_of_atom(places[i])} {_of_atom(places[j])}"
            for number, (i, j) in enumerate(topology.pairs.tolist(), start=1)
        ]
        lines.append("#")
    lines += ["loop_", *(f"_atom_site.{column}" for column in _OWN_COLUMNS)]
    for k, (place, number) in enumerate(zip(places, topology.numbers.tolist(), strict=True)):
        chain, residue, atom, own = place
        x, y, z = positions[k]
        lines.append(
            f"ATOM {k + 1} {symbol(number)} {_quoted(atom)} {_quoted(residue)} {chain} {own} "
            f"{x:.3f} {y:.3f} {z:.3f} 1.0 {factors[k]:.4f} {chain} {own} 1"
        )
    with replacing(path) as scratch:
        scratch.write_text("\n".join([*lines, "#", ""]), encoding="utf-8")


_Place = tuple[str, str, str, int]
"""Chain, residue, atom and number of the residue."""


def _places(residues: tuple[Residue, ...]) -> Iterator[_Place]:
    """Yield names for every atom by which no other one goes."""
    named = {(one.chain, one.number) for one in residues}
    numbers = [one.number for one in residues] if len(named) == len(residues) else count(1)
    for one, number in zip(residues, numbers, strict=False):
        atoms = one.atom_names
        if len(set(atoms)) < len(atoms):
            atoms = [f"{name}{k}" for k, name in enumerate(atoms, start=1)]
        for atom in atoms:
            yield one.chain.strip() or "A", one.name, atom, number


def _of_atom(place: _Place) -> str:
    chain, residue, atom, number = place
    return f"{chain} {_quoted(residue)} {number} {_quoted(atom)}"


def _cell_lines(parameters: np.ndarray) -> list[str]:
    labels = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    lines = [f"_cell.{label} {value:.5f}" for label, value in zip(labels, parameters, strict=True)]
    return [*lines, "_symmetry.space_group_name_H-M 'P 1'", "#"]


def write_mmcif(path: Path, atoms: Atoms, name: str = "structure") -> None:
    """Write a structure as mmCIF; positions with five decimals.

    Args:
        path: File to write.
        atoms: Structure with the arrays that `prepare` sets: names, residues and formal charges.
        name: Name of the data block.

    Raises:
        RunDirectoryError: The file cannot be written.
    """
    arrays = atoms.arrays
    codes = arrays.get("insertioncodes", np.full(len(atoms), "."))
    lines = [f"data_{name}", "#"]
    if atoms.pbc.any():
        lines += _cell_lines(atoms.cell.cellpar())
    lines += ["loop_", *(f"_atom_site.{column}" for column in _COLUMNS)]
    for k, element in enumerate(atoms.get_chemical_symbols()):
        x, y, z = atoms.positions[k]
        chain, number = arrays["chainids"][k], arrays["residuenumbers"][k]
        atom, residue = (_quoted(str(arrays[one][k])) for one in ("atomtypes", "residuenames"))
        code = "?" if codes[k] == "." else codes[k]
        lines.append(
            f"ATOM {k + 1} {element} {atom} {residue} {chain} {number} {code} "
            f"{x:.5f} {y:.5f} {z:.5f} 1.0 {arrays['formal_charges'][k]} {chain} {number} 1"
        )
    with replacing(path) as scratch:
        scratch.write_text("\n".join([*lines, "#", ""]), encoding="utf-8")


def _quoted(name: str) -> str:
    """Return a name with quotes where its letters need them."""
    return f'"{name}"' if "'" in name or name[:1] in "_#$;[]" else name
