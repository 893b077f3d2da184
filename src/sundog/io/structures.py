"""Structures from files, with the charge and spin that they carry.

`read_structures` reads every format. A format that ASE reads well needs no line here,
any other has a file of its own and a row in `_READERS`. `system_from_atoms` makes the
`System` that is simulated, `topology_from_atoms` its `Topology`.
"""

import difflib
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
from ase import Atoms
from ase.io.formats import filetype, open_with_compression, string2index

from sundog.errors import ChargeError, FileFormatError, InputError, StructureError, SundogError
from sundog.io.biomolecules import read_mmcif, read_pdb
from sundog.io.expansion import check_expansion
from sundog.io.gro import read_gro
from sundog.io.sdf import read_sdf
from sundog.system import Fragments, System, check_electrons, make_system
from sundog.topology.residues import Names
from sundog.topology.topology import Topology, make_topology

ACCEPTED = "xyz, extxyz, PDB, mmCIF, gro, POSCAR, CIF, SDF or another format that ASE reads"
"""Formats that are read, in words."""

CHARGE_KEYS = ("charge", "total_charge")
"""Keys of `info` with the total charge."""

MULTIPLICITY_KEYS = ("spin", "multiplicity")
"""Keys of `info` with the multiplicity 2S + 1."""

CRYSTAL_KEYS = ("spacegroup", "unit_cell", "occupancy")
"""Keys of `info` that ASE sets for a CIF; they no longer hold once atoms move."""

_READERS: dict[str, Callable[[Path], list[Atoms]]] = {
    ".pdb": read_pdb,
    ".ent": read_pdb,
    ".mmcif": read_mmcif,
    ".pdbx": read_mmcif,
    ".gro": read_gro,
    ".sdf": read_sdf,
    ".mol": read_sdf,
}
"""Readers of the formats that ASE does not read well, by suffix."""


def read_structures(path: str | Path, index: str | int = ":") -> list[Atoms]:
    """Return the structures of a file, each with its cell, `info` and `arrays`.

    Names of atoms and residues, where the file has them, are in the arrays
    `atomtypes`, `residuenames`, `residuenumbers` and `chainids`.

    Args:
        path: Structure file; the format follows from the suffix, or from the content.
        index: Frames to return, as a number or a slice in ASE's notation, `-1` or `::10`.

    Raises:
        FileFormatError: The file is missing, empty, truncated, of an unknown format, or
            holds no such frame.
        InputError: The index is neither a number nor a slice.
    """
    path = Path(path)
    _check_exists(path)
    check_expansion(path)
    wanted = _as_slice(index)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frames = _read(path, wanted)
    except SundogError:
        raise
    except Exception as error:  # the parsers raise exceptions of any type
        raise FileFormatError(
            f"{path}: the file cannot be read",
            got=f"{type(error).__name__}: {error}".rstrip(": "),
            expected=ACCEPTED,
            remedy="Check that the file is whole and that its suffix names its format",
        ) from error
    if not frames or not all(len(frame) for frame in frames):
        raise FileFormatError(
            f"{path}: no structure there" if not frames else f"{path}: a frame has no atoms",
            got=f"index {index!r}",
            remedy="Check the index and that the file is whole",
        )
    return frames


def electronic_state(
    atoms: Atoms, charge: int | float | None = None, multiplicity: int | float | None = None
) -> tuple[int, int]:
    """Return the total charge in e and the multiplicity 2S + 1 of a structure.

    Values that are given take precedence over `atoms.info["charge"]` (or `total_charge`) and
    `atoms.info["spin"]` (or `multiplicity`). Without either the structure is neutral, and has
    the lowest multiplicity that its number of electrons allows.

    Args:
        atoms: Structure.
        charge: Total charge in e, instead of the structure's own.
        multiplicity: Multiplicity 2S + 1, instead of the structure's own.

    Raises:
        ChargeError: A value is not an integer, two entries of `info` disagree, the combination
            is impossible, or atomic charges add up to an ion when no total charge is given.
    """
    total = _stated("charge", charge, atoms, CHARGE_KEYS)
    spin = _stated("multiplicity", multiplicity, atoms, MULTIPLICITY_KEYS)
    if total is None:
        _refuse_unstated_ion(atoms)
        total = 0
    spin = None if spin is None else float(spin)
    return total, check_electrons(atoms.numbers, float(total), spin)


def with_electronic_state(atoms: Atoms, charge: int, multiplicity: int) -> Atoms:
    """Return a copy of a structure that states a charge and a multiplicity, and no others.

    Args:
        atoms: Structure.
        charge: Total charge in e.
        multiplicity: Multiplicity 2S + 1.
    """
    atoms = atoms.copy()
    stated = (*CHARGE_KEYS, *MULTIPLICITY_KEYS)
    atoms.info = {key: value for key, value in atoms.info.items() if key not in stated}
    atoms.info |= {CHARGE_KEYS[0]: charge, MULTIPLICITY_KEYS[0]: multiplicity}
    return atoms


