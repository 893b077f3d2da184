"""Residues: atoms with names, as files of biomolecules have them.

Names of residues and atoms are those of the input. A structure without them is split into
molecules along its covalent bonds: each becomes a residue, HOH for water and MOL for others.
Atoms keep their order.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from string import ascii_uppercase
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from sundog.errors import InputError

LONGEST_NAME = 4
"""Letters that a PDB file has for the name of an atom."""

WATER = ["H", "H", "O"]
"""Elements of a water molecule, sorted."""


@dataclass(frozen=True)
class Names:
    """Names that an input file has for its atoms, one value per atom each.

    Attributes:
        residues: Name of the residue.
        numbers: Number of the residue.
        atoms: Name of the atom, or None where the file has none: then the element.
        chains: Name of the chain, or None where the file has none: then a chain begins where the
            numbers of residues fall back.
    """

    residues: np.ndarray
    numbers: np.ndarray
    atoms: np.ndarray | None = None
    chains: np.ndarray | None = None

    def check(self, atoms: int) -> None:
        """Raise `InputError` unless there is a value for each of so many atoms."""
        for name, values in vars(self).items():
            if values is not None and len(values) != atoms:
                raise InputError(
                    f"names: {name} must have one value per atom",
                    got=len(values),
                    expected=str(atoms),
                )


class Residue(NamedTuple):
    """Residue of consecutive atoms.

    Attributes:
        chain: Name of its chain.
        name: Name, as ALA or HOH.
        number: Number within its chain.
        atom_names: Names of its atoms.
    """

    chain: str
    name: str
    number: int
    atom_names: list[str]


def residues_of_names(names: Names, symbols: Sequence[str]) -> Iterator[Residue]:
    """Yield the residues that the input names.

    Args:
        names: Names of the input.
        symbols: Chemical symbol of each atom.
    """
    # Without names of chains, a new one begins where the residue numbers fall back.
    chain_index = np.cumsum(np.diff(names.numbers, prepend=names.numbers[:1]) < 0)
    letters = [ascii_uppercase[i % len(ascii_uppercase)] for i in chain_index]
    chains = letters if names.chains is None else names.chains
    of_atoms = symbols if names.atoms is None else names.atoms
    start = 0
    for label, run in groupby(zip(chains, names.numbers, names.residues, strict=True)):
        chain, number, name = label
        stop = start + len(list(run))
        if sorted(symbols[start:stop]) == WATER:
            name = "HOH"
        yield Residue(str(chain), str(name), int(number), [str(n) for n in of_atoms[start:stop]])
        start = stop


def residues_of_molecules(
    molecule: Int[np.ndarray, " atoms"], symbols: Sequence[str]
) -> Iterator[Residue]:
    """Yield a residue for each run of atoms of one molecule.

    Args:
        molecule: Number of each atom's molecule.
        symbols: Chemical symbol of each atom.
    """
    count = 0
    for _, run in groupby(zip(molecule, symbols, strict=True), key=lambda atom: atom[0]):
        members = [symbol for _, symbol in run]
        is_water = sorted(members) == WATER
        for names in _distinct_names(members):
            count += 1
            if is_water:
                names = [name.replace("O1", "O") for name in names]
            yield Residue("A", "HOH" if is_water else "MOL", count, names)


def _distinct_names(symbols: Sequence[str]) -> Iterator[list[str]]:
    """Number the atoms of an element; what four letters cannot count goes to the next residue."""
    names: list[str] = []
    counts: Counter[str] = Counter()
    for symbol in symbols:
        if len(f"{symbol}{counts[symbol] + 1}") > LONGEST_NAME:
            yield names
            names, counts = [], Counter()
        counts[symbol] += 1
        names.append(f"{symbol}{counts[symbol]}")
    yield names
