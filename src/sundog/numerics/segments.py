"""Sums over the atoms of each structure."""

import jax
from jaxtyping import Array, Int


def sum_per_system(values: Array, system_index: Int[Array, " atoms"], systems: int) -> Array:
    """Return the sum over the atoms of each structure, [systems, ...].

    The sum is accumulated in float64 under JAX's x64 mode, else in float32. A single structure
    is summed by a plain reduction, which XLA evaluates pairwise and in a fixed order.

    Args:
        values: summands, [atoms, ...].
        system_index: structure of each atom.
        systems: number of structures.
    """
    wide = values.astype(float)
    if systems == 1:
        return wide.sum(axis=0, keepdims=True)
    return jax.ops.segment_sum(wide, system_index, systems)
