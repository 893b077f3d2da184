"""Geometry of the short-range pairs, and forces and virials from its cotangents.

c = f(r)/n̄,   φ(r) (see `radial`),   Y_lm(r_ij/r)
F_i = g,  F_j = −g,   virial = Σ r_ij ⊗ g,   g = dE/dr_ij,  each pair once
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.kernels.plain.blocks import Blocked, add_at, over_blocks, take
from sundog.kernels.plain.radial import RadialBasis, radial_basis
from sundog.neighbors.pairs import PairList
from sundog.numerics.harmonics import spherical_harmonics
from sundog.numerics.segments import sum_per_system
from sundog.numerics.switch import polynomial_cutoff
from sundog.system import System
from sundog.typing import Cells, PerPair, Positions


class PairGeometry(eqx.Module):
    """Geometry of the short-range pairs, or its cotangent.

    Attributes:
        distances: distances r in Å.
        weight: weight c = f(r)/n̄, zero in padding.
        radial: basis φ(r) of the radial filters.
        harmonics: spherical harmonics Y_lm of the direction.
    """

    distances: PerPair
    weight: PerPair
    radial: Float[Array, "pairs functions"]
    harmonics: Float[Array, "pairs components"]


class ShortRange(eqx.Module):
    """Map from positions to `PairGeometry`, with its derivative.

    Attributes:
        radial: basis of the radial filters.
        degrees: degrees l of the harmonics.
        cutoff: short-range cutoff in Å.
        average_neighbors: average number n̄ of neighbours.
    """

    radial: RadialBasis
    degrees: tuple[int, ...] = eqx.field(static=True)
    cutoff: float = eqx.field(static=True)
    average_neighbors: float = eqx.field(static=True)

    def forward(self, system: System, pairs: Blocked) -> PairGeometry:
        """Return the geometry of all pairs."""

        def body(carry: tuple[()], listed: PairList) -> tuple[tuple[()], PairGeometry]:
            return carry, self._geometry(self._vectors(system, listed), listed.mask)

        return over_blocks(body, (), pairs.listed, pairs)[1]

    def backward(
        self, system: System, pairs: Blocked, cotangent: PairGeometry
    ) -> tuple[Positions, Cells]:
        """Return forces in eV/Å and virials in eV from the cotangent of the geometry.

        Args:
            system: positions and cells.
            pairs: short-range pairs in blocks.
            cotangent: derivatives of the energy by the geometry.
        """

        def body(sums: tuple[Array, Array], block: tuple) -> tuple[tuple[Array, Array], tuple[()]]:
            listed, g = block
            vectors = self._vectors(system, listed)
            _, pull = jax.vjp(lambda v: self._geometry(v, listed.mask), vectors)
            (force,) = pull(g)
            forces = jnp.stack(force, axis=1).astype(sums[0].dtype)
            outer = jnp.stack([v * f for v in vectors for f in force], axis=1)
            on_atoms = add_at(add_at(sums[0], listed.i, forces), listed.j, -forces)
            return (on_atoms, add_at(sums[1], listed.i, outer.astype(sums[1].dtype))), ()

        zeros = jnp.zeros((system.number_of_atoms, 9), system.positions.dtype)
        columns = (pairs.listed, cotangent)
        (forces, virials), _ = over_blocks(body, (zeros[:, :3], zeros), columns, pairs)
        systems = system.number_of_systems
        virial = sum_per_system(virials, system.system_index, systems)
        return forces, virial.reshape(systems, 3, 3)

    def _vectors(self, system: System, listed: PairList) -> list[PerPair]:
        return pair_vectors(system, listed, self.radial.coefficients.dtype)

    def _geometry(self, vectors: list[PerPair], mask: Array) -> PairGeometry:
        r = jnp.sqrt(sum(v**2 for v in vectors))
        weight = polynomial_cutoff(r, self.cutoff) / self.average_neighbors
        return PairGeometry(
            distances=r,
            weight=jnp.where(mask, weight, 0.0),
            radial=radial_basis(self.radial, r),
            harmonics=spherical_harmonics(
                jnp.stack([v / r for v in vectors], axis=1), self.degrees
            ),
        )


def pair_vectors(system: System, pairs: PairList, dtype: jnp.dtype) -> list[PerPair]:
    """Return x, y and z of r_ij in Å; 1 in padding, so that nothing there is singular.

    Differences are formed in the precision of the positions and only then rounded.

    Args:
        system: positions and cells.
        pairs: pair list.
        dtype: precision of the result.
    """
    if system.number_of_systems == 1:
        cells = system.cell[:1]
    else:
        cells = take(system.cell, take(system.system_index, pairs.i))
    shift = pairs.shift.astype(cells.dtype)
    vectors = []
    for axis in range(3):
        place = system.positions[:, axis]
        image = sum(shift[:, a] * cells[:, a, axis] for a in range(3))
        vector = (take(place, pairs.j) - take(place, pairs.i) + image).astype(dtype)
        vectors.append(jnp.where(pairs.mask, vector, 1.0))
    return vectors
