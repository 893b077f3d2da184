"""`topology.pdb` and `final.pdb`: names, bonds and box for programs that read trajectories.

XTC and DCD lack names of atoms: `mdtraj.load(…, top="topology.pdb")`. `final.pdb` is the last
structure with whole molecules in the cell; where the frames of a run carry charges, the column of
B factors holds those of the last frame in e, which a remark at its beginning says. All bonds are
listed, also those of waters and amino acids, which some readers do not know by themselves.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from ase.cell import Cell
from jaxtyping import Float
from mdtraj.formats import PDBTrajectoryFile

from sundog.files import replacing
from sundog.topology.cell import standard_orientation
from sundog.topology.molecules import wrap
from sundog.topology.selection import mdtraj_topology
from sundog.topology.topology import Topology

LAST_SERIAL = 99_999
"""Largest serial number that a PDB file can write; beyond it bonds cannot be listed."""

CHARGES_REMARK = "REMARK   3 B FACTORS ARE THE MODEL'S PARTIAL CHARGES IN E\n"
"""Line that says what the column of B factors holds."""


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
    _write(path, topology, None)


def write_final(
    path: Path,
    topology: Topology,
    positions: Float[np.ndarray, "atoms 3"],
    cell: Float[np.ndarray, "3 3"],
    charges: Float[np.ndarray, " atoms"] | None = None,
) -> None:
    """Write a structure of a run with the names and bonds of its start as PDB.

    Args:
        path: File to write.
        topology: Structure that the run began with.
        positions: Positions in Å, unwrapped since then.
        cell: Lattice vectors as rows, Å.
        charges: Partial charges in e; by default the column has zeros and no meaning.

    Raises:
        RunDirectoryError: The file cannot be written.
    """
    whole = wrap(positions, cell, topology.molecules)
    moved = replace(topology, positions=whole, cell=cell)
    _write(path, moved, charges)


def _write(path: Path, topology: Topology, charges: np.ndarray | None) -> None:
    named = mdtraj_topology(topology)
    positions, cell = standard_orientation(topology.positions, topology.cell)
    box = {}
    if cell is not None and topology.pbc.any():
        cellpar = Cell(cell).cellpar().tolist()
        box = {"unitcell_lengths": cellpar[:3], "unitcell_angles": cellpar[3:]}
    with replacing(path) as scratch:
        with PDBTrajectoryFile(str(scratch), "w") as file:
            file.write(positions, named, bfactors=charges, **box)
        text = scratch.read_text()
        if len(topology) + named.n_chains <= LAST_SERIAL:
            text = _with_bonds(text, topology)
        scratch.write_text(text if charges is None else CHARGES_REMARK + text)


def _with_bonds(text: str, topology: Topology) -> str:
    """Return the text of a PDB file with all bonds, four in a line, before its end."""
    lines = text.splitlines()
    serials = [line[6:11] for line in lines if line.startswith(("ATOM", "HETATM"))]
    bonded: dict[int, list[int]] = {}
    for i, j in topology.pairs.tolist():
        bonded.setdefault(i, []).append(j)
        bonded.setdefault(j, []).append(i)
    conect = [
        f"CONECT{serials[atom]}" + "".join(serials[other] for other in ends[begin : begin + 4])
        for atom, ends in sorted(bonded.items())
        for begin in range(0, len(ends), 4)
    ]
    end = next((k for k, line in enumerate(lines) if line.strip() == "END"), len(lines))
    return "\n".join([*lines[:end], *conect, *lines[end:], ""])
