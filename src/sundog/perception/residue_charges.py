"""Formal charges by residue: what came out, in words, and where known residues may be charged.

Amino acids are charged at their ends and at `CHARGED_SIDE_CHAINS`, nucleotides at
their phosphates and at protonated bases. Thiolates and phenolates are expected only in residues
that are named so (CYM, TYM), since a cysteine or tyrosine without its hydrogen is more often not
whole. An arginine without charge has always lost a hydrogen, unless it is named ARN; a lysine may
be neutral, and is named. In other residues an oxygen or nitrogen next to saturated carbon alone, as
a hydroxyl of a sugar, is no anion but lacks its hydrogen.
"""

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from sundog.perception.perceive import Perception
from sundog.topology.residue_names import CAPS, NUCLEOTIDES, WATERS, amino_acid
from sundog.topology.topology import Topology

CHARGED_SIDE_CHAINS = {
    "ARG": (("NE", "NH1", "NH2", "CZ"), 1),
    "LYS": (("NZ",), 1),
    "HIS": (("ND1", "NE2"), 1),
    "ASP": (("OD1", "OD2"), -1),
    "GLU": (("OE1", "OE2"), -1),
}
"""Atoms of side chains that may be charged, and their charge in e."""

NAMED_ANIONS = {"CYM": ("SG", -1), "CYN": ("SG", -1), "TYM": ("OH", -1)}
"""Names of residues whose side chain is an anion, its atom and charge."""

ENDS = ("O", "OXT", "OT", "OT1", "OT2", "O1", "O2", "OC1", "OC2")
"""Oxygens at the end of a chain."""

PHOSPHATES = ("OP1", "OP2", "OP3", "O1P", "O2P", "O3P")
"""Oxygens of the phosphate of a nucleotide."""

PROTONATED = ("N1", "N3", "N7")
"""Nitrogens of bases that may carry a proton more."""

LISTED = 6
"""Numbers of residues that a line names for each kind."""


class Charged(NamedTuple):
    """Charge of a residue, or of the end of a chain.

    Attributes:
        kind: Name of the residue, `N-terminus` or `C-terminus`.
        charge: Charge in e.
        place: Number of the residue.
    """

    kind: str
    charge: int
    place: str


def residue_index(topology: Topology) -> Int[np.ndarray, " atoms"]:
    """Return the number of each atom's residue, by runs of equal names, numbers and chains."""
    names = topology.names
    assert names is not None
    labels = [names.residues, names.numbers]
    labels += [] if names.chains is None else [names.chains]
    new = np.zeros(len(topology), bool)
    for label in labels:
        new[1:] |= label[1:] != label[:-1]
    return np.cumsum(new)


def residue_charges(topology: Topology, charges: Int[np.ndarray, " atoms"]) -> list[Charged]:
    """Return the charges of residues, the ends of chains apart; residues without any are left out.

    Args:
        topology: Topology with names.
        charges: Formal charge of each atom, e.
    """
    names = topology.names
    assert names is not None
    index = residue_index(topology)
    sums: dict[tuple[int, str], int] = defaultdict(int)
    first: dict[tuple[int, str], int] = {}
    for atom in np.flatnonzero(charges).tolist():
        residue = str(names.residues[atom])
        kind = residue
        if amino_acid(residue) is not None and names.atoms is not None:
            name = str(names.atoms[atom]).upper()
            kind = "N-terminus" if name == "N" else "C-terminus" if name in ENDS else residue
        key = (int(index[atom]), kind)
        sums[key] += int(charges[atom])
        first.setdefault(key, atom)
    return [
        Charged(kind, charge, str(names.numbers[first[residue, kind]]))
        for (residue, kind), charge in sums.items()
        if charge
    ]


def describe_charges(topology: Topology, charges: Int[np.ndarray, " atoms"]) -> str:
    """Return charges by kind of residue and in total, in words.

    Args:
        topology: Topology with names.
        charges: Formal charge of each atom, e.
    """
    kinds: dict[tuple[str, int], list[str]] = defaultdict(list)
    for one in residue_charges(topology, charges):
        kinds[one.kind, one.charge].append(one.place)
    parts = []
    for (kind, charge), where in sorted(kinds.items()):
        times = f" ×{len(where)}" if len(where) > 1 else ""
        more = ", …" if len(where) > LISTED else ""
        parts.append(f"{kind} {charge:+d}{times} ({', '.join(where[:LISTED])}{more})")
    if bare := neutral_lysines(topology, charges):
        more = ", …" if len(bare) > LISTED else ""
        parts.append(f"LYS without charge ({', '.join(bare[:LISTED])}{more})")
    for kind, where in neutral_ends(topology, charges).items():
        more = ", …" if len(where) > LISTED else ""
        parts.append(f"{kind} without charge ({', '.join(where[:LISTED])}{more})")
    total = f"total {int(charges.sum()):+d}"
    return f"{', '.join(parts)}; {total}" if parts else f"no residue is charged; {total}"


