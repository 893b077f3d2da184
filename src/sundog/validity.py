"""Refusal of structures by their numbers alone: atoms, cell, charge and spin.

Only NumPy is needed, so that bad input is refused before anything heavy is imported.
"""

import numpy as np

from sundog.errors import CellError, ChargeError, StructureError

FARTHEST = 1e6
"""Coordinate in Å beyond which a structure is refused.

Positions farther away are overflows or other units; the last digits of distances would be lost,
and lists of pairs could not span them.
"""

SMALLEST_CELL_VOLUME = 1e-3
"""Volume in Å³ below which a periodic cell is refused as degenerate.

With two or one periodic directions, the area in Å² or the length in Å. No two atoms fit into so
small a cell.
"""

LOWEST_CELL = 1.0
"""Height in Å below which a periodic cell is refused: an atom would overlap with its own image."""


def check_atoms(positions: np.ndarray, numbers: np.ndarray) -> None:
    """Refuse positions and atomic numbers that are no structure.

    Args:
        positions: coordinates in Å, [atoms, 3].
        numbers: atomic numbers, [atoms].

    Raises:
        StructureError: there are no atoms, the shapes do not fit, or coordinates are not finite
            or beyond `FARTHEST`.
    """
    if len(numbers) == 0:
        raise StructureError("structure: there are no atoms in it", remedy="Check the input file")
    if positions.shape != (len(numbers), 3):
        raise StructureError(
            "positions: one row of three coordinates per atom is needed",
            got=f"shape {positions.shape} for {len(numbers)} atoms",
        )
    bad = np.flatnonzero(~np.isfinite(positions).all(axis=1))
    if len(bad):
        raise StructureError(
            f"positions: {len(bad)} atom(s) have coordinates that are not finite numbers",
            got=f"atom {bad[0]}: {positions[bad[0]].tolist()}",
            remedy="Repair the structure file",
        )
    far = np.flatnonzero((np.abs(positions) > FARTHEST).any(axis=1))
    if len(far):
        raise StructureError(
            f"positions: {len(far)} atom(s) are too far from the origin",
            got=f"atom {far[0]}: {positions[far[0]].tolist()}",
            expected=f"coordinates within ±{FARTHEST:.0e} Å",
            remedy="Check the unit of the coordinates, or wrap the atoms into the cell",
        )


def check_cell(cell: np.ndarray, pbc: np.ndarray) -> None:
    """Refuse a cell that cannot be repeated along its periodic directions.

    Args:
        cell: lattice vectors in Å as rows, [3, 3].
        pbc: periodicity along each of them, [3].

    Raises:
        CellError: a vector is not finite or longer than `FARTHEST`, the periodic vectors span no
            volume, or the cell is lower than `LOWEST_CELL`.
    """
    if cell.shape != (3, 3) or not np.isfinite(cell).all():
        raise CellError("cell: three finite lattice vectors are needed", got=cell.tolist())
    if (np.abs(cell) > FARTHEST).any():
        raise CellError(
            "cell: a lattice vector is too long",
            got=_in_one_line(cell),
            expected=f"components within ±{FARTHEST:.0e} Å",
            remedy="Check the unit of the cell",
        )
    vectors = cell[pbc]
    if len(vectors) == 0:
        return
    measure = np.sqrt(max(np.linalg.det(vectors @ vectors.T), 0.0))
    if measure < SMALLEST_CELL_VOLUME:
        raise CellError(
            "cell: the periodic lattice vectors span no volume",
            got=_in_one_line(cell),
            remedy="Give the cell in the structure file, or set pbc to false",
        )
    heights = 1 / np.linalg.norm(np.linalg.pinv(vectors, rcond=0.0), axis=0)
    if heights.min() < LOWEST_CELL:
        axis = "abc"[int(np.flatnonzero(pbc)[heights.argmin()])]
        raise CellError(
            f"cell: too thin along {axis}, where an atom would meet its own image",
            got=f"a height of {heights.min():.3g} Å in {_in_one_line(cell)}",
            expected=f"at least {LOWEST_CELL:g} Å between opposite faces",
            remedy="Check its unit, reduce it if it is skewed, or set pbc to false",
        )


def check_electrons(
    numbers: np.ndarray, total_charge: float, multiplicity: float | None = None
) -> int:
    """Return the multiplicity, after checking that charge and spin are possible.

    Args:
        numbers: atomic numbers, [atoms].
        total_charge: total charge in e.
        multiplicity: spin multiplicity 2S + 1; by default the lowest one, 1 for an even number of
            electrons and 2 for an odd one.

    Raises:
        ChargeError: a charge that is not an integer or removes more electrons than there are,
            a multiplicity that is not a positive integer, needs more unpaired electrons than
            there are, or has the wrong parity.
    """
    if not np.isfinite(total_charge) or total_charge != round(total_charge):
        raise ChargeError(
            "charge: the total charge must be an integer number of elementary charges",
            got=total_charge,
            remedy='Set `charge`, or atoms.info["charge"], to an integer',
        )
    electrons = int(np.sum(numbers)) - round(total_charge)
    if electrons < 0:
        raise ChargeError(
            "charge: the structure does not have that many electrons to lose",
            got=f"charge {round(total_charge):+d} with {int(np.sum(numbers))} electrons",
            remedy="Correct the charge",
        )
    if multiplicity is None:
        return electrons % 2 + 1
    if not np.isfinite(multiplicity) or multiplicity != round(multiplicity) or multiplicity < 1:
        raise ChargeError(
            "multiplicity: must be a positive integer, 2S + 1",
            got=multiplicity,
            remedy="Use 1 for a closed shell, 2 for a radical, 3 for a triplet",
        )
    unpaired = round(multiplicity) - 1
    if unpaired > electrons or (electrons - unpaired) % 2:
        parity = "odd" if electrons % 2 else "even"
        raise ChargeError(
            f"multiplicity: impossible for {electrons} electrons "
            f"(charge {round(total_charge):+d}), an {parity} number",
            got=round(multiplicity),
            expected="an even multiplicity" if electrons % 2 else "an odd multiplicity",
            remedy="Correct the charge or the multiplicity",
        )
    return round(multiplicity)


def _in_one_line(cell: np.ndarray) -> str:
    return np.array2string(cell, separator=", ").replace("\n", "")
