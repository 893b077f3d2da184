"""`PairList`, the pairs of atoms within a cutoff, and `Edges`, their geometry.

    r_ij = R_j + shift · cell − R_i,   i receives, j sends

Both orders of a pair are listed, so that sums over j give complete quantities of each
atom. Periodic images are distinguished by their integer shift; an atom is also paired
with its own images (i = j, shift ≠ 0).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from sundog.system import System
from sundog.typing import PairVectors, PerPair


class PairList(eqx.Module):
    """Ordered pairs of atoms, sorted by receiver.

    Attributes:
        i: index of the receiving atom.
        j: index of the sending atom; equal to i in padding.
        shift: number of lattice vectors to add to R_j, [pairs, 3].
        mask: False for padding.
        row_length: number of entries of each atom, or None where this varies. When set, atom n
            has the entries n·row_length … (n+1)·row_length − 1; gathers at receivers and sums
            over senders are then a broadcast and a reduction, which need no scatter.
    """

    i: Int[Array, " pairs"]
    j: Int[Array, " pairs"]
    shift: Int[Array, "pairs 3"]
    mask: Bool[Array, " pairs"]
    row_length: int | None = eqx.field(static=True, default=None)

    @property
    def directions(self) -> tuple["PairList", ...]:
        """Lists over which sums over ordered pairs are taken: this one, which holds both orders.

        A list that holds every pair once (`RingPairs`) is followed by its reverse. What is the
        same for both orders need be computed once for all of them.
        """
        return (self,)

    @property
    def parity(self) -> int:
        """Sign of r_ij here against that of the first of the `directions`."""
        return 1

    def at_receivers(self, values: Array) -> Array:
        """Return `values[i]`, one row per pair."""
        if self.row_length is None:
            return values[self.i]
        rows = jnp.broadcast_to(
            values[:, None], (values.shape[0], self.row_length, *values.shape[1:])
        )
        return rows.reshape(-1, *values.shape[1:])

    def at_senders(self, values: Array) -> Array:
        """Return `values[j]`, one row per pair."""
        return values[self.j]

    def sum_over_senders(self, values: Array, atoms: int) -> Array:
        """Return Σ_j values_ij for each of `atoms` receivers."""
        if self.row_length is None:
            return jax.ops.segment_sum(values, self.i, atoms, indices_are_sorted=True)
        return values.reshape(atoms, self.row_length, *values.shape[1:]).sum(axis=1)

    def vectors(self, system: System, strain: Float[Array, "systems 3 3"]) -> PairVectors:
        """Return the vectors r_ij in Å under a strain, whatever they are in padding.

        Args:
            system: positions and cells.
            strain: strain ε of each structure.
        """
        difference = self.at_senders(system.positions) - self.at_receivers(system.positions)
        shift = self.shift.astype(difference.dtype)
        if system.number_of_systems == 1:
            vectors = difference + shift @ system.cell[0]
            return vectors + vectors @ strain[0]
        structure = self.at_receivers(system.system_index)
        vectors = difference + jnp.einsum("pa,pab->pb", shift, system.cell[structure])
        return vectors + jnp.einsum("pa,pab->pb", vectors, strain[structure])


class Edges(eqx.Module):
    """Geometry of a pair list.

    Attributes:
        vectors: vectors r_ij in Å; (1, 1, 1) in padding, so that nothing there is singular.
        distances: distances |r_ij| in Å.
        mask: False for padding.
    """

    vectors: Float[Array, "pairs 3"]
    distances: PerPair
    mask: Bool[Array, " pairs"]


def edges(
    system: System,
    pairs: PairList,
    strain: Float[Array, "systems 3 3"],
    dtype: jnp.dtype,
) -> Edges:
    """Return the geometry of `pairs` under a small homogeneous strain.

    Differences are formed in the precision of the positions and only then rounded to
    `dtype`. The strain acts on the differences, r → r (1 + ε), so that dE/dε is the
    virial without cancellation of large coordinates.

    Args:
        system: positions and cells.
        pairs: pair list.
        strain: strain ε of each structure; zero, but for differentiation.
        dtype: precision of the result.
    """
    vectors = pairs.vectors(system, strain)
    vectors = jnp.where(pairs.mask[:, None], vectors, 1.0).astype(dtype)
    return Edges(vectors=vectors, distances=jnp.sqrt(jnp.sum(vectors**2, axis=1)), mask=pairs.mask)
