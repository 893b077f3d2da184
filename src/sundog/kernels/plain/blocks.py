"""Loops over blocks of pairs that are small enough for their temporaries to stay in cache.

A list is padded to whole blocks. Blocks after the last pair are skipped, so that unused
room in a list costs little.
"""

from collections.abc import Callable
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PyTree

from sundog.neighbors.pairs import PairList

Carry = TypeVar("Carry")


def take(values: Array, at: Int[Array, " rows"]) -> Array:
    """Return `values[at]` for indices that are within bounds and not negative.

    Tests of the bounds would keep XLA from vectorising the loop on the CPU. Unsigned indices
    that are promised to be within bounds need none.
    """
    return values.at[at.astype(jnp.uint32)].get(mode="promise_in_bounds")


def add_at(sums: Array, at: Int[Array, " rows"], values: Array) -> Array:
    """Return `sums` with `values` added to some of its rows.

    Args:
        sums: array with one row per atom, or per whatever `at` counts.
        at: row to which each of the values is added; within bounds and not negative.
        values: summands.
    """
    return sums.at[at.astype(jnp.uint32)].add(values, mode="promise_in_bounds")


class Blocked(eqx.Module):
    """Pair list padded to whole blocks.

    Attributes:
        listed: flat pair list.
        count: number of blocks up to the one with the last pair.
        size: number of pairs in a block.
    """

    listed: PairList
    count: Int[Array, ""]
    size: int = eqx.field(static=True)


def never_empty(pairs: PairList) -> PairList:
    """Return the list, or a list with one padding entry if it has no entries."""
    if pairs.i.shape[0]:
        return pairs
    zeros = jnp.zeros(1, pairs.i.dtype)
    shift = jnp.zeros((1, 3), pairs.shift.dtype)
    return PairList(zeros, zeros, shift, jnp.zeros(1, bool))


def in_blocks(pairs: PairList, size: int) -> Blocked:
    """Return the list padded to a multiple of `size`; a shorter list is a single block."""
    size = max(1, min(size, pairs.i.shape[0]))
    more = -pairs.i.shape[0] % size
    mask = jnp.pad(pairs.mask, (0, more))
    position = jnp.arange(1, mask.shape[0] + 1, dtype=jnp.int32)
    return Blocked(
        listed=PairList(
            i=jnp.pad(pairs.i, (0, more), mode="edge"),
            j=jnp.pad(pairs.j, (0, more), mode="edge"),
            shift=jnp.pad(pairs.shift, ((0, more), (0, 0))),
            mask=mask,
        ),
        count=(jnp.max(jnp.where(mask, position, 0), initial=0) + size - 1) // size,
        size=size,
    )


def half(pairs: PairList) -> PairList:
    """Return a list with one of the two orders of every pair, about half as long.

    The order with i < j is taken. For the pairs of an atom with its own images, it is the one
    in whose shift the first component that is not zero is positive.
    """
    a, b, c = pairs.shift.T
    ahead = (a > 0) | ((a == 0) & ((b > 0) | ((b == 0) & (c > 0))))
    first = pairs.mask & ((pairs.i < pairs.j) | ((pairs.i == pairs.j) & ahead))
    room = pairs.i.shape[0] // 2 + 1
    (chosen,) = jnp.nonzero(first, size=room, fill_value=0)
    return PairList(
        i=take(pairs.i, chosen),
        j=take(pairs.j, chosen),
        shift=take(pairs.shift, chosen),
        mask=jnp.arange(room) < jnp.sum(first),
    )


def over_blocks(
    body: Callable[[Carry, PyTree[Array]], tuple[Carry, PyTree[Array]]],
    carry: Carry,
    columns: PyTree[Array],
    pairs: Blocked,
) -> tuple[Carry, PyTree[Array]]:
    """Return the carry after all blocks, and the joined outputs of the blocks.

    The loop is like `jax.lax.scan`, but over slices of flat columns, and only over the first
    `pairs.count` blocks.

    Args:
        body: function from the carry and a block of the columns to the next carry and outputs,
            which have one row per row of the block.
        carry: initial carry.
        columns: arrays with one row per pair.
        pairs: blocked list of the pairs; the outputs of blocks that are skipped are zero.
    """
    rows, size = pairs.listed.i.shape[0], pairs.size

    def block(start: Int[Array, ""]) -> PyTree[Array]:
        return jax.tree.map(lambda c: jax.lax.dynamic_slice_in_dim(c, start, size), columns)

    outputs = jax.eval_shape(lambda c: body(c, block(jnp.int32(0)))[1], carry)
    joined = jax.tree.map(lambda o: jnp.zeros((rows, *o.shape[1:]), o.dtype), outputs)

    def step(n: Int[Array, ""], state: tuple[Carry, PyTree[Array]]):
        start = n * size
        carry, joined = state
        carry, outputs = body(carry, block(start))

        def write(whole: Array, part: Array) -> Array:
            return jax.lax.dynamic_update_slice_in_dim(whole, part, start, 0)

        return carry, jax.tree.map(write, joined, outputs)

    return jax.lax.fori_loop(jnp.int32(0), pairs.count, step, (carry, joined))
