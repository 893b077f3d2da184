"""Atoms in words: by residue and name where the file has them, by number otherwise."""

from collections.abc import Sequence

import numpy as np

from sundog.elements import symbol
from sundog.topology.topology import Topology

LISTED = 5
"""Number of atoms that a message names."""


def place(topology: Topology, atom: int) -> str:
    """Return an atom in words, as `CA of ALA 5 B` or `C 7`, counted from 0.

    Args:
        topology: Topology of the structure.
        atom: Number of the atom.
    """
    names, element = topology.names, symbol(int(topology.numbers[atom]))
    if names is None:
        return f"{element} {atom}"
    own = element if names.atoms is None else str(names.atoms[atom])
    return f"{own} of {residue_label(topology, atom)}"


def residue_label(topology: Topology, atom: int) -> str:
    """Return the residue of an atom in words, as `ALA 5`, with the chain if there are several."""
    names = topology.names
    assert names is not None
    label = f"{names.residues[atom]} {names.numbers[atom]}"
    if names.chains is not None and len(set(names.chains.tolist())) > 1:
        label += f" of chain {names.chains[atom]}"
    return label


def places(topology: Topology, atoms: Sequence[int] | np.ndarray) -> str:
    """Return atoms in words, the first few by name and the rest as a number."""
    listed = ", ".join(place(topology, int(atom)) for atom in atoms[:LISTED])
    more = f" and {len(atoms) - LISTED} more" if len(atoms) > LISTED else ""
    counted = " (counted from 0)" if topology.names is None else ""
    return f"{listed}{more}{counted}"
