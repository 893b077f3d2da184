"""Labels: the reference values that structures carry.

A label is looked for under the key that was given, else under `REF_<quantity>`, then under
`<quantity>` and the names in `OTHER_NAMES`, in `info`, `arrays` and the results that ASE attaches
on reading. Units are eV, Å and e, unless another unit of energies, forces and stress is given.
Where a set has labels under several of these keys, those that are not used are kept in mind, to be
said.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from ase import Atoms
from ase.stress import voigt_6_to_full_3x3_stress

from sundog.errors import FileFormatError, InputError
from sundog.units import HARTREE, KCAL_PER_MOL

QUANTITIES = ("energy", "forces", "stress", "dipole", "charges", "hirshfeld_ratios")
"""Quantities that may have a label."""

OTHER_NAMES = {"hirshfeld_ratios": ("hirsh_ratios",)}
"""Names of labels in the sets that the published model was trained on."""

UNITS = {"eV": 1.0, "meV": 1e-3, "kcal/mol": KCAL_PER_MOL, "hartree": HARTREE}
"""Units of energies in eV; forces and stress have the same unit per Å and per Å³."""

SCALED = ("energy", "forces", "stress")
"""Quantities that the unit of energies applies to."""


@dataclass(frozen=True)
class Labels:
    """Keys and unit of the labels of a set.

    Attributes:
        keys: Key of each quantity that was found.
        scale: Unit of energies, forces (per Å) and stress (per Å³) in eV.
        unused: Keys of the same quantities that structures have too, by quantity.
    """

    keys: Mapping[str, str]
    scale: float
    unused: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def describe(self) -> str:
        """Return the keys of the labels in words, with those that are not used."""
        named = ", ".join(f"{quantity} with {key}" for quantity, key in self.keys.items())
        others = [key for keys in self.unused.values() for key in keys]
        more = f"; not used are {', '.join(others)}" if others else ""
        return f"Labels: {named}{more}"

    def of(self, atoms: Atoms, quantity: str) -> np.ndarray | None:
        """Return a label in eV, Å and e, or None where the structure has none.

        Raises:
            FileFormatError: The label has the wrong shape.
        """
        key = self.keys.get(quantity)
        value = None if key is None else _stored(atoms).get(key)
        if value is None:
            return None
        array = np.asarray(value, dtype=np.float64)
        if quantity == "stress" and array.shape == (6,):
            array = voigt_6_to_full_3x3_stress(array)
        if quantity == "stress" and array.shape == (9,):
            array = array.reshape(3, 3)
        n = len(atoms)
        shapes = {"energy": (), "forces": (n, 3), "stress": (3, 3), "dipole": (3,)}
        expected = shapes.get(quantity, (n,))
        if array.shape != expected:
            raise FileFormatError(
                f"{key}: a label of the wrong shape", got=array.shape, expected=f"{expected}"
            )
        return array * self.scale if quantity in SCALED else array


def find_labels(
    structures: Sequence[Atoms], given: Mapping[str, str | None], unit: str = "eV"
) -> Labels:
    """Return keys and unit of the labels that any of the structures has.

    Args:
        structures: Structures of the set.
        given: Keys by quantity, where the user has named them.
        unit: Unit of energies, one of `UNITS`.

    Raises:
        InputError: No structure has a key that was given, or none has any label.
    """
    scale = scale_of(unit)
    present: dict[str, int] = {}
    for atoms in structures:
        for key in _stored(atoms):
            present[key] = present.get(key, 0) + 1
    keys: dict[str, str] = {}
    unused: dict[str, list[str]] = {}
    for quantity in QUANTITIES:
        key = given.get(quantity)
        if key is not None:
            _refuse_missing(quantity, key, present)
        usual = _usual(quantity)
        candidates = usual if key is None else (key, *usual)
        found = [one for one in dict.fromkeys(candidates) if one in present]
        if found:
            keys[quantity] = found[0]
            unused[quantity] = found[1:]
    if not keys:
        raise _no_labels(present)
    return Labels(keys, scale, unused)


class GrowingLabels:
    """Keys of labels that are found while structures come one by one.

    The key of a quantity is the first that appears; another one in a later structure is refused
    rather than chosen.
    """

    def __init__(self, given: Mapping[str, str | None], unit: str = "eV"):
        """Begin without keys.

        Args:
            given: Keys by quantity, where the user has named them.
            unit: Unit of energies, one of `UNITS`.

        Raises:
            InputError: The unit is unknown.
        """
        self._given = {quantity: key for quantity, key in given.items() if key is not None}
        self._scale = scale_of(unit)
        self._keys: dict[str, str] = {}
        self._unused: dict[str, list[str]] = {}
        self._seen: set[str] = set()

    def of(self, atoms: Atoms, name: str) -> dict[str, np.ndarray]:
        """Return the labels of a structure, by quantity, in eV, Å and e.

        Args:
            atoms: Structure with labels.
            name: Name of the structure, for messages.

        Raises:
            FileFormatError: A label has the wrong shape.
            InputError: A quantity has another key than in earlier structures.
        """
        stored = _stored(atoms)
        self._seen |= stored.keys()
        for quantity in QUANTITIES:
            given = self._given.get(quantity)
            candidates = _usual(quantity) if given is None else (given,)
            here = [key for key in candidates if key in stored]
            known = self._keys.get(quantity)
            if not here:
                continue
            if known is None:
                self._keys[quantity] = here[0]
                self._unused[quantity] = [key for key in _usual(quantity) if key in stored][1:]
            elif here[0] != known:
                raise InputError(
                    f"{quantity}_key: structures have this label under several keys",
                    got=f"{here[0]} in {name}, {known} in those before",
                    remedy=f'Name the one that is meant, as {quantity}_key="{known}"',
                )
        labels = self.labels
        found = {quantity: labels.of(atoms, quantity) for quantity in self._keys}
        return {quantity: value for quantity, value in found.items() if value is not None}

    @property
    def labels(self) -> Labels:
        """Keys and unit that were found so far."""
        return Labels(self._keys, self._scale, self._unused)

    def check(self) -> None:
        """Refuse a set without labels, or without a key that was given.

        Raises:
            InputError: A key that was given, or any label, is missing.
        """
        for quantity, key in self._given.items():
            _refuse_missing(quantity, key, self._seen)
        if not self._keys:
            raise _no_labels(self._seen)


def scale_of(unit: str) -> float:
    """Return a unit of energies in eV.

    Raises:
        InputError: The unit is unknown.
    """
    if unit not in UNITS:
        raise InputError("unit: unknown", got=unit, expected=", ".join(UNITS))
    return UNITS[unit]


def _usual(quantity: str) -> tuple[str, ...]:
    return (f"REF_{quantity}", quantity, *OTHER_NAMES.get(quantity, ()))


def _refuse_missing(quantity: str, key: str, present: Iterable[str]) -> None:
    known = sorted(present)
    if key not in known:
        close = difflib.get_close_matches(key, known)
        raise InputError(
            f"{quantity}_key: no structure has it",
            got=key,
            expected=f"one of {', '.join(known) or 'no keys at all'}",
            remedy=f"Perhaps {' or '.join(close)} is meant" if close else None,
        )


def _no_labels(present: Iterable[str]) -> InputError:
    return InputError(
        "data: no structure has a label",
        got=f"keys {', '.join(sorted(present)) or 'none'}",
        expected=", ".join(f"REF_{quantity}" for quantity in QUANTITIES),
        remedy='Name your keys, as energy_key="E" forces_key="F"',
    )


def _stored(atoms: Atoms) -> dict[str, object]:
    """Return everything that a structure carries, by key."""
    arrays = {k: v for k, v in atoms.arrays.items() if k not in ("numbers", "positions")}
    return {**getattr(atoms.calc, "results", {}), **arrays, **atoms.info}
