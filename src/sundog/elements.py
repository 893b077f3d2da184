"""Chemical elements: symbols, masses, covalent radii, and free-atom dispersion coefficients.

The free-atom static polarisabilities α (bohr³) and C6 coefficients (Ha·bohr⁶)
are those of Tkatchenko and Scheffler, Phys. Rev. Lett. 102, 073005 (2009),
for the elements SO3LR was trained on.
"""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float

from sundog.errors import UnsupportedElementError

SUPPORTED = (1, 6, 7, 8, 9, 15, 16, 17)
"""Atomic numbers of the elements in the published training set: H C N O F P S Cl."""

HEAVIEST_ELEMENT = 118
"""Atomic number of the last element with a name, oganesson."""

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

# fmt: off
_SYMBOLS = (
    "X", "H", "He", "Li", "Be", "B", "C", "N", "O", "F", "Ne", "Na", "Mg", "Al", "Si", "P", "S",
    "Cl", "Ar", "K", "Ca", "Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga",
    "Ge", "As", "Se", "Br", "Kr", "Rb", "Sr", "Y", "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd",
    "Ag", "Cd", "In", "Sn", "Sb", "Te", "I", "Xe", "Cs", "Ba", "La", "Ce", "Pr", "Nd", "Pm",
    "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W", "Re", "Os",
    "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th", "Pa",
    "U", "Np", "Pu", "Am", "Cm", "Bk", "Cf", "Es", "Fm", "Md", "No", "Lr", "Rf", "Db", "Sg",
    "Bh", "Hs", "Mt", "Ds", "Rg", "Cn", "Nh", "Fl", "Mc", "Lv", "Ts", "Og",
)
"""Chemical symbols by atomic number; X stands for padding."""

_NUMBERS = {name: number for number, name in enumerate(_SYMBOLS) if number}
"""Atomic numbers by chemical symbol."""

_MASSES = (
    1.0, 1.008, 4.002602, 6.94, 9.0121831, 10.81, 12.011, 14.007, 15.999, 18.998403163, 20.1797,
    22.98976928, 24.305, 26.9815385, 28.085, 30.973761998, 32.06, 35.45, 39.948, 39.0983,
    40.078, 44.955908, 47.867, 50.9415, 51.9961, 54.938044, 55.845, 58.933194, 58.6934, 63.546,
    65.38, 69.723, 72.63, 74.921595, 78.971, 79.904, 83.798, 85.4678, 87.62, 88.90584, 91.224,
    92.90637, 95.95, 97.90721, 101.07, 102.9055, 106.42, 107.8682, 112.414, 114.818, 118.71,
    121.76, 127.6, 126.90447, 131.293, 132.90545196, 137.327, 138.90547, 140.116, 140.90766,
    144.242, 144.91276, 150.36, 151.964, 157.25, 158.92535, 162.5, 164.93033, 167.259,
    168.93422, 173.054, 174.9668, 178.49, 180.94788, 183.84, 186.207, 190.23, 192.217, 195.084,
    196.966569, 200.592, 204.38, 207.2, 208.9804, 208.98243, 209.98715, 222.01758, 223.01974,
    226.02541, 227.02775, 232.0377, 231.03588, 238.02891, 237.04817, 244.06421, 243.06138,
    247.07035, 247.07031, 251.07959, 252.083, 257.09511, 258.09843, 259.101, 262.11, 267.122,
    268.126, 271.134, 270.133, 269.1338, 278.156, 281.165, 281.166, 285.177, 286.182, 289.19,
    289.194, 293.204, 293.208, 294.214,
)
"""Standard atomic weights in amu by atomic number, one for padding.

Conventional values where the weight is given as a range, and the mass of the most stable isotope
where an element has no stable one (Meija et al., Pure Appl. Chem. 88, 265 (2016), tables 1, 3 and
4, doi:10.1515/pac-2015-0305).
"""

