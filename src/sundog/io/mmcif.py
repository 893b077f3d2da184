"""Writer of mmCIF files with names, formal charges and cell of a structure."""

from pathlib import Path

import numpy as np
from ase import Atoms

from sundog.files import replacing

_COLUMNS = (
    "group_PDB", "id", "type_symbol", "label_atom_id", "label_comp_id", "label_asym_id",
    "label_seq_id", "pdbx_PDB_ins_code", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy",
    "pdbx_formal_charge", "auth_asym_id", "auth_seq_id", "pdbx_PDB_model_num",
)  # fmt: skip
"""Columns of the atoms."""


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
        parameters = atoms.cell.cellpar()
        labels = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
        lines += [
            f"_cell.{label} {value:.5f}" for label, value in zip(labels, parameters, strict=True)
        ]
        lines += ["_symmetry.space_group_name_H-M 'P 1'", "#"]
    lines += ["loop_", *(f"_atom_site.{column}" for column in _COLUMNS)]
    for k, symbol in enumerate(atoms.get_chemical_symbols()):
        x, y, z = atoms.positions[k]
        chain, number = arrays["chainids"][k], arrays["residuenumbers"][k]
        atom, residue = (_quoted(str(arrays[one][k])) for one in ("atomtypes", "residuenames"))
        code = "?" if codes[k] == "." else codes[k]
        lines.append(
            f"ATOM {k + 1} {symbol} {atom} {residue} {chain} {number} {code} "
            f"{x:.5f} {y:.5f} {z:.5f} 1.0 {arrays['formal_charges'][k]} {chain} {number} 1"
        )
    with replacing(path) as scratch:
        scratch.write_text("\n".join([*lines, "#", ""]), encoding="utf-8")


def _quoted(name: str) -> str:
    """Return a name with quotes where its letters need them."""
    return f'"{name}"' if "'" in name or name[:1] in "_#$;[]" else name
