"""The value that every builder of structures returns."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from jaxtyping import Float, Int


@dataclass(frozen=True)
class Built:
    """A structure that was built, and every decision on the way.

    Attributes:
        atoms: Structure. Arrays `atomtypes`, `residuenames`, `residuenumbers` and `chainids` name
            its atoms as readers of files do, `formal_charges` are integers in e, and
            `info["charge"]` is their sum. A periodic structure has a cell and `pbc`.
        decisions: Sentences about what was chosen for the user, in the order of building.
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
    columns = {
        "atomtypes": np.array(names, dtype=str),
        "residuenames": np.array(residue_names, dtype=str),
        "residuenumbers": np.array(residue_numbers, dtype=int),
        "chainids": np.array(chains or ["A"] * len(atoms), dtype=str),
        "formal_charges": np.array(formal_charges, dtype=int),
    }
    for name, column in columns.items():
        # Into an array that is there already, ASE cuts words to its width.
        atoms.arrays.pop(name, None)
        atoms.set_array(name, column)
    atoms.info["charge"] = int(columns["formal_charges"].sum())
    return atoms


def joined(pieces: Sequence[Atoms]) -> Atoms:
    """Return labelled structures as one, without a cell; the charge is the sum.

    ASE's own sum of structures cuts words to the width of those of the first.
    """
    whole = Atoms(
        np.concatenate([piece.numbers for piece in pieces]),
        np.concatenate([piece.positions for piece in pieces]),
    )
    if any(piece.has("masses") for piece in pieces):
        masses = np.concatenate([piece.get_masses() for piece in pieces])
        whole.set_array("masses", masses)

    def column(name: str) -> list:
        return [entry for piece in pieces for entry in piece.arrays[name].tolist()]

    labelled(
        whole,
        names=column("atomtypes"),
        residue_names=column("residuenames"),
        residue_numbers=column("residuenumbers"),
        formal_charges=column("formal_charges"),
        chains=column("chainids"),
    )
    if any("insertioncodes" in piece.arrays for piece in pieces):
        codes = [piece.arrays.get("insertioncodes", np.full(len(piece), ".")) for piece in pieces]
        whole.set_array("insertioncodes", np.concatenate(codes))
    return whole


def residue_starts(*labels: np.ndarray) -> Int[np.ndarray, " residues"]:
    """Return the first atom of each residue: where one of the labels of atoms changes.

    Args:
        *labels: Names of chain and residue, number, insertion code of each atom.
    """
    new = np.any([np.append(True, one[1:] != one[:-1]) for one in labels], axis=0)
    return np.flatnonzero(new)


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
