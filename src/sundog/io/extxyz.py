"""Writer of extended XYZ with every number in full, as `repr` gives it.

ASE's own writer keeps eight decimals of an array. From the files of this one
`ase.io.read` gets the same bits: numbers, positions, cell, periodicity,
`atoms.info`, `atoms.arrays`, atoms that are fixed as a whole and the results of an attached
calculator.

On reading, ASE moves entries with the name of a result (`energy`, `forces`,
`stress`, `dipole`, `charges`, …) from info and arrays into a calculator, and
`stress` (3×3 in the file) into Voigt order: use `atoms.get_stress(voigt=False)`.
"""

import json
import re
from collections.abc import Container, Iterable
from io import TextIOBase
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.constraints import FixAtoms
from ase.io.extxyz import (
    PROPERTY_NAME_MAP,
    SPECIAL_3_3_KEYS,
    key_val_str_to_dict,
    per_atom_properties,
    per_config_properties,
)
from ase.stress import voigt_6_to_full_3x3_stress

from sundog.errors import InputError
from sundog.files import replacing

RESERVED_KEYS = frozenset({"Lattice", "Properties", "pbc"})
"""Keys of the comment line that the format itself uses."""

RESERVED_COLUMNS = frozenset(PROPERTY_NAME_MAP.values())
"""Names of columns that ASE's readers give a meaning of their own."""

COLUMN_TYPES = {"f": "R", "i": "I", "u": "I", "b": "L", "U": "S", "O": "S"}
"""Letters of the format, by numpy's kind of number."""

MOVE_MASK = "move_mask"
"""Column that is false for atoms that do not move."""

_NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
"""Pattern of the names that the format accepts."""


def write_extxyz(target: str | Path | TextIOBase, frames: Atoms | Iterable[Atoms]) -> None:
    """Write structures to a stream, or to a file that appears once it is whole.

    Args:
        target: Path or open text file.
        frames: One structure or several.

    Raises:
        InputError: The format cannot hold an entry of `info` or `arrays`.
        RunDirectoryError: The file cannot be written.
    """
    frames = [frames] if isinstance(frames, Atoms) else frames
    if isinstance(target, str | Path):
        with replacing(Path(target)) as scratch, scratch.open("w", encoding="utf-8") as file:
            file.writelines(map(format_frame, frames))
    else:
        target.writelines(map(format_frame, frames))


def format_frame(atoms: Atoms) -> str:
    """Return one structure as the lines of an extended XYZ file.

    Raises:
        InputError: The format cannot hold an entry of `info` or `arrays`.
    """
    info, arrays = _contents(atoms)
    columns = [_column(name, array) for name, array in arrays.items()]
    properties = ":".join(description for description, _ in columns)
    periodic = " ".join(map(_logical, atoms.pbc.tolist()))
    entries = [f"Properties={properties}", f'pbc="{periodic}"']
    if atoms.cell.array.any():
        entries.insert(0, f"Lattice={_quoted(_numbers(atoms.cell.array))}")
    entries += [f"{_checked_name(k, RESERVED_KEYS)}={_value(k, v)}" for k, v in info.items()]
    rows = map(" ".join, zip(*(cells for _, cells in columns), strict=True))
    return "\n".join([str(len(atoms)), " ".join(entries), *rows, ""])


def _contents(atoms: Atoms) -> tuple[dict[Any, Any], dict[str, np.ndarray]]:
    """Return info and arrays, with the results of a calculator among them."""
    results = getattr(atoms.calc, "results", {})
    info = {k: v for k, v in results.items() if k in per_config_properties} | atoms.info
    arrays = {"symbols": np.array(atoms.get_chemical_symbols()), "positions": atoms.positions}
    arrays |= {k: v for k, v in results.items() if k in per_atom_properties}
    arrays |= {k: v for k, v in atoms.arrays.items() if k not in ("numbers", "positions")}
    fixed = [one.get_indices() for one in atoms.constraints if isinstance(one, FixAtoms)]
    if fixed:
        arrays[MOVE_MASK] = ~np.isin(np.arange(len(atoms)), np.concatenate(fixed))
    return info, arrays


