"""`Ewald`: the accuracy of a sum in reciprocal space and the resolution that it needs (host only).

    RMS error of a force = ke q² √(ρ/σ) G_p(h/σ),   ln G_p(x) = a ln²x + b ln x + c

holds for a mesh of spacing h with B-splines of order p. It was measured against the plain sum for
500 charges at random places in three triclinic cells, with h from 0.45 to 2.3 Å. The fits hold
within 27 %, which is added to them. Plans are made for uncorrelated charges of q = 0.4 e RMS at
ρ = 0.1 atoms/Å³ (`typical.py`). In liquid water with SO3LR (0.38 e RMS, opposite charges side by
side) the error, including the response of the charges to the positions, is at most a fifth of the
requested one.

A plain sum contains every k up to the one at which exp(−k²σ²/4) = 1e-12, which is rounding in
float64.

Slabs get enough vacuum (`slab.py`) that, even when the atoms have used up their room, the images
above and below cause a tenth of the requested error of a mesh, and 1e-10 eV/Å in a plain sum.
"""

from math import log, pi, sqrt

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from sundog.constants import COULOMB
from sundog.errors import CellError, ChargeError
from sundog.longrange.plan import Plan, plan_of
from sundog.longrange.slab import across, boxes, vacuum_of
from sundog.longrange.typical import CHARGE, DENSITY
from sundog.system import System

TRUNCATION = 1e-12
"""Value of exp(−k²σ²/4) beyond which a plain sum leaves out wave vectors: rounding in float64."""

OF_IMAGES = 0.1
"""Fraction of a mesh's requested error that the images above and below a slab may cause."""

OF_IMAGES_PLAIN = 1e-10
"""Error of forces in eV/Å that the images above and below a slab may cause in a plain sum."""

COARSEST, FINEST = 0.6, 0.04
"""Largest and smallest mesh spacing that is considered, in units of σ.

The fits end near the largest; the smallest is finer than any accuracy that is accepted needs.
"""

MOST_SHEARED = 8.0
"""Largest accepted product of the lattice vectors' lengths over the volume of the cell.

The number of modes grows with this product; a reduced cell of the same lattice has a small one.
"""

POINT_COST = 40.0
"""Estimated time for a mesh point over the time for one of the order³ points around an atom."""


class Ewald(eqx.Module):
    """Settings of the electrostatics `ewald`.

    Attributes:
        sigma: damping length σ in Å.
        accuracy: requested RMS error of the forces on a mesh, in eV/Å.
    """

    sigma: float = eqx.field(static=True)
    accuracy: float = eqx.field(static=True)

    def check(self, system: System) -> None:
        """Refuse structures over whose images no sum is possible.

        Raises:
            CellError: a structure is periodic along one direction or none, or its cell is too
                sheared.
            ChargeError: a slab has a net charge.
        """
        pbc = np.asarray(system.pbc)
        if (few := pbc.sum(axis=1) < 2).any():
            raise CellError(
                'electrostatics="ewald" needs a structure that is periodic along three '
                "directions, or a slab that is periodic along two",
                got=f"pbc {pbc[few][0].tolist()}",
                remedy='Use electrostatics="exact" for a molecule, electrostatics="truncated" for '
                "a wire",
            )
        charged = np.asarray(across(system)).any(axis=1) & (np.asarray(system.total_charge) != 0)
        if charged.any():
            raise ChargeError(
                'electrostatics="ewald": the energy of a charged slab and its images is infinite',
                got=f"charge {np.asarray(system.total_charge)[charged][0]:+g} with two periodic "
                "directions",
                expected="a neutral slab",
                remedy='Add counter-ions, or use electrostatics="truncated", or give a cell with '
                "vacuum and set pbc to true along all directions, which adds a uniform background",
            )
        cell = np.asarray(boxes(system, jnp.ones_like(system.total_charge)))
        sheared = np.linalg.norm(cell, axis=2).prod(axis=1) / np.abs(np.linalg.det(cell))
        if sheared.max() > MOST_SHEARED:
            raise CellError(
                "cell: its vectors are too far from perpendicular for a sum in reciprocal space",
                got=f"a product of their lengths of {sheared.max():.3g} times the volume",
                expected=f"at most {MOST_SHEARED:g} times",
                remedy="Choose shorter vectors of the same lattice (ase.build.niggli_reduce)",
            )

    def plan_sum(self, system: System) -> Plan:
        """Return the plan of a plain sum, exact to rounding; raises as `plan.plan_of`."""
        spacing = pi * self.sigma / (2 * sqrt(-log(TRUNCATION)))
        return plan_of(system, spacing, None, vacuum_of(system, self.sigma, OF_IMAGES_PLAIN))

    def plan_mesh(self, system: System) -> Plan:
        """Return the plan of a mesh of the requested accuracy; raises as `plan.plan_of`."""
        spacing, order = mesh_for(self.accuracy, self.sigma)
        vacuum = vacuum_of(system, self.sigma, OF_IMAGES * self.accuracy)
        return plan_of(system, spacing, order, vacuum)


def mesh_for(accuracy: float, sigma: float) -> tuple[float, int]:
    """Return spacing in Å and order of the cheapest mesh that is accurate enough.

    Args:
        accuracy: RMS error of the forces in eV/Å.
        sigma: damping length σ in Å.
    """
    choices = []
    for order in _measured():
        spacings = np.geomspace(FINEST, COARSEST, 500) * sigma
        good = spacings[force_error(spacings, order, sigma) <= accuracy]
        if len(good):
            cost = order**3 + POINT_COST / (DENSITY * good[-1] ** 3)
            choices.append((cost, float(good[-1]), order))
    _, spacing, order = min(choices)
    return spacing, order


def force_error(spacing: np.ndarray, order: int, sigma: float) -> np.ndarray:
    """Return the RMS error of the forces on meshes, in eV/Å.

    Args:
        spacing: spacings h in Å.
        order: order p of the B-splines.
        sigma: damping length σ in Å.
    """
    unit = COULOMB * CHARGE**2 * sqrt(DENSITY / sigma)
    return unit * np.exp(np.polyval(_measured()[order], np.log(spacing / sigma)))


def _measured() -> dict[int, tuple[float, float, float]]:
    """Return the fitted coefficients a, b, c of ln G_p by order p, as in the module's header."""
    return {
        5: (0.4715, 5.8860, -2.4432),
        6: (0.7088, 7.8006, -2.2333),
        7: (0.9743, 10.0009, -1.6659),
    }
