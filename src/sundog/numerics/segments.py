"""Sums over the atoms of each structure."""

import jax
from jaxtyping import Array, Int


def sum_per_system(values: Array, system_index: Int[Array, " atoms"], systems: int) -> Array:
    """Return Σ over the atoms of each structure, accumulated in the widest float there is.

    One structure is summed by a plain reduction, which XLA does pairwise and in a
    fixed order.

    Args:
        values: [atoms, ...].
        system_index: structure of each atom.
        systems: number of structures.
    """
    wide = values.astype(float)
    if systems == 1:
        return wide.sum(axis=0, keepdims=True)
    return jax.ops.segment_sum(wide, system_index, systems)