def usable_name(name: object, reserved: frozenset[str], taken: Container[object]) -> str:
    """Return a name that the format can hold: the same one, or one like it that is not taken.

    Args:
        name: Name of an entry or column.
        reserved: Names that the format itself uses.
        taken: Names that are used already.
    """
    if isinstance(name, str) and _NAME.fullmatch(name) and name not in reserved:
        return name
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "_", str(name)).strip("_") or "entry"
    plain = plain if _NAME.fullmatch(plain) else f"_{plain}"
    while plain in taken or plain in reserved:
        plain += "_"
    return plain


def check_entry(name: str, value: Any) -> None:
    """Raise `InputError` if the format cannot hold an entry of `info`."""
    _value(name, value)


def check_column(name: str, array: np.ndarray) -> None:
    """Raise `InputError` if the format cannot hold an array."""
    _kind(name, array)
    if array.dtype.kind in "UO":
        for word in array.ravel().tolist():
            _word(word)


def _column(name: str, array: np.ndarray) -> tuple[str, list[str]]:
    """Return the `name:type:width` of an array and its text, one entry per atom."""
    kind = _kind(name, array)
    to_text = {"R": repr, "I": str, "L": _logical, "S": _word}[kind]
    table = array.reshape(len(array), -1)
    cells = [" ".join(map(to_text, row)) for row in table.tolist()]
    label = PROPERTY_NAME_MAP.get(name) or _checked_name(name, RESERVED_COLUMNS)
    return f"{label}:{kind}:{table.shape[1]}", cells


def _kind(name: str, array: np.ndarray) -> str:
    """Return the letter of the type of a column."""
    kind = COLUMN_TYPES.get(array.dtype.kind)
    if kind is None or array.ndim > 2:
        raise InputError(
            f"arrays[{name!r}]: extended XYZ has no column for it",
            got=f"{array.dtype}, shape {array.shape}",
            expected="one or more numbers, words or truth values an atom",
        )
    return kind


def _value(key: str, value: Any) -> str:
    """Return an info entry in the form that ASE reads back to the same value."""
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    if key in SPECIAL_3_3_KEYS:
        return _quoted(_numbers(_full_matrix(key, value)))
    if isinstance(value, bool):
        return _logical(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, np.ndarray) and value.ndim == 1 and len(value) > 1:
        if value.dtype.kind in "fiu":
            return _quoted(_numbers(value))
    elif isinstance(value, str | int):
        text = _quoted(str(value)) if isinstance(value, str) else str(value)
        # Words that look like numbers or truth values would be read as such.
        if _printable(text) and _comes_back(text, value):
            return text
    return _json(key, value)


def _json(key: str, value: Any) -> str:
    try:
        text = _quoted("_JSON " + json.dumps(value, default=_plain))
        _read_back(text)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"info[{key!r}]: extended XYZ cannot hold it",
            got=f"{type(value).__name__}: {error}",
            expected="numbers, truth values, text, arrays, or lists and dicts of these",
            remedy="Remove the entry from atoms.info",
        ) from error
    return text


def _read_back(text: str) -> Any:
    return key_val_str_to_dict(f"key={text}")["key"]


def _comes_back(text: str, value: str | int) -> bool:
    try:
        read = _read_back(text)
    except ValueError:
        return False
    read = read.item() if isinstance(read, np.generic) else read
    return type(read) is type(value) and read == value


def _full_matrix(key: str, value: Any) -> np.ndarray:
    matrix = np.asarray(value)
    if matrix.shape == (6,):
        matrix = voigt_6_to_full_3x3_stress(matrix)
    if matrix.shape != (3, 3):
        raise InputError(
            f"info[{key!r}]: must be a 3×3 matrix", got=f"shape {matrix.shape}", expected="(3, 3)"
        )
    return matrix.T  # the format keeps these column by column


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no text form")


def _numbers(array: np.ndarray) -> str:
    return " ".join(map(repr, array.ravel().tolist()))


def _logical(value: bool) -> str:
    return "T" if value else "F"


def _word(value: object) -> str:
    word = str(value)
    if not word or any(map(str.isspace, word)):
        raise InputError(
            "arrays: a column of extended XYZ holds words without spaces", got=repr(word)
        )
    return word


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _printable(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _checked_name(name: object, reserved: frozenset[str]) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in reserved:
        raise InputError(
            "extended XYZ: an entry of atoms.info or atoms.arrays has an unusable name",
            got=repr(name),
            expected="letters, digits, _ . and -, and none of " + " ".join(sorted(reserved)),
        )
    return name
