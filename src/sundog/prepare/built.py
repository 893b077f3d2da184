"""The value that every builder of structures returns."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from jaxtyping import Float


@dataclass(frozen=True)
class Built:
    """A structure that was built, and every decision on the way.

    Attributes:
        atoms: Structure. Arrays `atomtypes`, `residuenames`, `residuenumbers` and `chainids` name
            its atoms as readers of files do, `formal_charges` are integers in e, and
            `info["charge"]` is their sum. A periodic structure has a cell and `pbc`.
        decisions: What was chosen for the user, as sentences in the order of building.
    """

    atoms: Atoms
    decisions: tuple[str, ...] = ()


def labelled(
    atoms: Atoms,
    *,
    names: Sequence[str],
    residue_names: Sequence[str],
    residue_numbers: Sequence[int],
    formal_charges: Sequence[int],
    chains: Sequence[str] | None = None,
) -> Atoms:
    """Set the arrays of a built structure and its total charge; return the same structure.

    Args:
        atoms: Structure with elements, positions and, where it has one, a cell.
        names: Names of the atoms.
        residue_names: Names of their residues.
        residue_numbers: Numbers of the residues, from 1.
        formal_charges: Formal charges in e.
        chains: Names of the chains; all are A by default.
    """
    atoms.set_array("atomtypes", np.array(names, dtype=str))
    atoms.set_array("residuenames", np.array(residue_names, dtype=str))
    atoms.set_array("residuenumbers", np.array(residue_numbers, dtype=int))
    atoms.set_array("chainids", np.array(chains or ["A"] * len(atoms), dtype=str))
    atoms.set_array("formal_charges", np.array(formal_charges, dtype=int))
    atoms.info["charge"] = int(atoms.arrays["formal_charges"].sum())
    return atoms


def numbered_names(symbols: Sequence[str]) -> list[str]:
    """Return names that are unique within a molecule: the symbol and a count, as C1, C2, H1."""
    seen: Counter[str] = Counter()
    names = []
    for symbol in symbols:
        seen[symbol] += 1
        names.append(f"{symbol.upper()}{seen[symbol]}")
    return names


def centred(positions: Float[np.ndarray, "atoms 3"]) -> Float[np.ndarray, "atoms 3"]:
    """Return positions with their centre at the origin."""
    return positions - positions.mean(axis=0)
