"""Systems of structures, as they are simulated.

`reading.py` reads files, `topologies.py` finds bonds and `electrons.py` decides on charge and spin,
without anything heavy; `system_from_atoms` makes the `System` that is simulated.
"""

from ase import Atoms

from sundog.io.completeness import check_structure
from sundog.io.electrons import electronic_state
from sundog.system import Fragments, System, make_system


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