def system_from_atoms(
    atoms: Atoms,
    charge: int | float | None = None,
    multiplicity: int | float | None = None,
    fragments: Fragments | None = None,
) -> System:
    """Check a structure and make a `System` of it.

    Args:
        atoms: Structure, with charge and spin in `info`.
        charge: Total charge in e, instead of the structure's own.
        multiplicity: Multiplicity 2S + 1, instead of the structure's own.
        fragments: Fragment of each atom and charge of each fragment, see `make_system`.

    Raises:
        StructureError: There are no atoms, dummy atoms or coordinates that are not finite.
        CellError: The cell has no volume along the periodic directions.
        ChargeError: Charge or multiplicity is refused by `electronic_state`.
    """
    dummies = np.flatnonzero(atoms.numbers < 1)
    if len(dummies):
        raise StructureError(
            f"structure: {len(dummies)} atom(s) without a chemical element",
            got=f"atom {dummies[0]}: {atoms[int(dummies[0])].symbol}",
            remedy="Remove dummy atoms and virtual sites, or name the elements",
        )
    total_charge, spin = electronic_state(atoms, charge, multiplicity)
    return make_system(
        atoms.positions,
        atoms.numbers,
        cell=atoms.cell.array,
        pbc=atoms.pbc.tolist(),
        total_charge=float(total_charge),
        multiplicity=spin,
        fragments=fragments,
    )


def topology_from_atoms(atoms: Atoms) -> Topology:
    """Find the bonds of a structure and return its topology, with the names it carries.

    Args:
        atoms: Structure; names are in its arrays as `read_structures` leaves them.

    Raises:
        StructureError: An atom of no element, or coordinates that are not finite.
        CellError: No lattice vector along a periodic direction, or linearly dependent ones.
    """
    names, arrays = None, atoms.arrays
    if {"residuenames", "residuenumbers"} <= arrays.keys():
        names = Names(
            arrays["residuenames"],
            arrays["residuenumbers"],
            arrays.get("atomtypes"),
            arrays.get("chainids"),
        )
    return make_topology(atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc, names)


def _read(path: Path, wanted: slice) -> list[Atoms]:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    suffix = next((s for s in reversed(suffixes) if s not in (".gz", ".bz2", ".xz")), "")
    reader = _READERS.get(suffix)
    if suffix == ".cif" and any("_atom_site." in line for line in _lines(path)):
        reader = read_mmcif  # the dialect of crystals has _atom_site_ instead
    if reader is not None:
        return reader(path)[wanted]
    if filetype(str(path)) == "extxyz":
        _check_xyz_is_whole(path)
    frames = ase.io.read(str(path), index=wanted, do_not_split_by_at_sign=True)
    assert isinstance(frames, list)
    for frame in frames:
        frame.info = {k: v for k, v in frame.info.items() if k not in CRYSTAL_KEYS}
    return frames


def _lines(path: Path) -> Iterator[str]:
    with open_with_compression(str(path), "r") as file:
        yield from file


def _check_exists(path: Path) -> None:
    if path.is_file():
        if path.stat().st_size == 0:
            raise FileFormatError(f"{path}: the file is empty", expected=ACCEPTED)
        return
    if path.is_dir():
        what, remedy = "is a folder, not a structure file", "Name a file in it"
    else:
        what = "there is no such file"
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        close = difflib.get_close_matches(path.name, siblings)
        remedy = f"Perhaps {' or '.join(close)} is meant" if close else "Check the path"
    raise FileFormatError(f"{path}: {what}", remedy=remedy)


def _check_xyz_is_whole(path: Path) -> None:
    """Refuse a file that ASE would read only up to a blank line, or with a truncated frame."""
    lines = enumerate(_lines(path), start=1)
    for number, line in lines:
        if not line.strip():
            break
        if line.split()[0].startswith("VEC"):
            continue
        atoms = int(line)
        found = sum(1 for _ in zip(range(atoms + 1), lines, strict=False)) - 1
        if found < atoms:
            raise FileFormatError(
                f"{path}: the frame that begins in line {number} is truncated",
                got=f"{max(found, 0)} atoms",
                expected=f"{atoms}",
                remedy="Write the file again, or cut off this frame",
            )
    rest = next((number for number, line in lines if line.strip()), None)
    if rest is not None:
        raise FileFormatError(
            f"{path}: a blank line stands before line {rest}, where a frame should begin",
            remedy="Remove the blank line, or the text behind the last frame",
        )


def _as_slice(index: str | int) -> slice:
    try:
        chosen = string2index(index) if isinstance(index, str) else index
    except ValueError:
        chosen = index
    if isinstance(chosen, str):
        raise InputError(
            "index: neither a frame number nor a slice", got=index, expected="-1, 0, : or 10:20:2"
        )
    return chosen if isinstance(chosen, slice) else slice(chosen, chosen + 1 or None)


def _stated(
    name: str, explicit: int | float | None, atoms: Atoms, keys: Sequence[str]
) -> int | None:
    if explicit is not None:
        return _integer(name, explicit)
    present = [key for key in keys if key in atoms.info]
    found = {key: _integer(f'atoms.info["{key}"]', atoms.info[key]) for key in present}
    if len(set(found.values())) > 1:
        raise ChargeError(
            f"{name}: two entries of atoms.info disagree",
            got=found,
            remedy=f"Keep one, or give `{name}` explicitly",
        )
    return next(iter(found.values()), None)


def _integer(name: str, value: Any) -> int:
    try:
        number = float(value)
        if isinstance(value, bool | np.bool_) or number != round(number):
            raise ValueError
    except (TypeError, ValueError, OverflowError) as error:
        raise ChargeError(
            f"{name}: must be an integer",
            got=repr(value),
            expected="a total charge such as -1, or a multiplicity 2S + 1 such as 1",
            remedy="Correct the structure file, or give `charge` and `multiplicity`",
        ) from error
    return round(number)


def _refuse_unstated_ion(atoms: Atoms) -> None:
    total = atoms.get_initial_charges().sum()
    if round(total) != 0:
        raise ChargeError(
            "charge: the structure carries atomic charges that make it an ion, but no total charge",
            got=f"a sum of {total:+g}",
            remedy=f'Give charge={round(total)} or set atoms.info["charge"]; '
            "0 if it is neutral all the same",
        )
