"""The gate that a structure passes before anything is computed of it.

What is no structure, lacks hydrogens or has valences that are no molecule's is refused; the charge
is decided with all that is known of it. Nothing here needs JAX.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ase import Atoms

from sundog.errors import InputError
from sundog.hamiltonian import ElectronOptions
from sundog.io.charges import Perceived
from sundog.io.completeness import check_structure
from sundog.io.electrons import ElectronicState, state_of, stated
from sundog.io.topologies import topology_from_atoms
from sundog.perception.perceive import Perception
from sundog.perception.residue_charges import describe_charges
from sundog.perception.valences import check_valences
from sundog.topology.topology import Topology


class Gated(NamedTuple):
    """Structure that has passed.

    Attributes:
        topology: Its topology.
        perception: Its valences, or None where they were not looked at.
        state: Charge and multiplicity that it is computed with.
        said: Lines about its charge.
    """

    topology: Topology
    perception: Perception | None
    state: ElectronicState
    said: tuple[str, ...]


def gate(atoms: Atoms, electrons: ElectronOptions = ElectronOptions()) -> Gated:  # noqa: B008
    """Return a structure's topology, valences, charge and multiplicity, after checking them.

    Args:
        atoms: Structure.
        electrons: Charge and multiplicity that were asked for, and whether radicals are allowed.

    Raises:
        StructureError: As for `check_structure`, or a valence is impossible.
        CellError: As for `check_structure`.
        ChargeError: As for `state_of`.
    """
    check_structure(atoms)
    charge, multiplicity = stated(atoms, electrons.charge, electrons.multiplicity)
    topology = topology_from_atoms(atoms)
    perception = check_valences(
        atoms,
        topology,
        allow_radicals=electrons.allow_radicals,
        multiplicity=multiplicity,
        charge=charge,
    )
    perceived = Perceived(topology, perception, electrons.allow_radicals)
    state = state_of(atoms, electrons.charge, electrons.multiplicity, perceived)
    said = []
    if topology.names is not None and (charge is None or perception.charges.any()):
        said.append(f"Charges: {describe_charges(topology, perception.charges)}")
    if electrons.allow_radicals and state.charge != perception.charge:
        said.append(
            f"Warning: charge {state.charge:+d} as stated, where valences make "
            f"{perception.charge:+d}"
        )
    return Gated(topology, perception, state, tuple(said))


def unchecked(atoms: Atoms, electrons: ElectronOptions) -> Gated:
    """Return a structure's topology, charge and multiplicity without a look at its valences.

    For runs that go on, which have been computed so, and for potentials of other elements.

    Args:
        atoms: Structure.
        electrons: Charge and multiplicity that were asked for.

    Raises:
        StructureError: As for `check_structure`.
        CellError: As for `check_structure`.
        ChargeError: As for `state_of`.
    """
    check_structure(atoms)
    state = state_of(atoms, electrons.charge, electrons.multiplicity)
    return Gated(topology_from_atoms(atoms), None, state, ())


def doubts(structures: Sequence[Atoms], electrons: ElectronOptions) -> list[str]:
    """Return a line that counts structures of a set that would not pass, and why; none if all do.

    Sets hold molecules that dissociate and ions of every kind: they are not refused.

    Args:
        structures: Structures of the set.
        electrons: Charge and multiplicity that were asked for, and whether radicals are allowed.
    """
    reasons: Counter[str] = Counter()
    for atoms in structures:
        try:
            gate(atoms, electrons)
        except InputError as error:
            reasons[str(error).partition(":")[0]] += 1
    if not reasons:
        return []
    counted = ", ".join(f"{name} of {count}" for name, count in reasons.most_common())
    return [
        f"Valences: of {len(structures)} structures {reasons.total()} are not those of whole "
        f"molecules with the charge that is used ({counted}); they are computed as they are"
    ]
