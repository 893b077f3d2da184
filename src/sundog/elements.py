"""Chemical elements: symbols, masses, and free-atom dispersion coefficients.

The free-atom static polarisabilities α (bohr³) and C6 coefficients (Ha·bohr⁶)
are those of Tkatchenko and Scheffler, Phys. Rev. Lett. 102, 073005 (2009),
for the elements SO3LR was trained on.
"""

import numpy as np
from ase.data import atomic_masses, chemical_symbols
from jaxtyping import Float

SUPPORTED = (1, 6, 7, 8, 9, 15, 16, 17)
"""Atomic numbers of the elements in the published training set: H C N O F P S Cl."""

_FREE_ATOM = {
    1: (4.5, 6.5),
    6: (12.0, 46.6),
    7: (7.4, 24.2),
    8: (5.4, 15.6),
    9: (3.8, 9.52),
    15: (25.0, 185.0),
    16: (19.6, 134.0),
    17: (15.0, 94.6),
}
"""Polarisability α in bohr³ and C6 in Ha·bohr⁶ by atomic number; source in the module's header."""

_TABLE_LENGTH = max(SUPPORTED) + 1
"""Length of tables that are indexed by atomic number, padding's 0 included."""


def symbol(number: int) -> str:
    """Return the chemical symbol of an atomic number, or `Z=n` beyond the known ones."""
    return chemical_symbols[number] if 0 < number < len(chemical_symbols) else f"Z={number}"


def supported_symbols() -> str:
    """Return the supported elements as one readable string, `H C N O F P S Cl`."""
    return " ".join(symbol(number) for number in SUPPORTED)


def standard_masses() -> Float[np.ndarray, " elements"]:
    """Return standard atomic masses in amu, indexed by atomic number."""
    return np.asarray(atomic_masses, dtype=np.float64)


def free_atom_polarizabilities() -> Float[np.ndarray, " elements"]:
    """Return free-atom static polarisabilities in bohr³, indexed by Z; 1 where none is known.

    The value 1 keeps divisions by zero out of padding (Z = 0); atoms of unsupported
    elements are refused before a model sees them.
    """
    return _table(0, filler=1.0)


def free_atom_c6() -> Float[np.ndarray, " elements"]:
    """Return free-atom C6 coefficients in Ha·bohr⁶, indexed by Z; 1 where none is known."""
    return _table(1, filler=1.0)


def _table(column: int, filler: float) -> Float[np.ndarray, " elements"]:
    table = np.full(_TABLE_LENGTH, filler)
    for number, row in _FREE_ATOM.items():
        table[number] = row[column]
    return table
