"""Topologies of structures, without anything heavy being imported."""

from ase import Atoms

from sundog.topology.residues import Names
from sundog.topology.topology import Topology, make_topology
from sundog.validity import check_cell


def topology_from_atoms(atoms: Atoms) -> Topology:
    """Find the bonds of a structure and return its topology, with the names it carries.

    Args:
        atoms: Structure; names are in its arrays as `read_structures` leaves them.

    Raises:
        StructureError: An atom of no element, or coordinates that are not finite or too large.
        CellError: No lattice vector along a periodic direction, linearly dependent ones, or a
            cell that is too thin.
    """
    check_cell(atoms.cell.array, atoms.pbc)
    names, arrays = None, atoms.arrays
    if {"residuenames", "residuenumbers"} <= arrays.keys():
        names = Names(
            arrays["residuenames"],
            arrays["residuenumbers"],
            arrays.get("atomtypes"),
            arrays.get("chainids"),
        )
    return make_topology(atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc, names)
