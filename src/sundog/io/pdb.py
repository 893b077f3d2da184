"""`topology.pdb`: the names that XTC and DCD trajectories lack, for `mdtraj.load(…, top=…)`."""

from pathlib import Path

from ase.cell import Cell
from mdtraj.formats import PDBTrajectoryFile

from sundog.files import replacing
from sundog.topology.cell import standard_orientation
from sundog.topology.selection import mdtraj_topology
from sundog.topology.topology import Topology

LAST_SERIAL = 99_999
"""Largest serial number that a PDB file can write; beyond it bonds cannot be listed."""


def write_topology(path: Path, topology: Topology) -> None:
    """Write a structure with its residues, atom names and bonds as PDB.

    mdtraj cuts residue names to three letters. A water is called HOH whatever the
    input calls it.

    Args:
        path: File to write.
        topology: Structure.

    Raises:
        RunDirectoryError: The file cannot be written.
    """
    named = mdtraj_topology(topology)
    if len(topology) + named.n_chains <= LAST_SERIAL:
        table = list(named.atoms)
        for i, j in topology.pairs.tolist():
            named.add_bond(table[i], table[j])
    positions, cell = standard_orientation(topology.positions, topology.cell)
    box = {}
    if cell is not None and topology.pbc.any():
        cellpar = Cell(cell).cellpar().tolist()
        box = {"unitcell_lengths": cellpar[:3], "unitcell_angles": cellpar[3:]}
    with replacing(path) as scratch, PDBTrajectoryFile(str(scratch), "w") as file:
        file.write(positions, named, **box)
