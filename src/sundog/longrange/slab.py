"""Slabs, periodic along two directions, in sums over three: boxes with vacuum.

    E = E_3D(a, b, H n̂) + (2π ke/V) M²,   M = Σ q_i z_i,   V = A H

    symbol    variable         meaning
    n̂, z                       normal of the periodic vectors a and b; coordinate along it
    H         height           height in Å of a box that contains the atoms and vacuum
    |a|, |b|  sides            lengths of a and b in Å; A is the area that they span
    g         gaps             H less the extent of the atoms along n̂, in Å
    q, ρ      CHARGE, DENSITY  typical charge and density (`typical.py`)

The third vector of the cell is not read. The second term removes the interaction between the
dipoles of the stacked images, so that E is the energy of an isolated slab. The lateral modes of the
images above and below remain. For charges at random places they cause, at the surface of the slab,

    RMS error of a force = 2π ke q² √(ρ/A) √(Σ_G exp(−2Gg)/(3G) + σ erfc²(g/σ)/12)

per component. The last part belongs to G = 0, where Gaussians overlap. The sum runs over the
reciprocal lattice of a rectangle with sides |a| and |b|: no lattice with vectors as long has a
shorter G. Slabs must be neutral because M would otherwise depend on the origin. dE/dq is correct up
to a constant that depends on H, which has no effect as long as changes of the charges add up to
zero.

Sources: Yeh, Berkowitz, J. Chem. Phys. 111, 3155 (1999), doi:10.1063/1.479595; remaining modes:
Arnold, de Joannis, Holm, J. Chem. Phys. 117, 2496 (2002), doi:10.1063/1.1491955.
"""

from math import inf, pi

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float
from scipy.special import erfc

from sundog.constants import COULOMB
from sundog.errors import CellError
from sundog.longrange.typical import CHARGE, DENSITY
from sundog.system import System
from sundog.typing import Cells, PerSystem

ROOM, ROOM_SHARE = 4.0, 0.2
"""Room for the atoms to spread before a higher box is needed: in Å, and as part of their extent."""

MARGIN = 1.02
"""Factor by which lattice vectors may grow before a higher box is needed; that of `plan.py`."""

TALLEST = 2000.0
"""Largest height of a box in Å; atoms that need a higher one have left the slab."""

LATERAL_MODES = 8
"""Number of modes on either side of zero that are summed in the estimate of the error."""


class Vacuum(eqx.Module):
    """Heights of the boxes of slabs, for each stage of a plan.

    Attributes:
        sigma: damping length σ in Å.
        error: RMS error of a force that images above and below may cause, in eV/Å.
        across: True for the lattice vectors that boxes replace; False for all vectors of
            structures that are no slabs.
        height: heights H in Å.
        room: largest allowed values of `spans` in Å; infinite for structures that are no slabs.
    """

    sigma: float = eqx.field(static=True)
    error: float = eqx.field(static=True)
    across: Bool[Array, "systems 3"]
    height: Float[Array, "stages systems"]
    room: Float[Array, "stages systems 3"]

    def grown(self, used: int, lengths: np.ndarray) -> "Vacuum":
        """Return the stages from `used` on and a new one (host only).

        Args:
            used: index of the first stage that is kept.
            lengths: lengths in Å that the new stage must have room for, as from `spans`;
                structures for which the last stage has room keep their box.

        Raises:
            CellError: atoms have left their slab.
        """
        height, room = _planned(lengths, np.asarray(self.across), self.sigma, self.error)
        last_height, last_room = np.asarray(self.height[-1]), np.asarray(self.room[-1])
        more = np.any(lengths > last_room, axis=1)
        height = np.where(more, height, last_height)
        room = np.where(more[:, None], room, last_room)
        return eqx.tree_at(
            lambda v: (v.height, v.room),
            self,
            (
                jnp.concatenate([self.height[used:], jnp.asarray(height)[None]]),
                jnp.concatenate([self.room[used:], jnp.asarray(room)[None]]),
            ),
        )

    def of_boxes(self, lengths: np.ndarray) -> np.ndarray:
        """Return lengths of vectors in Å, across slabs the heights of the last stage (host only).

        Args:
            lengths: lengths of the lattice vectors in Å.
        """
        return np.where(self.across, np.asarray(self.height[-1])[:, None], lengths)


def across(system: System) -> Bool[Array, "systems 3"]:
    """Return a mask of the vectors across slabs: the one direction that is not periodic.

    It is False for all vectors of other structures.
    """
    return ~system.pbc & (jnp.sum(system.pbc, axis=1) == 2)[:, None]


