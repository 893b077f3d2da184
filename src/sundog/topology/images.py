"""Images of atoms beside a cell, in any cell, however far they reach."""

from itertools import product

import numpy as np
from jaxtyping import Bool, Float, Int

from sundog.numerics.heights import heights


def images_within(
    fractional: Float[np.ndarray, "atoms 3"],
    cell: Float[np.ndarray, "3 3"],
    periodic: Bool[np.ndarray, " 3"],
    reach: float,
) -> tuple[Int[np.ndarray, " places"], Int[np.ndarray, "places 3"]]:
    """Return atom and image of all places within reach of a cell, the cell's own first.

    Args:
        fractional: fractional coordinates of the atoms, from 0 to 1 along periodic vectors.
        cell: lattice vectors as rows in Å, three of them also where it is not periodic.
        periodic: whether the cell is periodic along each vector.
        reach: distance in Å from the faces of the cell.
    """
    margin = np.where(periodic, reach / heights(cell), 0.0)
    several = [range(-n, n + 1) for n in np.ceil(margin).astype(int).tolist()]
    number, image = [np.arange(len(fractional))], [np.zeros_like(fractional, dtype=np.int64)]
    for shift in product(*several):
        moved = fractional + shift
        beside = (moved > -margin) & (moved < 1 + margin)
        found = np.flatnonzero((beside | ~periodic).all(axis=1))
        if any(shift):
            number.append(found)
            image.append(np.tile(np.array(shift), (len(found), 1)))
    return np.concatenate(number), np.concatenate(image)
