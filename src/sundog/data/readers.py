"""Readers of labelled sets: structure files, ASE databases, HDF5, npz, and folders of them.

`stream_dataset` yields ASE atoms with the labels of the structure in `info` and those of its atoms
in `arrays`, without holding more than a part of a file: a group of HDF5, a row of a database, some
thousand frames of XYZ. `read_dataset` returns them all. Labels keep their names and their units.

HDF5 and npz hold arrays. A group, or an npz file, is a set of structures:

    positions   [frames, atoms, 3] in Å     also coordinates, R, pos, coords
    numbers     [atoms] or [frames, atoms]  also atomic_numbers, species, elements, z, Z
    charge, spin (2S + 1)                   [frames] or one value
    cell        [frames, 3, 3] or [3, 3]    in Å; with it the structures are periodic, unless
    pbc         [frames, 3], [3] or one     says otherwise
    any label   [frames, …]                 per atom if the second axis is as long as the atoms
    any words   [frames]                    names and identifiers

Structures of several sizes in one group are padded with atoms of number 0. What is neither is left
out, which is reported: remarks, hashes, pickled objects. The name of an HDF5 group and the number
of a row of a database are kept as `name` and `id`.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from sundog.data.pieces import stream_structures
from sundog.errors import FileFormatError, SundogError
from sundog.io.expansion import check_npz

Report = Callable[[str], None]

Arrays = Mapping[str, np.ndarray]
"""Arrays by name."""

NAMES = {
    "positions": ("positions", "coordinates", "R", "pos", "coords", "xyz"),
    "numbers": ("numbers", "atomic_numbers", "species", "elements", "z", "Z"),
    "cell": ("cell", "lattice", "cells"),
    "pbc": ("pbc",),
    "charge": ("charge", "total_charge"),
    "spin": ("spin", "multiplicity"),
}
"""Names that an array may have, by its role."""

OF_STRUCTURES = ("energy", "dipole", "stress", "virial", "charge", "spin")
"""Words in the name of a label that mark it as one of the structure, even where the structure has
as many atoms as the label components."""

OF_ATOMS = ("forces", "charges")
"""Words in the name of a label that mark it as one of the atoms, which take precedence."""


def read_dataset(path: str | Path, report: Report = lambda line: None) -> list[Atoms]:
    """Return the structures of a file, or of every file of a known kind in a folder.

    Files of a folder are read in the order of their names, which `info["source"]` holds.

    Args:
        path: File or folder.
        report: Called with a line about whatever is not used, or was chosen among several.

    Raises:
        FileFormatError: There are no structures, or a file cannot be read.
        StructureError: The file names no elements for its atoms; see `read_structures`.
    """
    return list(stream_dataset(path, report))


def stream_dataset(path: str | Path, report: Report = lambda line: None) -> Iterator[Atoms]:
    """Yield what `read_dataset` returns, and raise what it raises."""
    path = Path(path)
    if not path.is_dir():
        yield from _frames_of_file(path, report)
        return
    for file in files_of(path):
        own = file.relative_to(path).as_posix()
        for atoms in _frames_of_file(file, _prefixed(own, report)):
            atoms.info["source"] = own
            yield atoms


def _prefixed(name: str, report: Report) -> Report:
    """Return a report whose lines begin with the name of a file."""
    return lambda line: report(f"{name}: {line}")


def files_of(path: Path) -> list[Path]:
    """Return the file itself, or all files of a known kind below a folder.

    Raises:
        FileFormatError: The folder holds none.
    """
    if not path.is_dir():
        return [path]
    known = (*_READERS, *STRUCTURES)
    files = sorted(f for f in path.rglob("*") if f.is_file() and f.suffix.lower() in known)
    files = [f for f in files if not f.name.startswith(".")]
    if not files:
        raise FileFormatError(
            f"{path}: no file of a known kind in this folder", expected=" ".join(known)
        )
    return files


def frames_of(arrays: Arrays, where: str, report: Report = lambda line: None) -> Iterator[Atoms]:
    """Yield the structures of a set of arrays.

    Args:
        arrays: Arrays, as in the module's docstring.
        where: Place that they come from, for messages.
        report: Called with a line about arrays that are left out.

    Raises:
        FileFormatError: There are no positions or numbers, or shapes do not fit.
    """
    found = {role: _named(arrays, names) for role, names in NAMES.items()}
    places, kinds = (_required(arrays, found, role, where) for role in ("positions", "numbers"))
    places = places[None] if places.ndim == 2 else places
    if places.ndim != 3 or places.shape[2] != 3:
        raise _misfit(where, str(found["positions"]), places, "[frames, atoms, 3]")
    count, width, _ = places.shape
    kinds = _as_numbers(kinds, where)
    if kinds.shape not in ((width,), (count, width), (1, width)):
        raise _misfit(where, str(found["numbers"]), kinds, f"[{width}] or [{count}, {width}]")
    kinds = np.broadcast_to(kinds, (count, width))
    cell = None if found["cell"] is None else arrays[found["cell"]].reshape(-1, 3, 3)
    pbc = _periodicity(arrays, found, where, count)
    given = {found[role] for role in ("positions", "numbers", "cell", "pbc")}
    others = {name: values for name, values in arrays.items() if name not in given}
    labels = {name: values for name, values in others.items() if _is_label(values, count)}
    if left := sorted(others.keys() - labels.keys()):
        report(f"Arrays that are not used, nor carried: {', '.join(left)}")
    for k in range(count):
        real = kinds[k] > 0
        atoms = Atoms(kinds[k][real], places[k][real])
        if cell is not None:
            atoms.set_cell(cell[k if len(cell) == count else 0])
        atoms.pbc = pbc[k]
        for name, values in labels.items():
            _label(atoms, name, values, k, count, real)
        yield atoms


def _periodicity(
    arrays: Arrays, found: Mapping[str, str | None], where: str, count: int
) -> np.ndarray:
    """Return the periodicity of every structure along its lattice vectors, [frames, 3]."""
    if found["pbc"] is None:
        return np.full((count, 3), found["cell"] is not None)
    told = np.asarray(arrays[found["pbc"]])
    if told.shape == (count,) and count != 3:
        told = told[:, None]
    if told.dtype.kind not in "biu" or told.shape not in ((), (3,), (1, 3), (count, 1), (count, 3)):
        raise _misfit(where, "pbc", told, f"[3] or [{count}, 3] truth values")
    return np.broadcast_to(told.astype(bool), (count, 3))


def _is_label(values: np.ndarray, count: int) -> bool:
    """Return whether an array has a value for every structure, or one for all."""
    if values.dtype.kind in "biuf":
        return values.ndim == 0 or len(values) in (1, count)
    words = values.dtype.kind in "US" or all(isinstance(v, str | bytes) for v in values.ravel())
    return words and values.shape == (count,)


def _label(
    atoms: Atoms, name: str, values: np.ndarray, k: int, count: int, real: np.ndarray
) -> None:
    """Store one label of frame `k` in `info` or `arrays`."""
    if values.ndim == 0:
        atoms.info[name] = values.item()
        return
    value = values[k if len(values) == count else 0]
    if values.dtype.kind not in "biuf":
        atoms.info[name] = value.decode() if isinstance(value, bytes) else str(value)
        return
    lower = name.lower()
    whole = any(word in lower for word in OF_STRUCTURES) and not any(w in lower for w in OF_ATOMS)
    if value.ndim and len(value) == len(real) and not whole:
        atoms.set_array(name, value[real])
    else:
        atoms.info[name] = value.item() if value.size == 1 else np.array(value)


def _read_npz(path: Path, report: Report) -> Iterator[Atoms]:
    check_npz(path)
    with np.load(path, allow_pickle=False) as file:
        readable = {}
        for name in file.files:
            try:
                readable[name] = file[name]
            except ValueError:
                # Loading them can run code.
                report(f"The array {name} holds pickled objects and is not read")
        yield from frames_of(readable, str(path), report)


def _read_hdf5(path: Path, report: Report) -> Iterator[Atoms]:
    import h5py

    from sundog.io.hdf5 import open_hdf5

    found = False
    with open_hdf5(path) as file:
        groups: list[h5py.Group] = [file]
        file.visititems(lambda _, one: groups.append(one) if isinstance(one, h5py.Group) else None)
        for group in groups:
            sets = {k: np.asarray(v) for k, v in group.items() if isinstance(v, h5py.Dataset)}
            if _named(sets, NAMES["positions"]) is not None:
                own = str(group.name).strip("/")
                for atoms in frames_of(sets, f"{path}:{group.name}", report):
                    if own:
                        atoms.info.setdefault("name", own)
                    found = True
                    yield atoms
    if not found:
        raise FileFormatError(
            f"{path}: no group has positions", expected=" or ".join(NAMES["positions"])
        )


def _read_database(path: Path, report: Report) -> Iterator[Atoms]:
    import ase.db  # which takes its time, as h5py does

    connected: Any = ase.db.connect(path)
    with connected as database:
        for row in database.select():
            atoms = row.toatoms()
            # `row.charge` would be the sum of atomic charges, whatever is stored under that key.
            atoms.info |= {key: vars(row)[key] for key in row.key_value_pairs}
            atoms.info.setdefault("id", row.id)
            for name, value in row.data.items():
                array = np.asarray(value)
                if array.ndim and len(array) == len(atoms) and "dipole" not in name.lower():
                    atoms.set_array(name, array)
                else:
                    atoms.info[name] = value
            yield atoms


_READERS: dict[str, Callable[[Path, Report], Iterator[Atoms]]] = {
    ".npz": _read_npz,
    ".h5": _read_hdf5,
    ".hdf5": _read_hdf5,
    ".db": _read_database,
}
"""Readers of formats that are not structure files, by suffix."""

STRUCTURES = (".xyz", ".extxyz", ".pdb", ".cif", ".mmcif", ".gro", ".sdf", ".mol", ".vasp", ".traj")
"""Suffixes of structure files that are looked for in a folder."""


def _frames_of_file(path: Path, report: Report) -> Iterator[Atoms]:
    """Yield the structures of a file; at least one."""
    special = _READERS.get(path.suffix.lower())
    if special is None or not path.is_file():
        # Its errors also cover paths that are no files.
        yield from stream_structures(path, report)
        return
    found = False
    try:
        for atoms in special(path, report):
            found = True
            yield atoms
    except (SundogError, GeneratorExit):
        raise
    except Exception as error:  # the libraries raise exceptions of any type
        raise FileFormatError(
            f"{path}: the file cannot be read",
            got=f"{type(error).__name__}: {error}".rstrip(": "),
            remedy="Check that the file is whole and that its suffix names its format",
        ) from error
    if not found:
        raise FileFormatError(f"{path}: no structure there")


def _named(arrays: Arrays, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in arrays), None)


def _required(arrays: Arrays, found: Mapping[str, str | None], role: str, where: str) -> np.ndarray:
    name = found[role]
    if name is None:
        raise FileFormatError(
            f"{where}: no {role}",
            got=", ".join(arrays) or "no arrays",
            expected=" or ".join(NAMES[role]),
            remedy="Rename the array that holds them",
        )
    return arrays[name]


def _as_numbers(kinds: np.ndarray, where: str) -> np.ndarray:
    """Return atomic numbers, converted from symbols if necessary."""
    if kinds.dtype.kind in "iuf":
        return np.maximum(kinds, 0).astype(np.int64)
    words = np.array([w.decode() if isinstance(w, bytes) else str(w) for w in kinds.ravel()])
    unknown = sorted({word for word in words.tolist() if word and word not in atomic_numbers})
    if unknown:
        raise FileFormatError(f"{where}: no chemical elements", got=", ".join(unknown[:5]))
    numbers = [atomic_numbers[word] if word else 0 for word in words.tolist()]
    return np.array(numbers).reshape(kinds.shape)


def _misfit(where: str, name: str, array: np.ndarray, expected: str) -> FileFormatError:
    return FileFormatError(
        f"{where}: {name} has the wrong shape", got=array.shape, expected=expected
    )