_COVALENT_RADII = (
    0.31, 0.28, 1.28, 0.96, 0.84, 0.76, 0.71, 0.66, 0.57, 0.58, 1.66, 1.41,
    1.21, 1.11, 1.07, 1.05, 1.02, 1.06, 2.03, 1.76, 1.70, 1.60, 1.53, 1.39,
    1.39, 1.32, 1.26, 1.24, 1.32, 1.22, 1.22, 1.20, 1.19, 1.20, 1.20, 1.16,
    2.20, 1.95, 1.90, 1.75, 1.64, 1.54, 1.47, 1.46, 1.42, 1.39, 1.45, 1.44,
    1.42, 1.39, 1.39, 1.38, 1.39, 1.40, 2.44, 2.15, 2.07, 2.04, 2.03, 2.01,
    1.99, 1.98, 1.98, 1.96, 1.94, 1.92, 1.92, 1.89, 1.90, 1.87, 1.87, 1.75,
    1.70, 1.62, 1.51, 1.44, 1.41, 1.36, 1.36, 1.32, 1.45, 1.46, 1.48, 1.40,
    1.50, 1.50, 2.60, 2.21, 2.15, 2.06, 2.00, 1.96, 1.90, 1.87, 1.80, 1.69,
)
"""Covalent radii in Å of hydrogen to curium (Cordero et al., Dalton Trans. 2008, 2832, table 2).

Carbon is that of sp³; manganese, iron and cobalt are those of low spin.
"""
# fmt: on

ISOTOPES = {
    (1, 1): 1.00782503223,
    (1, 2): 2.01410177812,
    (1, 3): 3.0160492779,
    (6, 12): 12.0,
    (6, 13): 13.00335483507,
    (6, 14): 14.0032419884,
    (7, 14): 14.00307400443,
    (7, 15): 15.00010889888,
    (8, 16): 15.99491461957,
    (8, 17): 16.99913175650,
    (8, 18): 17.99915961286,
    (9, 19): 18.99840316273,
    (15, 31): 30.97376199842,
    (15, 32): 31.973907643,
    (16, 32): 31.9720711744,
    (16, 33): 32.9714589098,
    (16, 34): 33.967867004,
    (17, 35): 34.968852682,
    (17, 37): 36.965902602,
}
"""Masses in amu by atomic number and mass number, of the supported elements.

Wang et al., Chin. Phys. C 36, 1603 (2012), doi:10.1088/1674-1137/36/12/003, as in NIST's table of
atomic weights and isotopic compositions.
"""

HYDROGENS = {"H": None, "D": 2, "T": 3}
"""Symbols of hydrogen, with the mass number where one is meant."""

_TABLE_LENGTH = max(SUPPORTED) + 1
"""Length of tables that are indexed by atomic number, padding's 0 included."""


def symbol(number: int) -> str:
    """Return the chemical symbol of an atomic number, or `Z=n` beyond the known ones."""
    return _SYMBOLS[number] if 0 < number < len(_SYMBOLS) else f"Z={number}"


def number_of(name: str) -> int | None:
    """Return the atomic number of a chemical symbol, in capital or small letters, or None.

    D and T are hydrogen. A number stands for itself.
    """
    if name.isascii() and name.isdigit():
        return int(name) if 0 < int(name) < len(_SYMBOLS) else None
    if name.upper() in HYDROGENS:
        return 1
    return _NUMBERS.get(name.capitalize())


def supported_symbols() -> str:
    """Return the supported elements as one readable string, `H C N O F P S Cl`."""
    return " ".join(symbol(number) for number in SUPPORTED)


def refuse_unsupported(numbers: Iterable[int], model: str = "so3lr") -> None:
    """Refuse elements for which there are no parameters.

    Args:
        numbers: atomic numbers; 0 is padding.
        model: name of the weights.

    Raises:
        UnsupportedElementError: naming the elements.
    """
    unknown = sorted(set(numbers) - {0, *SUPPORTED})
    if unknown:
        raise UnsupportedElementError(
            f"structure: {model} has no parameters for "
            + ", ".join(symbol(number) for number in unknown),
            expected=f"only {supported_symbols()}",
            remedy="Remove or replace these atoms, or use a model trained with them",
        )


def standard_masses() -> Float[np.ndarray, " elements"]:
    """Return standard atomic masses in amu, indexed by atomic number."""
    return np.asarray(_MASSES)


def covalent_radii() -> Float[np.ndarray, " elements"]:
    """Return covalent radii in Å, indexed by atomic number; 0 where none is known.

    None is known of padding (Z = 0) and of the elements beyond curium.
    """
    table = np.zeros(len(_SYMBOLS))
    table[1 : len(_COVALENT_RADII) + 1] = _COVALENT_RADII
    return table


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
