"""Strains of the cell that a barostat may make: subspaces of the symmetric matrices.

    isotropic        a·1                      one mode
    semi-isotropic   diag(a, a, b)            two: a membrane in the xy plane and its normal
    anisotropic      diag(a, b, c)            three: right angles stay
    flexible         any symmetric matrix     six: the cell does not turn, all else may change

`project` is the orthogonal projection onto the subspace. A barostat that works with
projected driving forces and projected noise samples, for each of them, the volume
from exp(−P V/kT) Q(N, V, T) dV, with the cell's shape by its invariant measure; for the
flexible cell that is V⁻² dh, as in Martyna, Tobias, Klein, J. Chem. Phys. 101, 4177 (1994).
Where the centre of mass is at rest it takes no part: Q is then that of N − 1 particles,
and the ideal gas has ⟨P V⟩ = N kT rather than (N + 1) kT.
"""

import jax.numpy as jnp
import numpy as np

from sundog.errors import CellError
from sundog.names import Coupling
from sundog.system import System
from sundog.typing import Cells

NUMBER_OF_MODES: dict[Coupling, int] = {
    "isotropic": 1,
    "semi-isotropic": 2,
    "anisotropic": 3,
    "flexible": 6,
}
"""Number of independent strains that each coupling allows."""

LARGEST_MISALIGNMENT = 1e-6
"""Largest component, relative to the cell, of what has to be zero in it."""


def project(tensor: Cells, coupling: Coupling) -> Cells:
    """Return the part of symmetric matrices that a barostat of this coupling acts on."""
    if coupling == "flexible":
        return tensor
    diagonal = jnp.diagonal(tensor, axis1=1, axis2=2)
    if coupling == "isotropic":
        diagonal = jnp.broadcast_to(diagonal.mean(axis=1, keepdims=True), diagonal.shape)
    elif coupling == "semi-isotropic":
        plane = diagonal[:, :2].mean(axis=1, keepdims=True)
        diagonal = jnp.concatenate([plane, plane, diagonal[:, 2:]], axis=1)
    return diagonal[:, :, None] * jnp.eye(3, dtype=tensor.dtype)[None]


def check_cell(system: System, coupling: Coupling) -> None:
    """Refuse cells that a barostat cannot change in this way (host only).

    Raises:
        CellError: not periodic along all three vectors, or not of the shape that the
            coupling keeps.
    """
    if not np.asarray(system.pbc).all():
        raise CellError(
            "pressure: only a structure that is periodic along all three vectors has one",
            got=f"pbc {np.asarray(system.pbc)[0].tolist()}",
            remedy='Use ensemble="nvt" or "nve", or set pbc in the structure file',
        )
    for cell in np.asarray(system.cell):
        off = cell - np.diag(np.diag(cell))
        if coupling == "semi-isotropic":
            off = off.copy()
            off[:2, :2] = 0  # any shape within the plane
        if coupling in ("isotropic", "flexible"):
            continue
        if np.abs(off).max() > LARGEST_MISALIGNMENT * np.abs(cell).max():
            shape = {
                "semi-isotropic": "a and b in the xy plane and c along z",
                "anisotropic": "a, b and c along x, y and z",
            }[coupling]
            raise CellError(
                f"coupling: {coupling} needs {shape}",
                got=np.array2string(cell, precision=3, separator=", ").replace("\n", ""),
                remedy='Turn the structure, or use coupling="flexible"',
            )
