"""`Record`, one labelled structure as arrays, and the protocol of whatever holds many of them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

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
        number: number within its set, from 0.
        own_name: name or title that the structure came with, empty for none.
        group: name of the group that it belongs to, empty for none.
        source: name of its set, for messages.
    """

    numbers: np.ndarray
    positions: np.ndarray
    cell: np.ndarray
    pbc: np.ndarray
    total_charge: float
    multiplicity: float
    labels: Mapping[str, np.ndarray]
    number: int
    own_name: str = ""
    group: str = ""
    source: str = ""

    @property
    def name(self) -> str:
        """Name for messages."""
        own = f" ({self.own_name})" if self.own_name else ""
        place = f"{self.source}: " if self.source else ""
        return f"{place}structure {self.number}{own}"

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


class Gathered(NamedTuple):
    """Several labelled structures as arrays: their atoms follow each other.

    Attributes:
        counts: number of atoms of each structure.
        numbers: atomic numbers, [atoms].
        positions: coordinates in Å, [atoms, 3].
        cells: lattice vectors in Å as rows, zero where there are none, [structures, 3, 3].
        pbc: periodicity along each of them, [structures, 3].
        total_charges: total charges in e, [structures].
        multiplicities: spin multiplicities 2S + 1, [structures].
        labels: labels in eV, Å and e, by quantity; NaN where a value is missing.
    """

    counts: np.ndarray
    numbers: np.ndarray
    positions: np.ndarray
    cells: np.ndarray
    pbc: np.ndarray
    total_charges: np.ndarray
    multiplicities: np.ndarray
    labels: Mapping[str, np.ndarray]


OF_STRUCTURE = {"energy": (), "stress": (3, 3), "dipole": (3,)}
"""Shapes of the labels of structures, by quantity."""

OF_ATOMS = {"forces": (3,), "charges": (), "hirshfeld_ratios": ()}
"""Shapes of the labels of atoms, by quantity."""


def gathered(records: Sequence[Record], quantities: Sequence[str]) -> Gathered:
    """Return structures as arrays.

    Args:
        records: structures, at least one.
        quantities: labels that are wanted.
    """
    labels = {}
    for name in quantities:
        of_atoms = name in OF_ATOMS
        shape = OF_ATOMS[name] if of_atoms else OF_STRUCTURE[name]
        parts = [
            np.asarray(one.labels[name], np.float64).reshape(-1, *shape)
            if name in one.labels
            else np.full((len(one.numbers) if of_atoms else 1, *shape), np.nan)
            for one in records
        ]
        labels[name] = np.concatenate(parts)
    return Gathered(
        counts=np.array([len(one.numbers) for one in records]),
        numbers=np.concatenate([one.numbers for one in records]).astype(np.int32),
        positions=np.concatenate([one.positions for one in records]),
        cells=np.stack([one.cell for one in records]),
        pbc=np.stack([one.pbc for one in records]),
        total_charges=np.array([one.total_charge for one in records]),
        multiplicities=np.array([one.multiplicity for one in records]),
        labels=labels,
    )


class Tags(NamedTuple):
    """Hashes and groups of several structures.

    Attributes:
        digests: hashes of the structures without their labels, [structures, 2].
        groups: names of their groups, [structures].
    """

    digests: np.ndarray
    groups: np.ndarray


def tagged(records: Sequence[Record]) -> Tags:
    """Return hashes and groups of structures."""
    digests = np.array([np.frombuffer(one.digest, "<u8") for one in records])
    return Tags(digests.reshape(-1, 2), np.array([one.group for one in records], str))


class Records(Protocol):
    """Many labelled structures, in memory or not."""

    def gather(self, numbers: np.ndarray, quantities: Sequence[str]) -> Gathered:
        """Return structures of these numbers, in this order, with some of their labels.

        Raises:
            SundogError: one of them is no structure that can be computed.
        """
        ...

    def tags(self, numbers: np.ndarray) -> "Tags":
        """Return hashes and groups of structures of these numbers; errors as of `gather`."""
        ...

    def __len__(self) -> int:
        """Return the number of structures."""
        ...

    def __getitem__(self, number: int, /) -> Record:
        """Return a structure by its number, from 0.

        Raises:
            SundogError: it is no structure that can be computed, or a label has the wrong shape.
        """
        ...


class RecordList(list[Record]):
    """Labelled structures in memory, as a list."""

    def gather(self, numbers: np.ndarray, quantities: Sequence[str]) -> Gathered:
        """Return structures of these numbers, in this order, with some of their labels."""
        return gathered([self[number] for number in numbers.tolist()], quantities)

    def tags(self, numbers: np.ndarray) -> Tags:
        """Return hashes and groups of structures of these numbers."""
        return tagged([self[number] for number in numbers.tolist()])


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
        self._source = source
        self._frames, self._labels, self._group_key = frames, labels, group_key
        self._made: dict[int, Record] = {}
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

    def gather(self, numbers: np.ndarray, quantities: Sequence[str]) -> Gathered:
        """Return structures of these numbers, in this order, with some of their labels."""
        return gathered([self[number] for number in numbers.tolist()], quantities)

    def tags(self, numbers: np.ndarray) -> Tags:
        """Return hashes and groups of structures of these numbers."""
        return tagged([self[number] for number in numbers.tolist()])

    def _record(self, number: int) -> Record:
        atoms = self._frames[number]
        found = {quantity: self._labels.of(atoms, quantity) for quantity in QUANTITIES}
        labels = {key: value for key, value in found.items() if value is not None}
        one = record_of(atoms, labels, number, self._group_key)
        return replace(one, source=self._source)


def record_of(
    atoms: Atoms, labels: Mapping[str, np.ndarray], number: int, group_key: str | None = None
) -> Record:
    """Return a structure with its labels.

    Args:
        atoms: structure, with its charge in `info` if it has one.
        labels: labels in eV, Å and e, by quantity.
        number: number of the structure, for its name.
        group_key: entry of `info` that names its group.

    Raises:
        SundogError: it is no structure that can be computed.
    """
    check_atoms(atoms.positions, atoms.numbers)
    check_cell(atoms.cell.array, atoms.pbc)
    charge, multiplicity = electronic_state(atoms, None, None)
    return Record(
        numbers=np.asarray(atoms.numbers, np.int32),
        positions=np.asarray(atoms.positions, np.float64),
        cell=np.asarray(atoms.cell.array, np.float64),
        pbc=np.asarray(atoms.pbc, bool),
        total_charge=float(charge),
        multiplicity=float(multiplicity),
        labels=labels,
        number=number,
        own_name=name_of(atoms),
        group="" if group_key is None else str(atoms.info.get(group_key, "")),
    )
