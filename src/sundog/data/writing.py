"""Writing of stores, one structure after the other."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import numpy as np

from sundog.data.records import OF_ATOMS, OF_STRUCTURE, Record
from sundog.data.store import (
    FORMAT,
    MARKER,
    STRUCTURE,
    array_name,
)
from sundog.files import synchronize, write_atomically, write_failure

BUFFER = 2**20
"""Number of bytes that are kept before they go to a file."""

FILLED = 2**16
"""Number of missing labels that are written at a time."""


class StoreWriter:
    """Writer of a store; a context, after which all files but `store.json` are on the disk.

    Attributes:
        structures: number of structures so far.
        atoms: number of their atoms.
        quantities: labels that appeared.
    """

    def __init__(self, folder: Path):
        """Begin a store.

        Args:
            folder: folder that exists and is empty.
        """
        self._folder = folder
        self._stack = ExitStack()
        self._files: dict[str, IO[bytes]] = {}
        self._groups: dict[str, int] = {}
        self._name_end = 0
        self._hashes: dict[str, Any] = {}
        self.structures, self.atoms = 0, 0
        self.quantities: list[str] = []

    def __enter__(self) -> "StoreWriter":
        """Open the files."""
        for name in ("offsets", "numbers", "positions", "structures", "digests", "names"):
            self._open(name)
        self._write("offsets", np.zeros(1, "<i8"))
        return self

    def __exit__(self, *raised: object) -> None:
        """Close the files; if nothing was raised, they are on the disk."""
        with self._stack:
            if raised[0] is None:
                for file in self._files.values():
                    file.flush()
                    synchronize(file.fileno())

    def add(self, one: Record) -> None:
        """Append a structure.

        Args:
            one: structure with its labels.

        Raises:
            RunDirectoryError: a file cannot be written.
        """
        for name in one.labels.keys() - set(self.quantities):
            self._begin(name)
        size = len(one.numbers)
        self._write("numbers", one.numbers.astype("u1"))
        self._write("positions", one.positions.astype("<f8"))
        text = one.own_name.encode()
        self._name_end += len(text)
        self._write("names", np.frombuffer(text, "u1"))
        row = np.zeros(1, STRUCTURE)
        row["total_charge"], row["multiplicity"] = one.total_charge, one.multiplicity
        row["cell"], row["pbc"] = one.cell, one.pbc
        row["group"] = self._groups.setdefault(one.group, len(self._groups))
        row["name_end"] = self._name_end
        self._write("structures", row)
        self._write("digests", np.frombuffer(one.digest, "<u8"))
        for name in self.quantities:
            self._label(name, one.labels.get(name), size)
        self.structures += 1
        self.atoms += size
        self._write("offsets", np.array([self.atoms], "<i8"))

    def finish(self, origin: Mapping[str, Any]) -> None:
        """Write `store.json`, after which the folder is a store.

        Args:
            origin: entries on where the structures come from.

        Raises:
            RunDirectoryError: it cannot be written.
        """
        header = {
            "format": FORMAT,
            "structures": self.structures,
            "atoms": self.atoms,
            "name_bytes": self._name_end,
            "quantities": sorted(self.quantities),
            "groups": [*self._groups],
            "sha256": {name: one.hexdigest() for name, one in self._hashes.items()},
            **origin,
        }
        text = json.dumps(header, indent=2, ensure_ascii=False) + "\n"
        write_atomically(self._folder / MARKER, text)

    def _open(self, name: str) -> None:
        path = self._folder / name
        try:
            self._files[name] = self._stack.enter_context(path.open("xb", buffering=BUFFER))
            self._hashes[name] = sha256()
        except OSError as error:
            raise write_failure(path, error, "There is no store") from error

    def _write(self, name: str, values: np.ndarray) -> None:
        content = np.ascontiguousarray(values).tobytes()
        self._hashes[name].update(content)
        try:
            self._files[name].write(content)
        except OSError as error:
            raise write_failure(self._folder / name, error, "There is no store") from error

    def _begin(self, quantity: str) -> None:
        """Open the file of a label; structures before have none."""
        self._open(array_name(quantity))
        self.quantities.append(quantity)
        count = self.structures if quantity in OF_STRUCTURE else self.atoms
        for first in range(0, count, FILLED):
            self._missing(quantity, min(FILLED, count - first))

    def _missing(self, quantity: str, count: int) -> None:
        self._write(
            array_name(quantity), np.full((count, *_shape(quantity)), np.nan, _kind(quantity))
        )

    def _label(self, quantity: str, value: np.ndarray | None, atoms: int) -> None:
        if value is None:
            self._missing(quantity, 1 if quantity in OF_STRUCTURE else atoms)
        else:
            self._write(array_name(quantity), np.asarray(value).astype(_kind(quantity)))


def _shape(quantity: str) -> tuple[int, ...]:
    return OF_STRUCTURE[quantity] if quantity in OF_STRUCTURE else OF_ATOMS[quantity]


def _kind(quantity: str) -> str:
    return "<f8" if quantity in OF_STRUCTURE else "<f4"
