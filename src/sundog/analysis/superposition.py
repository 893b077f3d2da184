"""Structures laid over one another by the best fit of their atoms, with mdtraj.

    RMSD = min_R √(Σ |R x_i − y_i|² / N)

over rotations R about the centres of the atoms; all atoms count alike. mdtraj computes in float32:
deviations of structures up to some hundred Å wide are right to about 10⁻⁴ Å.
Source: Theobald, Acta Cryst. A 61, 478 (2005), doi:10.1107/S0108767305015266.
"""

import mdtraj
import numpy as np
from jaxtyping import Float, Int

Positions = Float[np.ndarray, "frames atoms 3"]
"""Positions in Å."""


def deviations(
    positions: Positions, reference: Float[np.ndarray, "atoms 3"]
) -> Float[np.ndarray, " frames"]:
    """Return the RMSD in Å of every frame from a reference, after the best fit."""
    return 10 * mdtraj.rmsd(_bare(positions), _bare(reference[None])).astype(np.float64)


def deviations_between(positions: Positions) -> Float[np.ndarray, "frames frames"]:
    """Return the RMSD in Å between all frames, after the best fits."""
    own = _bare(positions)
    own.center_coordinates()
    rows = [mdtraj.rmsd(own, own, k, precentered=True) for k in range(len(positions))]
    found = 10 * np.stack(rows).astype(np.float64)
    np.fill_diagonal(found, 0.0)
    return (found + found.T) / 2


def superposed(
    positions: Positions,
    reference: Float[np.ndarray, "atoms 3"],
    fitted: Int[np.ndarray, " fitted"],
) -> Positions:
    """Return positions turned and moved so that some of the atoms fit a reference.

    Args:
        positions: positions in Å of all atoms.
        reference: positions in Å of all atoms of the reference.
        fitted: atoms that are fitted.
    """
    moved = _bare(positions).superpose(_bare(reference[None]), atom_indices=fitted)
    return 10 * np.asarray(moved.xyz, np.float64)


def _bare(positions: Positions) -> mdtraj.Trajectory:
    """Return a trajectory of mdtraj without names, in nm."""
    return mdtraj.Trajectory((positions / 10).astype(np.float32), None)
