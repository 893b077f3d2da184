"""Refusal of structures whose atoms have bonds too few or too many.

    atoms closer than any bond           two structures at one place, or another unit
    too many neighbours                  atoms that are fused
    a hydrogen without a bond            a floating proton or atom
    bonds that are missing               missing hydrogens, or a radical
    a charge where a known residue       a missing hydrogen: an amide without its own comes out as
    never has one                        an anion

Open valences pass where the multiplicity that was stated, or a charge, accounts for them, and all
do with `allow_radicals`.
"""

import numpy as np
from ase import Atoms
from jaxtyping import Int

from sundog.elements import covalent_radii
from sundog.errors import StructureError
from sundog.perception.perceive import Perception, perceive
from sundog.perception.places import place, places
from sundog.perception.residue_charges import unexpected
from sundog.topology.topology import Topology

SHORTEST = 0.60
"""Length below which two atoms are no bonded pair, relative to the sum of the covalent radii.

0.91 Å for C–C and 0.58 Å for O–H; triple bonds are at 0.77.
"""

RADICAL = "for a radical, state its multiplicity, or set allow_radicals=True"
"""Remedy for open valences that are meant."""


class ValenceError(StructureError):
    """Atoms of a structure have too few or too many bonds."""


def check_valences(
    atoms: Atoms,
    topology: Topology,
    *,
    allow_radicals: bool = False,
    multiplicity: int | None = None,
    charge: int | None = None,
) -> Perception:
    """Return the valences of a structure, after checking that they are those of molecules.

    Args:
        atoms: Structure.
        topology: Its topology.
        allow_radicals: Whether open valences and lone hydrogens are meant.
        multiplicity: Multiplicity 2S + 1 that was stated.
        charge: Total charge in e that was stated.

    Raises:
        ValenceError: Atoms are too close, have too many or too few neighbours, or are charged where
            their residue never is.
    """
    _refuse_close(topology)
    perception = perceive(topology)
    over = np.flatnonzero(perception.excess_valences)
    if len(over):
        raise ValenceError(
            f"valences: {len(over)} atom(s) have more neighbours than their element bonds",
            got=places(topology, over),
            remedy="Look for atoms that overlap: another place of the same atom, a symmetry copy, "
            "a cell that is too small",
        )
    if allow_radicals:
        return perception
    shift = 0 if charge is None else abs(charge - perception.charge)
    unpaired = 0 if multiplicity is None else multiplicity - 1
    if perception.open_valences.sum() > unpaired + shift:
        _refuse_open(topology, perception)
    # Who states the charge that comes out knows of it.
    if charge is None or shift:
        _refuse_unexpected(topology, perception)
    return perception


def _refuse_close(topology: Topology) -> None:
    """Refuse bonds that are shorter than any."""
    bonds = topology.bonds
    radii = covalent_radii()[topology.numbers]
    close = np.flatnonzero(bonds.lengths < SHORTEST * (radii[bonds.first] + radii[bonds.second]))
    if len(close):
        pair = close[bonds.lengths[close].argmin()]
        first, second = int(bonds.first[pair]), int(bonds.second[pair])
        raise ValenceError(
            f"valences: {len(close)} pair(s) of atoms are closer than any bond",
            got=f"{place(topology, first)} and {place(topology, second)}, "
            f"{bonds.lengths[pair]:.2f} Å apart",
            remedy="Look for two structures at one place, alternate locations, or coordinates in "
            "another unit than Å",
        )


def _refuse_open(topology: Topology, perception: Perception) -> None:
    """Refuse open valences: floating hydrogens if there are, else missing neighbours."""
    lacking = perception.open_valences
    floating = np.flatnonzero((lacking > 0) & (topology.numbers == 1))
    if len(floating):
        raise ValenceError(
            f"valences: {len(floating)} hydrogen(s) without a bond",
            got=f"{places(topology, floating)}: a floating proton or atom",
            remedy=f"Move it to the atom it belongs to, or remove it; {RADICAL}",
        )
    short = np.flatnonzero(lacking)
    raise ValenceError(
        f"valences: {len(short)} atom(s) lack {int(lacking.sum())} bond(s): hydrogens are missing, "
        "or other atoms",
        got=places(topology, short),
        remedy=f"Add them, as with `sundog prepare`, pdbfixer or hydride; {RADICAL}",
    )


def _refuse_unexpected(topology: Topology, perception: Perception) -> None:
    """Refuse charges where residues that are known never have them."""
    odd: Int[np.ndarray, " odd"] = unexpected(topology, perception)
    if len(odd):
        raise ValenceError(
            f"valences: {len(odd)} atom(s) would be charged where their residue never is: a "
            "hydrogen is missing, or there is one too many",
            got=", ".join(
                f"{place(topology, int(atom))} {int(perception.charges[atom]):+d}"
                for atom in odd[:5]
            ),
            remedy="Correct the hydrogens; if it is meant, state the total charge "
            f"{perception.charge:+d} as `charge`",
        )
