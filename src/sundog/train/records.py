"""`Record`, one labelled structure as arrays, and the protocol of whatever holds many of them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from ase import Atoms

from sundog.data.labels import QUANTITIES, Labels
from sundog.errors import InputError
from sundog.io.electrons import electronic_state
from sundog.io.results import name_of
from sundog.validity import check_atoms, check_cell


@dataclass(frozen=True)
class Record:
    """One structure with its labels.

    Attributes:
        numbers: atomic numbers, [atoms].
        positions: coordinates in Å, [atoms, 3].
        cell: lattice vectors in Å as rows, zero where there are none.
        pbc: periodicity along each of them.
        total_charge: total charge in e.
        multiplicity: spin multiplicity 2S + 1.
        labels: labels in eV, Å and e, by quantity; NaN where a value is missing.
        name: name for messages.
        group: name of the group that it belongs to, empty for none.
    """

    numbers: np.ndarray
    positions: np.ndarray
    cell: np.ndarray
    pbc: np.ndarray
    total_charge: float
    multiplicity: float
    labels: Mapping[str, np.ndarray]
    name: str
    group: str = ""

    @property
    def formula(self) -> tuple[tuple[int, int], ...]:
        """Numbers of atoms by atomic number, then the charge."""
        kinds, counts = np.unique(self.numbers, return_counts=True)
        elements = tuple(zip(kinds.tolist(), counts.tolist(), strict=True))
        return (*elements, (0, round(self.total_charge)))

    @property
    def digest(self) -> bytes:
        """Hash of the structure, without its labels; positions count to 1e-5 Å."""
        parts = (self.numbers.astype(np.int64), np.round(self.positions, 5) + 0.0)
        parts = (*parts, np.round(self.cell, 5) + 0.0, self.pbc.astype(np.int64))
        told = b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
        return hashlib.sha256(told + f"{self.total_charge}".encode()).digest()[:16]


class Records(Protocol):
    """Many labelled structures, in memory or not."""

    def __len__(self) -> int:
        """Return the number of structures."""
        ...

    def __getitem__(self, number: int, /) -> Record:
        """Return a structure by its number, from 0.

        Raises:
            SundogError: it is no structure that can be computed, or a label has the wrong shape.
        """
        ...


class FrameRecords:
    """Labelled structures that were read as ASE atoms."""

    def __init__(
        self,
        frames: Sequence[Atoms],
        labels: Labels,
        group_key: str | None = None,
        source: str = "",
    ):
        """Make records of frames.

        Args:
            frames: structures with labels.
            labels: keys and unit of the labels.
            group_key: entry of `info` that names the group of a structure.
            source: name of the set, for messages.

        Raises:
            InputError: no structure has the entry.
        """
        self._frames, self._labels, self._group_key = frames, labels, group_key
        self._made: dict[int, Record] = {}
        self._place = f"{source}: " if source else ""
        if group_key is not None and not any(group_key in one.info for one in frames):
            known = sorted({key for one in frames for key in one.info})
            raise InputError(
                "group_key: no structure has this entry",
                got=group_key,
                expected=f"one of {', '.join(known) or 'none'}",
            )

    def __len__(self) -> int:
        """Return the number of structures."""
        return len(self._frames)

    def __getitem__(self, number: int) -> Record:
        """Return a structure by its number; errors are those of `Records`."""
        if number not in self._made:
            self._made[number] = self._record(number)
        return self._made[number]

    def _record(self, number: int) -> Record:
        atoms = self._frames[number]
        check_atoms(atoms.positions, atoms.numbers)
        check_cell(atoms.cell.array, atoms.pbc)
        charge, multiplicity = electronic_state(atoms, None, None)
        found = {quantity: self._labels.of(atoms, quantity) for quantity in QUANTITIES}
        name = name_of(atoms)
        group = "" if self._group_key is None else str(atoms.info.get(self._group_key, ""))
        return Record(
            numbers=np.asarray(atoms.numbers, np.int32),
            positions=np.asarray(atoms.positions, np.float64),
            cell=np.asarray(atoms.cell.array, np.float64),
            pbc=np.asarray(atoms.pbc, bool),
            total_charge=float(charge),
            multiplicity=float(multiplicity),
            labels={key: value for key, value in found.items() if value is not None},
            name=f"{self._place}structure {number}" + (f" ({name})" if name else ""),
            group=group,
        )
