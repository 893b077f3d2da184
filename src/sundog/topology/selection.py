"""Selections of atoms in mdtraj's language, and the topology that mdtraj needs for it."""

from itertools import groupby

import mdtraj
import numpy as np
from jaxtyping import Int

from sundog.elements import symbol
from sundog.topology.topology import Topology


def mdtraj_topology(topology: Topology) -> mdtraj.Topology:
    """Return chains, residues and names of atoms for mdtraj, without bonds."""
    made = mdtraj.Topology()
    elements = iter([mdtraj.element.get_by_symbol(symbol(n)) for n in topology.numbers.tolist()])
    for chain_id, members in groupby(topology.residues, key=lambda residue: residue.chain):
        chain = made.add_chain(chain_id[:1])
        for member in members:
            residue = made.add_residue(member.name, chain, resSeq=member.number)
            for name in member.atom_names:
                made.add_atom(name, next(elements), residue)
    return made


def select(topology: Topology, selection: str) -> Int[np.ndarray, " chosen"]:
    """Return the atoms, counted from 0, of a selection in mdtraj's language.

    Args:
        topology: Topology of the structure.
        selection: Selection, as "protein and backbone" or "index 0 to 9".

    Raises:
        ValueError: It is not a selection.
    """
    return mdtraj_topology(topology).select(selection)
