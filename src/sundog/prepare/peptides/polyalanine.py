"""Capped polyalanine, CH₃CO–(Ala)ₙ–NHCH₃, from its backbone angles.

Atoms are placed one after another by bond length, angle and dihedral. Those of the backbone are
from Engh, Huber, Acta Cryst. A 47, 392 (1991), doi:10.1107/S0108767391001071; hydrogens
have ideal geometry at their heavy atom. Relax the structure before a simulation.
"""

from typing import NamedTuple

import numpy as np
from ase import Atoms
from jaxtyping import Int

from sundog.errors import InputError
from sundog.prepare.peptides.placement import place

C_N, N_CA, CA_C, C_O, CA_CB, N_H, C_H = 1.329, 1.458, 1.525, 1.231, 1.521, 1.01, 1.09
"""Bond lengths in Å."""

CA_C_N, C_N_CA, N_CA_C, CA_C_O, C_N_H, C_CA_CB, TETRAHEDRAL = (
    116.2,
    121.7,
    111.2,
    120.8,
    119.2,
    110.5,
    109.5,
)
"""Bond angles in degrees."""

SIDE_CHAIN, ALPHA_HYDROGEN = 122.7, -119.0
"""Dihedrals X–CA–C–N of an L amino acid in degrees."""

METHYL = (60.0, 180.0, -60.0)
"""Dihedrals of the hydrogens of a staggered methyl group in degrees."""


class PeptideGroups(NamedTuple):
    """Numbers of the atoms of the peptide groups, from the acetyl cap on.

    Attributes:
        oxygens: Oxygens of C=O; the last belongs to the last residue.
        hydrogens: Hydrogens of N–H; the first belongs to the first residue, the last to the
            methylamide cap.
    """

    oxygens: Int[np.ndarray, " groups"]
    hydrogens: Int[np.ndarray, " groups"]


def polyalanine(residues: int, phi_degrees: float = 180.0, psi_degrees: float = 180.0) -> Atoms:
    """Return CH₃CO–(Ala)ₙ–NHCH₃ with the same backbone angles in all residues.

    Args:
        residues: Number n of residues.
        phi_degrees: Dihedral C–N–CA–C; −57 with ψ = −47 is an α helix, by default the chain is
            extended.
        psi_degrees: Dihedral N–CA–C–N.

    Returns:
        12 + 10 n atoms of L-alanine without a cell; `info["charge"]` is 0. Order: C C O H H H of
        the acetyl cap; N CA H C O CB HA HB HB HB of each residue; N C H H H H of the
        methylamide cap.

    Raises:
        InputError: The number of residues is not positive, or an angle is not finite.
    """
    if not isinstance(residues, int) or residues < 1:
        raise InputError("residues: must be a positive integer", got=residues)
    if not np.isfinite([phi_degrees, psi_degrees]).all():
        raise InputError(
            "backbone angles: must be finite", got=f"φ {phi_degrees}, ψ {psi_degrees} degrees"
        )
    chain = _Chain()
    alpha, carbon, oxygen = chain.begin()
    beside, *_ = (chain.add("H", alpha, carbon, oxygen, C_H, TETRAHEDRAL, a - 60) for a in METHYL)
    # This hydrogen eclipses the oxygen; the nitrogen is opposite to both.
    nitrogen = chain.add("N", carbon, alpha, beside, C_N, CA_C_N, 180.0)
    for _ in range(residues):
        alpha, carbon, nitrogen = chain.residue(alpha, carbon, nitrogen, phi_degrees, psi_degrees)
    last = chain.add("C", nitrogen, carbon, alpha, N_CA, C_N_CA, 180.0)
    chain.add("H", nitrogen, carbon, alpha, N_H, C_N_H, 0.0)
    for angle in METHYL:
        chain.add("H", last, nitrogen, carbon, C_H, TETRAHEDRAL, angle)
    return Atoms(chain.symbols, np.array(chain.places), info={"charge": 0})


def peptide_groups(residues: int) -> PeptideGroups:
    """Return the numbers of the atoms of the peptide groups that `polyalanine` builds."""
    starts = 6 + 10 * np.arange(residues + 1)
    return PeptideGroups(np.append(2, starts[:-1] + 4), starts + 2)


class _Chain:
    """Chain of atoms, each placed relative to three before it."""

    def __init__(self):
        self.symbols: list[str] = []
        self.places: list[np.ndarray] = []

    def begin(self) -> tuple[int, int, int]:
        """Place methyl carbon, carbon and oxygen of the acetyl cap; return their numbers."""
        angle = np.radians(CA_C_O)
        self.symbols += ["C", "C", "O"]
        self.places += [
            np.zeros(3),
            np.array([CA_C, 0.0, 0.0]),
            np.array([CA_C - C_O * np.cos(angle), C_O * np.sin(angle), 0.0]),
        ]
        return 0, 1, 2

    def add(
        self, symbol: str, c: int, b: int, a: int, length: float, angle: float, dihedral: float
    ) -> int:
        """Place an atom X by its bond X–c, angle X–c–b and dihedral X–c–b–a; return its number."""
        where = place(self.places[c], self.places[b], self.places[a], length, angle, dihedral)
        self.symbols.append(symbol)
        self.places.append(where)
        return len(self.symbols) - 1

    def residue(
        self, alpha: int, carbon: int, nitrogen: int, phi: float, psi: float
    ) -> tuple[int, int, int]:
        """Place a residue and the next nitrogen; return the atoms that the next one starts from."""
        ca = self.add("C", nitrogen, carbon, alpha, N_CA, C_N_CA, 180.0)
        self.add("H", nitrogen, carbon, alpha, N_H, C_N_H, 0.0)
        c = self.add("C", ca, nitrogen, carbon, CA_C, N_CA_C, phi)
        self.add("O", c, ca, nitrogen, C_O, CA_C_O, psi + 180.0)
        cb = self.add("C", ca, c, nitrogen, CA_CB, C_CA_CB, SIDE_CHAIN)
        self.add("H", ca, c, nitrogen, C_H, TETRAHEDRAL, ALPHA_HYDROGEN)
        for angle in METHYL:
            self.add("H", cb, ca, c, C_H, TETRAHEDRAL, angle)
        return ca, c, self.add("N", c, ca, nitrogen, C_N, CA_C_N, psi)
