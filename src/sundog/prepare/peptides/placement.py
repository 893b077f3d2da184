"""Places of atoms by bond length, angle and dihedral, and turns about bonds."""

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

Place = Float[np.ndarray, "3"]


def place(c: Place, b: Place, a: Place, length: float, angle: float, dihedral: float) -> Place:
    """Return the place of an atom X by its bond X–c, angle X–c–b and dihedral X–c–b–a.

    Args:
        c: Place of the atom that X is bonded to.
        b: Place of the atom that c is bonded to.
        a: Place of the atom that the dihedral is measured from.
        length: Length of the bond in Å.
        angle: Angle in degrees.
        dihedral: Dihedral in degrees.
    """
    angle, dihedral = np.radians(angle), np.radians(dihedral)
    along = c - b
    along = along / np.linalg.norm(along)
    normal = np.cross(b - a, along)
    normal /= np.linalg.norm(normal)
    inward = np.cross(normal, along)
    step = (
        -np.cos(angle) * along
        + np.sin(angle) * np.cos(dihedral) * inward
        + np.sin(angle) * np.sin(dihedral) * normal
    )
    return c + length * step


def turned(
    positions: Float[np.ndarray, "atoms 3"], start: Place, end: Place, degrees: float
) -> Float[np.ndarray, "atoms 3"]:
    """Return positions turned about the axis from one place to another, by the right hand.

    Args:
        positions: Coordinates in Å.
        start: Beginning of the axis.
        end: End of the axis.
        degrees: Angle in degrees.
    """
    axis = (end - start) / np.linalg.norm(end - start)
    return Rotation.from_rotvec(np.radians(degrees) * axis).apply(positions - end) + end
