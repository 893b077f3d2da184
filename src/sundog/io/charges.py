"""Total charge that valences and residues make, and whether it agrees with what is said.

residues with names, with hydrogens   the charge of the valences is taken
neither names nor a stated charge     none is taken: neutral if the valences are, else refused
formal charges of the file            must be those of the valences, residue by residue
a stated charge                       must be that of the valences, but for open valences and
                                      unpaired electrons, each of which may be one charge
"""

from typing import NamedTuple

import numpy as np
from ase import Atoms

from sundog.errors import ChargeError
from sundog.perception.perceive import Perception
from sundog.perception.places import LISTED, place
from sundog.perception.residue_charges import residue_index
from sundog.topology.topology import Topology


class Perceived(NamedTuple):
    """Valences of a structure, with which its charge is decided.

    Attributes:
        topology: Its topology.
        perception: Its valences.
        allow_radicals: Whether any stated charge is accepted.
    """

    topology: Topology
    perception: Perception
    allow_radicals: bool = False


def charge_of(atoms: Atoms, topology: Topology, perception: Perception) -> tuple[int, str]:
    """Return the total charge of a structure that states none, and where it is from.

    Args:
        atoms: Structure.
        topology: Its topology.
        perception: Its valences.

    Raises:
        ChargeError: Formal charges of the file are others, or the valences make an ion of a
            structure without residues or hydrogens.
    """
    likely = perception.charge
    if topology.names is not None and (atoms.numbers == 1).any():
        _refuse_other_columns(atoms, topology, perception)
        return likely, "from residues"
    refuse_unstated_ion(atoms)
    if likely:
        electrons = int(atoms.numbers.sum())
        odd = f", and {electrons} electrons are an odd number" if electrons % 2 else ""
        raise ChargeError(
            f"charge: none is stated, and the valences of the structure make {likely:+d}{odd}",
            got=f"charged are {_charged(topology, perception)}",
            remedy=f'Give charge={likely}, or set atoms.info["charge"]; charge=0 and '
            "multiplicity=2 for a radical",
        )
    return 0, "from valences"


def refuse_contradiction(stated: int, multiplicity: int | None, perceived: Perceived) -> None:
    """Raise `ChargeError` if a stated charge is not what valences can make.

    Args:
        stated: Total charge in e that was stated.
        multiplicity: Multiplicity that was stated, or None.
        perceived: Valences of the structure.
    """
    topology, perception, allow_radicals = perceived
    unpaired = 0 if multiplicity is None else max(multiplicity - 1, 0)
    free = int(perception.open_valences.sum()) + unpaired
    if allow_radicals or abs(stated - perception.charge) <= free:
        return
    raise ChargeError(
        f"charge: {stated:+d} was stated, and the valences of the structure make "
        f"{perception.charge:+d}",
        got=f"charged are {_charged(topology, perception)}"
        if perception.charges.any()
        else "no charged atom",
        remedy=f"Give charge={perception.charge}, or correct the hydrogens; state a multiplicity "
        "above 1 for a radical ion, or set allow_radicals=True to have it as stated",
    )


def refuse_unstated_ion(atoms: Atoms) -> None:
    """Raise `ChargeError` if atomic charges make an ion of a structure that states no charge."""
    total = atoms.get_initial_charges().sum()
    if round(total) != 0:
        raise ChargeError(
            "charge: the structure carries atomic charges that make it an ion, but no total charge",
            got=f"a sum of {total:+g}",
            remedy=f'Give charge={round(total)} or set atoms.info["charge"]; '
            "0 if it is neutral all the same",
        )


def _refuse_other_columns(atoms: Atoms, topology: Topology, perception: Perception) -> None:
    """Refuse formal charges of a residue that are more than, or opposite to, what came out.

    Files rarely have all of them, so that less is no contradiction.
    """
    columns = atoms.get_initial_charges()
    if not columns.any() or (columns != np.round(columns)).any():
        return
    index = residue_index(topology)
    given = np.bincount(index, columns).round().astype(np.int64)
    found = np.bincount(index, perception.charges, len(given)).round().astype(np.int64)
    wrong = np.flatnonzero((given != 0) & ((given * found <= 0) | (abs(given) > abs(found))))
    if len(wrong):
        names, residue = topology.names, int(wrong[0])
        assert names is not None
        atom = int(np.flatnonzero(index == residue)[0])
        raise ChargeError(
            f"charge: formal charges of the file disagree with the valences in {len(wrong)} "
            "residue(s)",
            got=f"{names.residues[atom]} {names.numbers[atom]}: {given[residue]:+d} in the file, "
            f"{found[residue]:+d} by its bonds and hydrogens",
            remedy="Correct the hydrogens or the charges, or give `charge` explicitly",
        )


def _charged(topology: Topology, perception: Perception) -> str:
    charged = np.flatnonzero(perception.charges).tolist()
    listed = [f"{place(topology, k)} {int(perception.charges[k]):+d}" for k in charged[:LISTED]]
    more = f" and {len(charged) - LISTED} more" if len(charged) > LISTED else ""
    return f"{', '.join(listed)}{more}{' (counted from 0)' if topology.names is None else ''}"
