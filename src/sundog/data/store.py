"""`Store`: labelled structures in flat arrays that are mapped into memory, one record each.

A store is a folder:

    store.json      number of structures, arrays, and where they come from; written last
    offsets         place of each structure's atoms, [structures + 1]
    numbers         atomic numbers, [atoms]
    positions       coordinates in Å, float64, [atoms, 3]
    structures      charge, multiplicity, cell, periodicity, group, place of the name
    digests         hash of each structure without its labels, two integers of 8 bytes
    names           names, UTF-8
    label.QUANTITY  labels in eV, Å and e, NaN where a structure has none: of the structure float64,
                    of its atoms float32

Arrays are raw and little-endian. Nothing but what is asked for is read, so that stores may be
larger than the memory. A folder without `store.json` is no store: it was not written to its end.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sundog.data.records import OF_ATOMS, OF_STRUCTURE, Gathered, Record, Tags
from sundog.errors import FileFormatError

MARKER = "store.json"
"""File that says what a store holds."""

FORMAT = 1
"""Version of the format."""

STRUCTURE = np.dtype(
    [
        ("total_charge", "<f4"),
        ("multiplicity", "<f4"),
        ("cell", "<f8", (3, 3)),
        ("pbc", "?", (3,)),
        ("group", "<i4"),
        ("name_end", "<i8"),
    ]
)
"""Row of a structure; its name ends at this byte and begins where the one before ends."""


def array_name(quantity: str) -> str:
    """Return the name of the file of a label."""
    return f"label.{quantity}"


class Store:
    """Labelled structures of a folder; a sequence of `Record`.

    Attributes:
        folder: folder.
        header: contents of `store.json`.
        sizes: number of atoms of each structure.
        digests: hash of each structure without its labels, [structures, 2].
        quantities: labels that some structures have.
        groups: names of the groups.
    """

    def __init__(self, folder: str | Path):
        """Open a store.

        Args:
            folder: folder that `write_store` has written.

        Raises:
            FileFormatError: it is no store, of another version, or a file has another size than
                the store should have.
        """
        self.folder = Path(folder)
        self.header = _header(self.folder)
        count, atoms = self.header["structures"], self.header["atoms"]
        self._offsets = self._map("offsets", "<i8", (count + 1,))
        self._numbers = self._map("numbers", "u1", (atoms,))
        self._positions = self._map("positions", "<f8", (atoms, 3))
        self._rows = self._map("structures", STRUCTURE, (count,))
        self.digests = self._map("digests", "<u8", (count, 2))
        self._names = self._map("names", "u1", (self.header["name_bytes"],))
        self.quantities: tuple[str, ...] = tuple(self.header["quantities"])
        self._labels = {
            name: self._map(array_name(name), "<f8", (count, *OF_STRUCTURE[name]))
            if name in OF_STRUCTURE
            else self._map(array_name(name), "<f4", (atoms, *OF_ATOMS[name]))
            for name in self.quantities
        }
        self.sizes = np.diff(self._offsets)
        self.groups: tuple[str, ...] = tuple(self.header["groups"])

    def __len__(self) -> int:
        """Return the number of structures."""
        return self.header["structures"]

    def __getitem__(self, number: int) -> Record:
        """Return a structure by its number, from 0."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        first, last = self._offsets[number : number + 2].tolist()
        row = self._rows[number]
        labels: dict[str, np.ndarray] = {}
        for name, values in self._labels.items():
            value = values[number] if name in OF_STRUCTURE else values[first:last]
            if not np.isnan(value).all():
                labels[name] = np.asarray(value, np.float64)
        return Record(
            numbers=self._numbers[first:last].astype(np.int32),
            positions=np.array(self._positions[first:last]),
            cell=np.array(row["cell"]),
            pbc=np.array(row["pbc"]),
            total_charge=float(row["total_charge"]),
            multiplicity=float(row["multiplicity"]),
            labels=labels,
            number=number,
            own_name=self._own_name(number),
            group=self.groups[row["group"]],
            source=self.folder.name,
        )

    def gather(self, numbers: np.ndarray, quantities: Sequence[str]) -> Gathered:
        """Return structures of these numbers, in this order, with some of their labels."""
        first = self._offsets[numbers]
        counts = self._offsets[numbers + 1] - first
        ends = np.cumsum(counts)
        atoms = np.arange(ends[-1]) + np.repeat(first - ends + counts, counts)
        rows = self._rows[numbers]
        labels = {}
        for name in quantities:
            found = self._labels.get(name)
            of_atoms = name in OF_ATOMS
            shape = OF_ATOMS[name] if of_atoms else OF_STRUCTURE[name]
            where = atoms if of_atoms else numbers
            missing = found is None
            values = np.full((len(where), *shape), np.nan) if missing else np.asarray(found[where])
            labels[name] = values
        return Gathered(
            counts=counts,
            numbers=self._numbers[atoms].astype(np.int32),
            positions=np.asarray(self._positions[atoms]),
            cells=rows["cell"],
            pbc=rows["pbc"],
            total_charges=rows["total_charge"].astype(np.float64),
            multiplicities=rows["multiplicity"].astype(np.float64),
            labels=labels,
        )

    def tags(self, numbers: np.ndarray) -> Tags:
        """Return hashes and groups of structures of these numbers."""
        groups = np.array(self.groups, str)[self._rows["group"][numbers]]
        return Tags(np.asarray(self.digests[numbers]), groups)

    def describe(self) -> list[str]:
        """Return lines on what the store holds."""
        keys = ", ".join(f"{name} with {key}" for name, key in self.header["labels"].items())
        return [f"{len(self):,} structures; labels: {keys}, in {self.header['unit']}"]

    @property
    def group_numbers(self) -> np.ndarray:
        """Number of the group of each structure."""
        return np.asarray(self._rows["group"])

    def _own_name(self, number: int) -> str:
        first = int(self._rows["name_end"][number - 1]) if number else 0
        return bytes(self._names[first : int(self._rows["name_end"][number])]).decode()

    def _map(self, name: str, kind: Any, shape: tuple[int, ...]) -> np.ndarray:
        path = self.folder / name
        wanted = int(np.prod(shape)) * np.dtype(kind).itemsize
        size = path.stat().st_size if path.is_file() else None
        if size != wanted:
            raise FileFormatError(
                f"{path}: not the file that the store was written with",
                got="no file" if size is None else f"{size} bytes",
                expected=f"{wanted} bytes",
                remedy="Make the store anew",
            )
        if wanted == 0:
            return np.zeros(shape, kind)
        return np.memmap(path, kind, "r", shape=shape)


def is_store(path: Path) -> bool:
    """Return whether a path is a store."""
    return (path / MARKER).is_file()


def _header(folder: Path) -> Mapping[str, Any]:
    path = folder / MARKER
    if not path.is_file():
        raise FileFormatError(
            f"{folder}: no store",
            got=f"no {MARKER} in it",
            remedy="Make it with `sundog data make`; one that was not made to its end is no store",
        )
    try:
        header = json.loads(path.read_text(encoding="utf-8"))
        version = header["format"]
        known = {name: header[name] for name in ("structures", "atoms", "name_bytes")}
    except (ValueError, KeyError, TypeError) as error:
        raise FileFormatError(f"{path}: it cannot be read", got=repr(error)) from error
    if version != FORMAT or not all(isinstance(one, int) and one >= 0 for one in known.values()):
        raise FileFormatError(
            f"{path}: of another version", got=version, expected=str(FORMAT), remedy="Make it anew"
        )
    unknown = set(header["quantities"]) - OF_STRUCTURE.keys() - OF_ATOMS.keys()
    if unknown:
        raise FileFormatError(f"{path}: unknown labels", got=", ".join(sorted(unknown)))
    return header