def boxes(system: System, heights: PerSystem) -> Cells:
    """Return cells in which the vector across slabs is normal to the others.

    Args:
        system: structures, slabs or not.
        heights: lengths of the normal vectors in Å.
    """
    flat, cell = across(system)[:, :, None], system.cell
    normals = jnp.cross(jnp.roll(cell, -1, axis=1), jnp.roll(cell, -2, axis=1))
    square = jnp.sum(normals**2, axis=2, keepdims=True)
    scale = heights[:, None, None] / jnp.sqrt(jnp.where(flat, square, 1.0))
    return jnp.where(flat, scale * normals, cell)


def spans(system: System) -> Float[Array, "systems 3"]:
    """Return the lengths of the lattice vectors and, across slabs, the extent of the atoms in Å."""
    flat, index = across(system), system.system_index
    cell = boxes(system, jnp.ones_like(system.cell[:, 0, 0]))
    normal = jnp.sum(jnp.where(flat[:, :, None], cell, 0.0), axis=1)
    z = jnp.sum(system.positions * normal[index], axis=1)
    ends = [
        jax.ops.segment_max(
            jnp.where(system.is_atom, sign * z, -inf), index, system.number_of_systems
        )
        for sign in (1.0, -1.0)
    ]
    lengths = jnp.sqrt(jnp.sum(cell**2, axis=2))
    return jnp.where(flat, (ends[0] + ends[1])[:, None], lengths)


def vacuum_of(system: System, sigma: float, error: float) -> Vacuum | None:
    """Return boxes for the present slabs, with some room; None where there are none (host only).

    Args:
        system: structures, as concrete arrays.
        sigma: damping length σ in Å.
        error: RMS error of a force that images above and below may cause, in eV/Å.

    Raises:
        CellError: a box would be too tall.
    """
    flat = across(system)
    if not flat.any():
        return None
    height, room = _planned(np.asarray(spans(system)), np.asarray(flat), sigma, error)
    return Vacuum(sigma, error, flat, jnp.asarray(height)[None], jnp.asarray(room)[None])


def gap_for(error: float, sigma: float, sides: np.ndarray) -> float:
    """Return the gap in Å between the atoms of a slab and of its images (host only).

    Args:
        error: RMS error of a force that the images may cause, in eV/Å.
        sigma: damping length σ in Å.
        sides: lengths |a| and |b| in Å, [2].
    """
    gaps = np.linspace(0, 8 * (sides.max() + sigma), 4000)
    return float(gaps[residual_error(gaps, sigma, sides) <= error][0])


def residual_error(gaps: np.ndarray, sigma: float, sides: np.ndarray) -> np.ndarray:
    """Return the RMS error of forces in eV/Å that the images cause, for each gap.

    Args:
        gaps: gaps g in Å, [gaps].
        sigma: damping length σ in Å.
        sides: lengths |a| and |b| in Å, [2].
    """
    n = np.arange(-LATERAL_MODES, LATERAL_MODES + 1)
    g = 2 * pi * np.hypot(n[:, None] / sides[0], n[None] / sides[1]).ravel()
    g = g[g > 0]
    lateral = np.sum(np.exp(-2 * g * gaps[:, None]) / (3 * g), axis=1)
    overlap = sigma * erfc(gaps / sigma) ** 2 / 12
    unit = 2 * pi * COULOMB * CHARGE**2 * np.sqrt(DENSITY / sides.prod())
    return unit * np.sqrt(lateral + overlap)


def _planned(
    lengths: np.ndarray, flat: np.ndarray, sigma: float, error: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return height and room of a stage, in Å, for lengths that `spans` gave."""
    height, room = np.zeros(len(lengths)), np.full(lengths.shape, inf)
    for number in np.flatnonzero(flat.any(axis=1)):
        extent = lengths[number, flat[number]][0]
        sides = MARGIN * lengths[number, ~flat[number]]
        reach = (1 + ROOM_SHARE) * extent + ROOM
        height[number] = reach + gap_for(error, sigma, sides)
        room[number] = MARGIN * lengths[number]
        room[number, flat[number]] = reach
        if not height[number] <= TALLEST:
            raise CellError(
                'electrostatics="ewald": the atoms of a slab spread too far normal to it',
                got=f"an extent of {extent:.4g} Å, for a box {height[number]:.4g} Å high",
                expected=f"a box of at most {TALLEST:g} Å",
                remedy="Remove molecules that have left the slab, hold them back with a "
                'restraint, or use electrostatics="truncated"',
            )
    return height, room
