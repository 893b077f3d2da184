"""Peptides from their sequence and backbone angles, with all hydrogens.

The backbone is placed atom by atom with the geometry of `polyalanine`, peptide bonds trans; side
chains are those of the dictionary of chemical components in the rotamers that crowd least. The
ring of proline holds its φ.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from ase import Atoms

from sundog.errors import InputError, StructureError
from sundog.prepare.built import Built, centred, labelled
from sundog.prepare.contacts import WORDS, bonds_apart, closest_within, refuse_clash
from sundog.prepare.peptides.backbones import angles_of, around_prolines
from sundog.prepare.peptides.placement import Place, place
from sundog.prepare.peptides.polyalanine import (
    C_H,
    C_N,
    C_N_CA,
    C_N_H,
    C_O,
    CA_C,
    CA_C_N,
    CA_C_O,
    METHYL,
    N_CA,
    N_CA_C,
    N_H,
    TETRAHEDRAL,
)
from sundog.prepare.peptides.sequence_grammar import FORMS, Sequence, parse_sequence
from sundog.prepare.peptides.side_chains import Template, crowding, of_form, relieved, rotamers

C_OXT, CA_C_OXT, O_H, C_O_H = 1.31, 113.0, 0.97, 107.0
"""Lengths in Å and angles in degrees of a carboxylic acid."""

C_OM, CA_C_OM = 1.25, 117.5
"""Length in Å and angle in degrees of a carboxylate."""

CLOSEST = 1.5
"""Shortest distance in Å of atoms at least three bonds apart."""

SWEEPS = 3
"""Rounds in which every side chain takes its best rotamer."""

HANDED = 1.0
"""Smallest triple product in Å³ of N, C and CB about CA of an L amino acid."""

Termini = Literal["neutral", "charged"]


@dataclass
class _Chain:
    """Atoms so far, residue by residue, and their bonds."""

    symbols: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    residues: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    charges: list[int] = field(default_factory=list)
    bonds: list[tuple[int, int]] = field(default_factory=list)
    residue: str = ""
    number: int = 0

    def begin(self, residue: str) -> None:
        """Begin a residue."""
        self.residue, self.number = residue, self.number + 1

    def add(self, name: str, symbol: str, where: Place, *bonded: int, charge: int = 0) -> int:
        """Add an atom of this residue; return its number."""
        self.symbols.append(symbol)
        self.places.append(np.asarray(where, dtype=float))
        self.names.append(name)
        self.residues.append(self.residue)
        self.numbers.append(self.number)
        self.charges.append(charge)
        here = len(self.symbols) - 1
        self.bonds += [(other, here) for other in bonded]
        return here

    def beside(self, c: int, b: int, a: int, length: float, angle: float, dihedral: float) -> Place:
        """Return the place of an atom by its bond to c, angle X–c–b and dihedral X–c–b–a."""
        return place(self.places[c], self.places[b], self.places[a], length, angle, dihedral)


def build_sequence(
    sequence: str,
    *,
    phi_degrees: float | None = None,
    psi_degrees: float | None = None,
    helix: bool = False,
    extended: bool = False,
    ph: float = 7.0,
    termini: Termini = "neutral",
) -> Built:
    """Return a peptide with the same backbone angles in all residues.

    Args:
        sequence: Residues as `ACE-ALA15-NME` or letters as `GIGAVLKVLT`; see `sequence_grammar`.
        phi_degrees: Dihedral C–N–CA–C in degrees, together with ψ.
        psi_degrees: Dihedral N–CA–C–N in degrees.
        helix: φ = −57, ψ = −47, an α helix.
        extended: φ = ψ = 180, a stretched chain; the default.
        ph: pH at which side chains are protonated whose name leaves it open.
        termini: Ends without caps: `neutral` NH₂ and COOH, or `charged` NH₃⁺ and COO⁻.

    Returns:
        L amino acids without a cell, in one chain.

    Raises:
        InputError: The sequence cannot be read, or the angles are given twice or are not finite.
        StructureError: Atoms clash at these angles, whatever the rotamers.
        UnavailableError: biotite is not installed.
    """
    if termini not in ("neutral", "charged"):
        raise InputError("termini: no such ends", got=termini, expected="neutral or charged")
    angles, decisions = angles_of(phi_degrees, psi_degrees, helix, extended)
    read = parse_sequence(sequence, ph)
    decisions += [*read.decisions, *_ends(read, termini)]
    each = around_prolines(read, angles, decisions)
    chain, backbones = _backbone(read, each, termini == "charged")
    _add_side_chains(chain, read, backbones)
    _turn_side_chains(chain, read)
    order = np.lexsort(([s == "H" for s in chain.symbols], chain.numbers))
    atoms = labelled(
        Atoms(chain.symbols, centred(np.array(chain.places))),
        names=chain.names,
        residue_names=chain.residues,
        residue_numbers=chain.numbers,
        formal_charges=chain.charges,
    )
    _refuse_other_hand(atoms)
    contact = closest_within(atoms.positions, chain.bonds)
    refuse_clash(atoms, contact, CLOSEST, "Choose other backbone angles")
    if contact is not None:
        decisions.append(f"{WORDS} is {contact.describe(atoms)}")
    decisions.append(f"The total charge is {atoms.info['charge']:+d} e")
    return Built(atoms[order], tuple(decisions))


def _ends(read: Sequence, termini: Termini) -> list[str]:
    """Return what was decided about ends without caps."""
    open_ends = {"NH2": read.before is None, "COOH": read.after is None}
    charged = {"NH2": "NH3+", "COOH": "COO-"}
    ends = [
        (end if termini == "neutral" else charged[end])
        for end, is_open in open_ends.items()
        if is_open
    ]
    if not ends:
        return []
    why = ", as in vacuum; termini='charged' charges them" if termini == "neutral" else ""
    return [f"Ends without caps are {termini}, {' and '.join(ends)}{why}"]


def _backbone(
    read: Sequence, angles: list[tuple[float, float]], charged: bool
) -> tuple[_Chain, list[tuple[int, int, int]]]:
    """Return the chain without side chains, and the numbers of N, CA and C of each residue."""
    chain, backbones = _Chain(), []
    before: tuple[int, int] | None = None
    nitrogen_at = np.zeros(3)
    if read.before:
        before, nitrogen_at = _acetyl(chain)
    for state, (phi, psi) in zip(read.states, angles, strict=True):
        form = FORMS[state]
        chain.begin(form.residue)
        proline = form.residue == "PRO"
        n = chain.add("N", "N", nitrogen_at, *(before[1:] if before else ()))
        if before:
            methyl, carbonyl = before
            ca = chain.add("CA", "C", chain.beside(n, carbonyl, methyl, N_CA, C_N_CA, 180.0), n)
            if not proline:
                chain.add("H", "H", chain.beside(n, carbonyl, methyl, N_H, C_N_H, 0.0), n)
            c_at = chain.beside(ca, n, carbonyl, CA_C, N_CA_C, phi)
        else:
            ca = chain.add("CA", "C", np.array([N_CA, 0.0, 0.0]), n)
            bend = np.radians(N_CA_C)
            c_at = np.array([N_CA - CA_C * np.cos(bend), CA_C * np.sin(bend), 0.0])
        c = chain.add("C", "C", c_at, ca)
        chain.add("O", "O", chain.beside(c, ca, n, C_O, CA_C_O, psi + 180.0), c)
        nitrogen_at = chain.beside(c, ca, n, C_N, CA_C_N, psi)
        before = (ca, c)
        backbones.append((n, ca, c))
    _finish(chain, backbones[-1], angles[-1][1], nitrogen_at, read.after, charged)
    if read.before is None:
        _amine(chain, backbones[0], FORMS[read.states[0]].residue == "PRO", charged)
    return chain, backbones


def _acetyl(chain: _Chain) -> tuple[tuple[int, int], Place]:
    """Add the acetyl cap; return its methyl carbon and carbonyl, and the place of the nitrogen."""
    chain.begin("ACE")
    bend = np.radians(CA_C_O)
    methyl = chain.add("CH3", "C", np.zeros(3))
    carbonyl = chain.add("C", "C", np.array([CA_C, 0.0, 0.0]), methyl)
    oxygen_at = np.array([CA_C - C_O * np.cos(bend), C_O * np.sin(bend), 0.0])
    oxygen = chain.add("O", "O", oxygen_at, carbonyl)
    first = -1
    for k, angle in enumerate(METHYL, start=1):
        where = chain.beside(methyl, carbonyl, oxygen, C_H, TETRAHEDRAL, angle - 60)
        added = chain.add(f"H{k}", "H", where, methyl)
        first = added if k == 1 else first
    # This hydrogen eclipses the oxygen; the nitrogen is opposite to both.
    nitrogen_at = chain.beside(carbonyl, methyl, first, C_N, CA_C_N, 180.0)
    return (methyl, carbonyl), nitrogen_at


def _finish(
    chain: _Chain,
    last: tuple[int, int, int],
    psi: float,
    nitrogen_at: Place,
    cap: str | None,
    charged: bool,
) -> None:
    """Add the cap or the carboxylic acid at the C terminus."""
    n, ca, c = last
    if cap is None:
        if charged:
            where = chain.beside(c, ca, n, C_OM, CA_C_OM, psi)
            chain.add("OXT", "O", where, c, charge=-1)
            return
        where = chain.beside(c, ca, n, C_OXT, CA_C_OXT, psi)
        oxygen = chain.add("OXT", "O", where, c)
        chain.add("HXT", "H", chain.beside(oxygen, c, ca, O_H, C_O_H, 180.0), oxygen)
        return
    chain.begin(cap)
    nitrogen = chain.add("N", "N", nitrogen_at, c)
    if cap == "NH2":
        for name, angle in (("HN1", 0.0), ("HN2", 180.0)):
            chain.add(name, "H", chain.beside(nitrogen, c, ca, N_H, C_N_H, angle), nitrogen)
        return
    methyl = chain.add("C", "C", chain.beside(nitrogen, c, ca, N_CA, C_N_CA, 180.0), nitrogen)
    chain.add("H", "H", chain.beside(nitrogen, c, ca, N_H, C_N_H, 0.0), nitrogen)
    for k, angle in enumerate(METHYL, start=1):
        where = chain.beside(methyl, nitrogen, c, C_H, TETRAHEDRAL, angle)
        chain.add(f"H{k}", "H", where, methyl)


def _amine(chain: _Chain, first: tuple[int, int, int], proline: bool, charged: bool) -> None:
    """Add the hydrogens of an amine at the N terminus to the first residue."""
    n, ca, c = first
    kept = chain.residue, chain.number
    chain.residue, chain.number = chain.residues[n], 1
    # In proline the ring is at about 115 degrees.
    angles = (-125.0, -5.0) if proline else (180.0, -60.0, 60.0)
    count = len(angles) if charged else len(angles) - 1
    for k, angle in enumerate(angles[:count]):
        name = "H" if k == 0 else f"H{k + 1}"
        chain.add(name, "H", chain.beside(n, ca, c, N_H, TETRAHEDRAL, angle), n)
    if charged:
        chain.charges[n] = 1
    chain.residue, chain.number = kept


def _add_side_chains(chain: _Chain, read: Sequence, backbones: list[tuple[int, int, int]]) -> None:
    """Add the side chains, as the dictionary has them."""
    for state, backbone in zip(read.states, backbones, strict=True):
        form = FORMS[state]
        mold = of_form(form)
        chain.residue, chain.number = form.residue, chain.numbers[backbone[0]]
        where = mold.on(np.array([chain.places[k] for k in backbone]))
        start = len(chain.symbols) - 3
        for name, symbol, spot in zip(mold.names[3:], mold.symbols[3:], where, strict=True):
            chain.add(name, symbol, spot, charge=form.charges.get(name, 0))
        numbers = [*backbone, *range(start + 3, start + len(mold.names))]
        # N–CA and CA–C are there already.
        chain.bonds += [(numbers[i], numbers[j]) for i, j in mold.bonds if j > 2]


def _turn_side_chains(chain: _Chain, read: Sequence) -> None:
    """Turn side chains, one after another, to the rotamers that crowd least."""
    positions, count = np.array(chain.places), len(chain.symbols)
    hydrogen = np.array([symbol == "H" for symbol in chain.symbols])
    apart = np.eye(count, dtype=bool)
    for i, j in bonds_apart(count, chain.bonds):
        apart[i, j] = apart[j, i] = True
    members = _members(chain, [of_form(FORMS[state]) for state in read.states], read)
    for _ in range(SWEEPS):
        changed = False
        for mold, mine in members:
            if not mold.turns:
                continue
            side = mine[3:]
            others = np.setdiff1d(np.arange(count), side)
            tries = rotamers(mold, positions[mine])

            def crowd(one: np.ndarray, side=side, others=others) -> float:
                near = apart[np.ix_(side, others)], apart[np.ix_(side, side)]
                light = hydrogen[side]
                outer = crowding(one[3:], light, positions[others], hydrogen[others], near[0])
                return outer + crowding(one[3:], light, one[3:], light, near[1]) / 2

            crowds = [crowd(one) for one in tries]
            # Of equals the first, whatever rounding does.
            best = tries[int(np.argmin(np.round(crowds, 6)))]
            best = relieved(mold, best, crowd)
            changed |= not np.allclose(best, positions[mine], atol=1e-6)
            positions[mine] = best
        if not changed:
            break
    chain.places = list(positions)


def _members(
    chain: _Chain, molds: list[Template], read: Sequence
) -> list[tuple[Template, np.ndarray]]:
    """Return the numbers of N, CA, C and the side chain of every residue."""
    numbers = np.array(chain.numbers)
    first = 1 if read.before is None else 2
    found = []
    for k, mold in enumerate(molds):
        mine = {chain.names[n]: n for n in np.flatnonzero(numbers == first + k).tolist()}
        found.append((mold, np.array([mine[name] for name in mold.names])))
    return found


def _refuse_other_hand(atoms: Atoms) -> None:
    """Refuse a residue that is no L amino acid."""
    names, numbers = atoms.arrays["atomtypes"], atoms.arrays["residuenumbers"]
    for number in np.unique(numbers):
        mine = {names[n]: n for n in np.flatnonzero(numbers == number).tolist()}
        if {"N", "CA", "C", "CB"} <= mine.keys():
            n, ca, c, cb = (atoms.positions[mine[name]] for name in ("N", "CA", "C", "CB"))
            if np.cross(n - ca, c - ca) @ (cb - ca) < HANDED:
                raise StructureError(f"sequence: residue {number} is no L amino acid")
