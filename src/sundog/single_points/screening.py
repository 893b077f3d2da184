"""Search for the structures of a set that cannot be computed, before any is."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from ase import Atoms

from sundog.elements import SUPPORTED, supported_symbols, symbol
from sundog.errors import InputError, UnsupportedElementError
from sundog.forcefield.base import AbstractForceField
from sundog.io.structures import system_from_atoms
from sundog.numerics.precision import with_x64

LISTED = 5
"""Number of structures that a message names."""


@with_x64
def refused(
    force_field: AbstractForceField,
    structures: Sequence[Atoms],
    charge: float | None = None,
    multiplicity: float | None = None,
) -> dict[int, InputError]:
    """Return the errors of structures that cannot be computed, by their number.

    Args:
        force_field: Force field that is to describe the structures.
        structures: Structures of the set.
        charge: Total charge of every structure in e, instead of its own.
        multiplicity: Multiplicity 2S + 1 of every structure, instead of its own.
    """
    wrong: dict[int, InputError] = {}
    for number, atoms in enumerate(structures):
        try:
            force_field.check(system_from_atoms(atoms, charge, multiplicity))
        except InputError as error:
            wrong[number] = error
    return wrong


def summary(wrong: dict[int, InputError], structures: Sequence[Atoms]) -> str:
    """Return a line with the number of refused structures, their elements and the first few."""
    elements: Counter[str] = Counter()
    for number in wrong:
        found = np.unique(structures[number].numbers).tolist()
        elements.update(symbol(z) for z in found if z > 0 and z not in SUPPORTED)
    foreign = sum(isinstance(error, UnsupportedElementError) for error in wrong.values())
    parts = [f"{len(wrong)} of {len(structures)} structures cannot be computed"]
    if foreign:
        counts = ", ".join(f"{name} in {count}" for name, count in sorted(elements.items()))
        parts.append(f"{foreign} have elements other than {supported_symbols()}: {counts}")
    others = {n: e for n, e in wrong.items() if not isinstance(e, UnsupportedElementError)}
    parts += [f"structure {number}: {error}" for number, error in list(others.items())[:LISTED]]
    if len(others) > LISTED:
        parts.append(f"and {len(others) - LISTED} more")
    numbers = ", ".join(map(str, list(wrong)[:LISTED])) + (", …" if len(wrong) > LISTED else "")
    return "; ".join([*parts, f"they are {numbers} (counted from 0)"])
