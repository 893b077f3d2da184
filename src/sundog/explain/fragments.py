"""Fragments of a structure: its molecules, or groups that the user names."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from jaxtyping import Float, Int

from sundog.data.keys import FRAGMENT_CHARGES
from sundog.errors import ChargeError, FileFormatError, InputError
from sundog.io.topologies import topology_from_atoms
from sundog.topology.topology import Topology


@dataclass(frozen=True)
class Fragments:
    """Groups of the atoms of one structure.

    Attributes:
        index: fragment of each atom, 0, 1, …, in the order of their first atoms.
        topology: bonds of the structure, with every molecule in one piece.
        source: origin of the fragments, in words.
    """

    index: Int[np.ndarray, " atoms"]
    topology: Topology
    source: str

    @property
    def whole(self) -> Float[np.ndarray, "atoms 3"]:
        """Positions in Å with every molecule in one piece, whatever cell it was cut by."""
        return self.topology.positions

    @property
    def count(self) -> int:
        """Number of fragments."""
        return int(self.index.max()) + 1

    def atoms_of(self, fragment: int) -> Int[np.ndarray, " members"]:
        """Return the atoms of a fragment."""
        return np.flatnonzero(self.index == fragment)


def find_fragments(
    atoms: Atoms, named: str | None = None, topology: Topology | None = None
) -> Fragments:
    """Return the fragments of a structure.

    Args:
        atoms: the structure.
        named: name of an array of the structure with a value per atom, or path of a file with one
            word per atom, equal where atoms belong together; by default the bonded molecules.
        topology: topology of the structure, if it is known already.

    Raises:
        InputError: `named` is neither, or its length is not the number of atoms.
    """
    whole = (topology_from_atoms(atoms) if topology is None else topology).whole()
    if named is None:
        return Fragments(_in_order(whole.molecules.number), whole, "bonded molecules")
    if named in atoms.arrays:
        values = np.asarray(atoms.arrays[named])
        if values.ndim != 1:
            raise InputError(
                f"fragments: the array {named} must have one value per atom",
                got=f"shape {values.shape}",
            )
        return Fragments(_in_order(values), whole, f"array {named}")
    values = np.array(_words(Path(named), atoms))
    if len(values) != len(atoms):
        raise InputError(
            f"fragments: {named} must name the fragment of every atom",
            got=f"{len(values)} words",
            expected=f"{len(atoms)}, one per atom, separated by spaces or line breaks",
        )
    return Fragments(_in_order(values), whole, f"file {Path(named).name}")


def fragment_charges(
    atoms: Atoms, fragments: Fragments, total: int, given: Sequence[int] | None = None
) -> Int[np.ndarray, " fragments"]:
    """Return the total charge of each fragment.

    Charges that are given take precedence over `info["fragment_charges"]`. Without either, every
    fragment of a neutral structure is neutral, unless one of them would then have an odd number
    of electrons, as the ions of a salt have.

    Args:
        atoms: the structure.
        fragments: its fragments.
        total: charge of the structure.
        given: charge of each fragment.

    Raises:
        ChargeError: charges are not integers, do not add up to `total`, are too few or too many,
            or are not known.
    """
    stated = atoms.info.get(FRAGMENT_CHARGES) if given is None else given
    if stated is not None:
        charges = np.atleast_1d(np.asarray(stated, np.float64))
        right = len(charges) == fragments.count and (charges == charges.round()).all()
        if not right or charges.sum() != total:
            raise ChargeError(
                "fragment charges: one integer per fragment is needed, with the structure's "
                "charge as their sum",
                got=charges.tolist(),
                expected=f"{fragments.count} charges that add up to {total:+d}",
                remedy="Correct fragment_charges, `charge` or the structure file",
            )
        return charges.astype(np.int64)
    odd = np.flatnonzero(np.bincount(fragments.index, atoms.numbers) % 2)
    if total or len(odd):
        raise ChargeError(
            "fragment charges: they are not known",
            got=f"a structure of charge {total:+d}"
            if total
            else f"fragment {odd[0]}, which has an odd number of electrons if it is neutral",
            expected=f"{fragments.count} integers that add up to {total:+d}",
            remedy="Give fragment_charges, as 1,-1, or info['fragment_charges']",
        )
    return np.zeros(fragments.count, np.int64)


def formulas(atoms: Atoms, fragments: Fragments) -> list[str]:
    """Return the formula of each fragment, in Hill's order."""
    return [
        atoms[fragments.atoms_of(n)].get_chemical_formula("hill") for n in range(fragments.count)
    ]


def _in_order(values: np.ndarray) -> Int[np.ndarray, " atoms"]:
    """Return values numbered in the order in which they first appear."""
    _, first, index = np.unique(values, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[index.reshape(-1)]


def _words(path: Path, atoms: Atoms) -> list[str]:
    arrays = ", ".join(name for name, values in atoms.arrays.items() if values.ndim == 1)
    if not path.is_file():
        raise InputError(
            "fragments: neither an array of the structure nor a file",
            got=path,
            expected=f"a file with one word per atom, or one of the arrays {arrays}",
        )
    try:
        return path.read_text().split()
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(f"{path}: the file cannot be read", got=error) from error