def neutral_lysines(topology: Topology, charges: Int[np.ndarray, " atoms"]) -> list[str]:
    """Return the numbers of the residues named LYS whose side chain has no charge."""
    names = topology.names
    if names is None or names.atoms is None:
        return []
    bare = (names.residues == "LYS") & (names.atoms == "NZ") & (charges == 0)
    return [str(number) for number in names.numbers[bare]]


def neutral_ends(topology: Topology, charges: Int[np.ndarray, " atoms"]) -> dict[str, list[str]]:
    """Return the numbers of the residues at neutral ends of chains: NH2, NH of proline, and COOH.

    In water an end is charged: one without charge may lack a hydrogen, or have one too many.

    Args:
        topology: Topology with names.
        charges: Formal charge of each atom, e.
    """
    names, bonds = topology.names, topology.bonds
    if names is None or names.atoms is None:
        return {}
    ends = np.concatenate([bonds.first, bonds.second])
    others = np.concatenate([bonds.second, bonds.first])
    hydrogens = np.bincount(ends, topology.numbers[others] == 1, minlength=len(topology))
    heavy = np.bincount(ends, topology.numbers[others] > 1, minlength=len(topology))
    found: dict[str, list[str]] = {}
    for kind, here in (
        ("N-terminus", (names.atoms == "N") & (hydrogens > 0) & (hydrogens + heavy == 3)),
        ("C-terminus", np.isin(names.atoms, ENDS) & (hydrogens == 1)),
    ):
        for atom in np.flatnonzero(here & (charges == 0)).tolist():
            residue = str(names.residues[atom])
            # Within a chain a nitrogen has one hydrogen and two carbons, of proline none.
            free = kind == "C-terminus" or hydrogens[atom] == 2 or amino_acid(residue) == "PRO"
            if amino_acid(residue) is not None and free:
                found.setdefault(kind, []).append(str(names.numbers[atom]))
    return found


def unexpected(topology: Topology, perception: Perception) -> Int[np.ndarray, " unexpected"]:
    """Return the atoms of residues that are charged where these never are.

    An arginine without charge counts with its CZ.

    Args:
        topology: Topology of the structure.
        perception: Its valences.
    """
    names, charges = topology.names, perception.charges
    if names is None or names.atoms is None:
        return np.zeros(0, np.int64)
    basic = _at_saturated_carbon(topology, perception)
    found = [
        atom
        for atom in np.flatnonzero(charges).tolist()
        if atom in basic
        or not _may_be(
            str(names.residues[atom]).upper(), str(names.atoms[atom]).upper(), int(charges[atom])
        )
    ]
    arginine = np.flatnonzero((names.atoms == "CZ") & np.isin(names.residues, ("ARG", "ARGP")))
    if len(arginine):
        index = residue_index(topology)
        side = np.isin(names.atoms, CHARGED_SIDE_CHAINS["ARG"][0])
        total = np.bincount(index, np.where(side, charges, 0), index[-1] + 1)
        found += arginine[total[index[arginine]] == 0].tolist()
    return np.array(sorted(found), np.int64)


def _at_saturated_carbon(topology: Topology, perception: Perception) -> set[int]:
    """Return the anions of oxygen and nitrogen all of whose neighbours are saturated carbon."""
    bonds = topology.bonds
    anions = np.isin(topology.numbers, (7, 8)) & (perception.charges == -1)
    ends = np.concatenate([bonds.first, bonds.second])
    others = np.concatenate([bonds.second, bonds.first])
    multiple = np.zeros(len(topology), bool)
    multiple[ends[np.concatenate([perception.orders] * 2) > 1]] = True
    saturated = (topology.numbers == 6) & ~multiple
    acidic = np.zeros(len(topology), bool)
    acidic[ends[~saturated[others] & (topology.numbers[others] != 1)]] = True
    bonded = np.bincount(ends, minlength=len(topology)) > 0
    return set(np.flatnonzero(anions & ~acidic & bonded).tolist())


def _may_be(residue: str, atom: str, charge: int) -> bool:
    """Return whether an atom of a residue may have a charge; of unknown residues all may."""
    amino = amino_acid(residue)
    if amino is not None:
        sides, expected = CHARGED_SIDE_CHAINS.get(amino, ((), 0))
        own = {(atom_name, expected) for atom_name in sides} | {NAMED_ANIONS.get(residue, ("", 0))}
        ends = {("N", 1), *((name, -1) for name in ENDS)}
        return (atom, charge) in own | ends
    if residue in NUCLEOTIDES:
        return (charge == -1 and atom in PHOSPHATES) or (charge == 1 and atom in PROTONATED)
    if residue in WATERS:
        return charge == 1
    return residue not in CAPS
