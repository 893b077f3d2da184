"""Systems and topologies of structures, as they are simulated.

`reading.py` reads files and `electrons.py` decides on charge and spin, without anything heavy;
`system_from_atoms` makes the `System` that is simulated, `topology_from_atoms` its `Topology`.
"""

from ase import Atoms

from sundog.io.completeness import check_structure
from sundog.io.electrons import electronic_state
from sundog.system import Fragments, System, make_system
from sundog.topology.residues import Names
from sundog.topology.topology import Topology, make_topology
from sundog.validity import check_cell


def system_from_atoms(
    atoms: Atoms,
    charge: int | float | None = None,
    multiplicity: int | float | None = None,
    fragments: Fragments | None = None,
) -> System:
    """Check a structure and make a `System` of it.

    Args:
        atoms: Structure, with charge and spin in `info`.
        charge: Total charge in e, instead of the structure's own.
        multiplicity: Multiplicity 2S + 1, instead of the structure's own.
        fragments: Fragment of each atom and charge of each fragment, see `make_system`.

    Raises:
        StructureError: As for `check_structure`.
        CellError: As for `check_structure`.
        ChargeError: Charge or multiplicity is refused by `electronic_state`.
    """
    check_structure(atoms)
    total_charge, spin = electronic_state(atoms, charge, multiplicity)
    return make_system(
        atoms.positions,
        atoms.numbers,
        cell=atoms.cell.array,
        pbc=atoms.pbc.tolist(),
        total_charge=float(total_charge),
        multiplicity=spin,
        fragments=fragments,
    )


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
