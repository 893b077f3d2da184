"""Transfer of charges to a mesh on devices whose threads add in any order.

    ρ_g = 2⁻⁴⁰ Σ_i ⌊2⁴⁰ q_i W(R_i − r_g)⌉

A sum of integers does not depend on their order, so that results are reproducible.
"""

import jax.numpy as jnp
import numpy as np

from sundog.longrange.mesh import Meshes, OnMesh, PlainTransport, stencils
from sundog.typing import PerAtom

UNITS_PER_CHARGE = 2.0**40
"""Integer that represents a charge of 1 e.

2⁻⁴⁰ e is far below the rounding of float32; sums of int64 overflow only above 2²³ e.
"""


class ReproducibleTransport(PlainTransport):
    """Transfer in plain JAX in which charges are added as integers."""

    def spread(self, at: OnMesh, charges: PerAtom, systems: int) -> Meshes:
        """Return the charges on the meshes; see `AbstractTransport.spread`."""
        flat = jnp.zeros(systems * int(np.prod(at.shape)), jnp.int64)
        units = charges.astype(jnp.float64) * UNITS_PER_CHARGE
        for points, weights, _ in stencils(at, charges.dtype):
            wx, wy, wz = (one.astype(units.dtype) for one in weights)
            values = (units * wx)[:, None, None] * wy[:, :, None] * wz[:, None, :]
            flat = flat.at[points.reshape(-1)].add(jnp.rint(values).astype(flat.dtype).reshape(-1))
        meshes = flat.astype(units.dtype) / UNITS_PER_CHARGE
        return meshes.astype(charges.dtype).reshape(systems, *at.shape)
