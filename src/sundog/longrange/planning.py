"""`Ewald`: what is asked of a sum in reciprocal space, and how fine it must then be (host only).

    RMS error of a force = ke q² √(ρ/σ) G_p(h/σ),   ln G_p(x) = a ln²x + b ln x + c

of a mesh of spacing h with B-splines of order p, measured against the plain sum for 500 charges
at random places in three triclinic cells, h from 0.45 to 2.3 Å; the fits hold within 27 %, which
is added to them. Planned is for charges of q = 0.4 e RMS at ρ = 0.1 atoms/Å³, uncorrelated. In
the water of SO3LR (0.38 e, opposite charges side by side) the error, with the response of the
charges to the positions in it, is a fifth of the one asked for, or less.

A plain sum holds every k up to where exp(−k²σ²/4) is 1e-12: rounding in float64.

Slabs get so much vacuum (`slab.py`) that, when the atoms have used up their room, the images above
and below leave a tenth of the error asked for of a mesh, and 1e-10 eV/Å of a plain sum.
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

LEFT_OUT = 1e-12
"""Of g(k), relative, in a plain sum."""

OF_IMAGES = 0.1
"""Part of the accuracy of a mesh that images above and below a slab may take."""

OF_IMAGES_PLAIN = 1e-10
"""eV/Å that they may leave in a plain sum."""

COARSEST, FINEST = 0.6, 0.04
"""Spacings in units of σ that are considered."""

MOST_SHEARED = 8.0
"""Lengths of the lattice vectors multiplied, over the volume."""

POINT_COST = 40.0
"""Time for a point of the mesh over that for a point around an atom."""


class Ewald(eqx.Module):
    """The treatment `ewald` of the charges.

    Attributes:
        sigma: σ in Å.
        accuracy: RMS error of the forces on a mesh, eV/Å.
    """

    sigma: float = eqx.field(static=True)
    accuracy: float = eqx.field(static=True)

    def check(self, system: System) -> None:
        """Raise when a structure has no lattice to sum over.

        Raises:
            CellError: periodic along one direction or none, or a cell sheared beyond reason.
            ChargeError: a slab with a net charge.
        """
        pbc = np.asarray(system.pbc)
        if (few := pbc.sum(axis=1) < 2).any():
            raise CellError(
                "electrostatics: `ewald` sums over the images of a structure that is periodic "
                "along three directions, or of a slab, along two",
                got=f"pbc {pbc[few][0].tolist()}",
                remedy="Use --electrostatics exact for a molecule, truncated for a wire",
            )
        charged = np.asarray(across(system)).any(axis=1) & (np.asarray(system.total_charge) != 0)
        if charged.any():
            raise ChargeError(
                "electrostatics: the energy of all images of a charged slab is infinite",
                got=f"charge {np.asarray(system.total_charge)[charged][0]:+g} with two periodic "
                "directions and ewald",
                expected="a neutral slab",
                remedy="Add counter-ions, or use --electrostatics truncated, or give a cell with "
                "vacuum and set pbc to true along all directions, which adds a uniform background",
            )
        cell = np.asarray(boxes(system, jnp.ones_like(system.total_charge)))
        sheared = np.linalg.norm(cell, axis=2).prod(axis=1) / np.abs(np.linalg.det(cell))
        if sheared.max() > MOST_SHEARED:
            raise CellError(
                "cell: too flat or sheared for a sum in reciprocal space",
                got=f"lattice vectors whose lengths multiply to {sheared.max():.3g} volumes",
                expected=f"at most {MOST_SHEARED:g}",
                remedy="Choose shorter vectors of the same lattice (ase.build.niggli_reduce)",
            )

    def plan_sum(self, system: System) -> Plan:
        """Return the plan of a plain sum, exact to rounding; raises as `plan.plan_of`."""
        spacing = pi * self.sigma / (2 * sqrt(-log(LEFT_OUT)))
        return plan_of(system, spacing, None, vacuum_of(system, self.sigma, OF_IMAGES_PLAIN))

    def plan_mesh(self, system: System) -> Plan:
        """Return the plan of a mesh of the accuracy; raises as `plan.plan_of`."""
        spacing, order = mesh_for(self.accuracy, self.sigma)
        vacuum = vacuum_of(system, self.sigma, OF_IMAGES * self.accuracy)
        return plan_of(system, spacing, order, vacuum)


def mesh_for(accuracy: float, sigma: float) -> tuple[float, int]:
    """Return spacing in Å and order of the cheapest mesh that is accurate enough."""
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
    """Return the RMS error of the forces in eV/Å on meshes of a spacing in Å."""
    unit = COULOMB * CHARGE**2 * sqrt(DENSITY / sigma)
    return unit * np.exp(np.polyval(_measured()[order], np.log(spacing / sigma)))


def _measured() -> dict[int, tuple[float, float, float]]:
    """Return a, b, c of G_p by order."""
    return {
        5: (0.4715, 5.8860, -2.4432),
        6: (0.7088, 7.8006, -2.2333),
        7: (0.9743, 10.0009, -1.6659),
    }
