"""`topology.pdb` and `final.pdb`: names, bonds and box for programs that read trajectories.

XTC and DCD lack names of atoms: `mdtraj.load(…, top="topology.pdb")`. `final.pdb` is the last
structure with whole molecules in the cell; where the frames of a run carry charges, the column of
B factors holds those of the last frame in e, which a remark at its beginning says. All bonds are
listed, also those of waters and amino acids, which some readers do not know by themselves.

A PDB file has no room for the bonds of more than 99,999 atoms, nor for coordinates from 10,000 Å
on, which lose digits; cells longer than 99,999 Å are left out. The same as mmCIF then lies beside
the last structure, with all of it.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from ase.cell import Cell
from jaxtyping import Float
from mdtraj.formats import PDBTrajectoryFile

from sundog.files import replacing
from sundog.io.mmcif import write_mmcif_of
from sundog.topology.cell import standard_orientation
from sundog.topology.molecules import wrap
from sundog.topology.selection import mdtraj_topology
from sundog.topology.topology import Topology

LAST_SERIAL = 99_999
"""Largest serial number that a PDB file can write; beyond it bonds cannot be listed."""

LARGEST_COORDINATE, LOWEST_COORDINATE = 9_999.999, -999.999
"""Bounds in Å of coordinates that a PDB file can write with three decimals."""

LONGEST_CELL = 99_999.999
"""Length in Å of the longest lattice vector that a PDB file can write."""

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

    Where PDB is too small for it, the same is written as mmCIF beside it.

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
    beside = path.with_suffix(".cif")
    if _is_too_large(moved):
        write_mmcif_of(beside, moved, charges)
    else:
        beside.unlink(missing_ok=True)


def _is_too_large(topology: Topology) -> bool:
    """Return whether a PDB file cannot hold all of a structure."""
    positions, cell = standard_orientation(topology.positions, topology.cell)
    chains = len({residue.chain for residue in topology.residues})
    return bool(
        len(topology) + chains > LAST_SERIAL
        or positions.max() > LARGEST_COORDINATE
        or positions.min() < LOWEST_COORDINATE
        or not _holds(cell)
    )


def _holds(cell: np.ndarray | None) -> bool:
    return cell is None or bool((np.linalg.norm(cell, axis=1) <= LONGEST_CELL).all())


def _write(path: Path, topology: Topology, charges: np.ndarray | None) -> None:
    named = mdtraj_topology(topology)
    positions, cell = standard_orientation(topology.positions, topology.cell)
    box = {}
    if cell is not None and topology.pbc.any() and _holds(cell):
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
