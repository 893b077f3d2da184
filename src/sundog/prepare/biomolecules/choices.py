"""Choices that a user makes about a structure file that is prepared."""

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from sundog.bounds import check_fields
from sundog.errors import InputError
from sundog.topology.residue_names import VARIANTS

STATES = frozenset(VARIANTS) | {"ASP", "GLU", "HIS", "LYS", "CYS", "TYR", "ARG"}
"""Names of protonation states that can be asked for, as ASH or HID."""


class Place(NamedTuple):
    """Residue of a file, by the names that the file has for it.

    Attributes:
        chain: Name of its chain.
        number: Number within the chain.
        insertion: Insertion code; empty without one.
    """

    chain: str
    number: int
    insertion: str = ""

    def __str__(self) -> str:
        return f"{self.chain}:{self.number}{self.insertion}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Return the residue that a text as `A:57` names; without a chain it is that of chain A.

        Raises:
            InputError: The text names no residue.
        """
        match = re.fullmatch(r"(?:([^:\s]+):)?(-?\d+)([A-Za-z]?)", text.strip())
        if match is None:
            raise InputError("residue: its name cannot be read", got=text, expected="as A:57")
        return cls(match.group(1) or "A", int(match.group(2)), match.group(3))


@dataclass(frozen=True, kw_only=True)
class StructureChoices:
    """Choices about a PDB or mmCIF file.

    Attributes:
        frame: Number of the model that is taken, from 0, or from -1 backwards.
        chains: Names of the chains that are taken; all without any.
        assembly: Number of the biological assembly that is built, or `asymmetric` for what is in
            the file; so it is by default, and said.
        remove: Names of residues that are left out, as SO4, HOH or UNX.
        hydrogens: `rebuild` leaves out those of the file and places all after the pH; `keep` takes
            the file's as they are, and its protonation with them.
        ph: pH after which protonation states are chosen.
        pka: Where pKa values come from: those of the free groups, or PROPKA's for this structure.
        protonation: States of single residues, as `A:57=HID`.
        termini: Ends of chains: charged, neutral, or `auto`, charged in water and neutral without.
        named_bonds: Whether bonds that SSBOND, LINK or CONECT records name, and whose atoms are
            too far apart, are refused or ignored.
        loops: Whether residues that are missing within a chain are built or left out.
        standardise: Replace modified residues by those they derive from, as MSE by MET.
        relax: Force field by which clashes are removed: Amber's, as far as it knows the residues.
        ligands: SMILES of residues that the component dictionary lacks, as `LIG=CCO`.
        charges: Formal charges of atoms of ligands, as `A:301:N1=+1`.
    """

    frame: int = 0
    chains: tuple[str, ...] = ()
    assembly: str | None = None
    remove: tuple[str, ...] = ()
    hydrogens: Literal["rebuild", "keep"] = "rebuild"
    ph: float = 7.0
    pka: Literal["model", "propka"] = "model"
    protonation: tuple[str, ...] = ()
    termini: Literal["auto", "charged", "neutral"] = "auto"
    named_bonds: Literal["refuse", "ignore"] = "refuse"
    loops: Literal["build", "leave"] = "build"
    standardise: bool = False
    relax: Literal["none", "amber"] = "none"
    ligands: tuple[str, ...] = ()
    charges: tuple[str, ...] = ()

    def __post_init__(self):
        check_fields(self)
        self.states()
        self.templates()
        self.atom_charges()

    def states(self) -> dict[Place, str]:
        """Return the protonation states that were asked for.

        Raises:
            InputError: An entry cannot be read, or names no state.
        """
        found = {}
        for entry in self.protonation:
            where, _, state = entry.partition("=")
            if state.upper() not in STATES:
                raise InputError(
                    f"protonation: {entry!r} names no state",
                    expected="as A:57=HID; states are " + " ".join(sorted(STATES)),
                )
            found[Place.parse(where)] = state.upper()
        return found

    def templates(self) -> dict[str, str]:
        """Return the SMILES of ligands by the names of their residues.

        Raises:
            InputError: An entry cannot be read.
        """
        found: dict[str, str] = {}
        for entry in self.ligands:
            name, _, smiles = entry.partition("=")
            found[name] = smiles
        for name, smiles in found.items():
            if not name or not smiles:
                raise InputError(
                    "ligands: an entry cannot be read", got=f"{name}={smiles}", expected="LIG=CCO"
                )
        return found

    def atom_charges(self) -> dict[tuple[Place, str], int]:
        """Return the formal charges in e that were asked for, by residue and name of the atom.

        Raises:
            InputError: An entry cannot be read.
        """
        found = {}
        for entry in self.charges:
            match = re.fullmatch(r"(\S+):([^:=\s]+)=([+-]?\d)", entry.strip())
            if match is None:
                raise InputError(
                    "charges: an entry cannot be read", got=entry, expected="as A:301:N1=+1"
                )
            found[Place.parse(match.group(1)), match.group(2)] = int(match.group(3))
        return found
