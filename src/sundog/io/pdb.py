"""`topology.pdb`: the names that XTC and DCD trajectories lack, for `mdtraj.load(…, top=…)`.

Names of residues and atoms are those of the input. A structure without them is
split into molecules along its covalent bonds, periodic images respected: each
becomes a residue, HOH for water and MOL for others. Atoms keep their order.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from string import ascii_uppercase
from typing import NamedTuple

import mdtraj
import numpy as np
from ase import Atoms
from ase.cell import Cell
from jaxtyping import Int
from mdtraj.formats import PDBTrajectoryFile

from sundog.files import replacing
from sundog.topology.bonds import connected, find_bonds
from sundog.topology.cell import standard_orientation

LAST_SERIAL = 99_999
"""What a PDB file can count to; beyond it bonds cannot be listed."""

LONGEST_NAME = 4
"""Letters that a PDB file has for the name of an atom."""

WATER = ["H", "H", "O"]


class _Residue(NamedTuple):
    chain: str
    name: str
    number: int
    atom_names: list[str]


def write_topology(path: Path, atoms: Atoms) -> None:
    """Write a structure with its residues, atom names and bonds as PDB.

    mdtraj cuts residue names to three letters. A water is called HOH whatever the
    input calls it.

    Raises:
        RunDirectoryError: the file cannot be written.
    """
    topology, bonds = _named(atoms)
    if len(atoms) + topology.n_chains <= LAST_SERIAL:
        table = list(topology.atoms)
        for i, j in bonds:
            topology.add_bond(table[i], table[j])
    positions, cell = standard_orientation(atoms.positions, atoms.cell.array)
    box = {}
    if cell is not None and atoms.pbc.any():
        cellpar = Cell(cell).cellpar().tolist()
        box = {"unitcell_lengths": cellpar[:3], "unitcell_angles": cellpar[3:]}
    with replacing(path) as scratch, PDBTrajectoryFile(str(scratch), "w") as file:
        file.write(positions, topology, **box)


def topology_of(atoms: Atoms) -> mdtraj.Topology:
    """Return the residues and atom names of a structure, for mdtraj."""
    return _named(atoms)[0]


def select_atoms(atoms: Atoms, selection: str) -> Int[np.ndarray, " chosen"]:
    """Return the atoms, counted from 0, of a selection in mdtraj's language.

    Raises:
        ValueError: it is not a selection.
    """
    return topology_of(atoms).select(selection)


def _named(atoms: Atoms) -> tuple[mdtraj.Topology, list[tuple[int, int]]]:
    """Return the residues and atom names of a structure, and its bonds."""
    first, second = covalent_bonds(atoms)
    if {"residuenames", "residuenumbers"} <= atoms.arrays.keys():
        residues = _residues_of_input(atoms)
    else:
        residues = _residues_of_molecules(atoms, connected(first, second, len(atoms)))
    topology = _topology(residues, atoms.get_chemical_symbols())
    return topology, list(zip(first.tolist(), second.tolist(), strict=True))


def covalent_bonds(atoms: Atoms) -> tuple[Int[np.ndarray, " bonds"], Int[np.ndarray, " bonds"]]:
    """Return the two atoms of each covalent bond, the lower index first, each bond once."""
    bonds = find_bonds(atoms)
    pairs = np.stack([bonds.first, bonds.second], axis=1)
    pairs = np.unique(pairs[bonds.first < bonds.second], axis=0)
    return pairs[:, 0], pairs[:, 1]


def _residues_of_input(atoms: Atoms) -> Iterator[_Residue]:
    numbers = atoms.arrays["residuenumbers"]
    # Without names of chains, a new one begins where the residue numbers fall back.
    chain_index = np.cumsum(np.diff(numbers, prepend=numbers[:1]) < 0)
    letters = [ascii_uppercase[i % len(ascii_uppercase)] for i in chain_index]
    chains = atoms.arrays.get("chainids", letters)
    symbols = atoms.get_chemical_symbols()
    start = 0
    for label, run in groupby(zip(chains, numbers, atoms.arrays["residuenames"], strict=True)):
        chain, number, name = label
        stop = start + len(list(run))
        if sorted(symbols[start:stop]) == WATER:
            name = "HOH"
        atom_names = atoms.arrays.get("atomtypes", symbols)[start:stop]
        yield _Residue(str(chain), str(name), int(number), [str(n) for n in atom_names])
        start = stop


def _residues_of_molecules(atoms: Atoms, molecule: Int[np.ndarray, " atoms"]) -> Iterator[_Residue]:
    count = 0
    symbols = zip(molecule, atoms.get_chemical_symbols(), strict=True)
    for _, run in groupby(symbols, key=lambda atom: atom[0]):
        members = [symbol for _, symbol in run]
        is_water = sorted(members) == WATER
        for names in _distinct_names(members):
            count += 1
            if is_water:
                names = [name.replace("O1", "O") for name in names]
            yield _Residue("A", "HOH" if is_water else "MOL", count, names)


def _distinct_names(symbols: list[str]) -> Iterator[list[str]]:
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


def _topology(residues: Iterator[_Residue], symbols: list[str]) -> mdtraj.Topology:
    topology = mdtraj.Topology()
    elements = iter([mdtraj.element.get_by_symbol(symbol) for symbol in symbols])
    for chain_id, members in groupby(residues, key=lambda residue: residue.chain):
        chain = topology.add_chain(chain_id[:1])
        for member in members:
            residue = topology.add_residue(member.name, chain, resSeq=member.number)
            for name in member.atom_names:
                topology.add_atom(name, next(elements), residue)
    return topology
