"""Dihedral angles."""

import numpy as np
from jaxtyping import Float, Int


def dihedral_angles(
    positions: Float[np.ndarray, "*frames atoms 3"], quadruples: Int[np.ndarray, "*many 4"]
) -> Float[np.ndarray, "..."]:
    """Return dihedral angles in degrees from −180 to 180, by the convention of IUPAC.

    Their shape is that of the frames, then that of the quadruples.

    Args:
        positions: positions of whole molecules, in any unit.
        quadruples: four atoms of each dihedral, in the order of their bonds.
    """
    a, b, c, d = (positions[..., quadruples[..., k], :] for k in range(4))
    axis = c - b
    one, other = np.cross(b - a, axis), np.cross(axis, d - c)
    sine = (np.cross(one, other) * axis).sum(axis=-1) / np.linalg.norm(axis, axis=-1)
    return np.asarray(np.degrees(np.arctan2(sine, (one * other).sum(axis=-1))))
