"""Loops over blocks of pairs whose temporaries stay in cache.

A list is padded to whole blocks. Blocks after the last pair are not visited, so that
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
    """Return `values[at]`, for indices from 0 to the end.

    Unsigned and promised to be within bounds, they need no tests, which on CPU keep the
    loop from vectorising.
    """
    return values.at[at.astype(jnp.uint32)].get(mode="promise_in_bounds")


def add_at(sums: Array, at: Int[Array, " rows"], values: Array) -> Array:
    """Return `sums` with `values` added to its rows `at`, indices from 0 to the end."""
    return sums.at[at.astype(jnp.uint32)].add(values, mode="promise_in_bounds")


class Blocked(eqx.Module):
    """A list of whole blocks.

    Attributes:
        listed: the pairs, flat.
        count: blocks up to the one that holds the last pair.
        size: pairs per block.
    """

    listed: PairList
    count: Int[Array, ""]
    size: int = eqx.field(static=True)


def never_empty(pairs: PairList) -> PairList:
    """Return the list, or one of padding alone if it has no entries."""
    if pairs.i.shape[0]:
        return pairs
    zeros = jnp.zeros(1, pairs.i.dtype)
    shift = jnp.zeros((1, 3), pairs.shift.dtype)
    return PairList(zeros, zeros, shift, jnp.zeros(1, bool))


def in_blocks(pairs: PairList, size: int) -> Blocked:
    """Return the list padded to a multiple of `size`, or of its own length if shorter."""
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
    """Return one of the two orders of every pair, at the front of a list half as long.

    The first order is that with i < j or, for an atom and its own image, with the shift whose
    first component that is not zero is positive.
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
    """Return the carry after all blocks, and the blocks' outputs joined.

    Like `jax.lax.scan`, but over slices of flat columns, and only `count` of them.

    Args:
        body: maps the carry and a block of the columns to the next carry and outputs, which
            have one row per row of the block.
        carry: initial value.
        columns: arrays with one row per pair.
        pairs: says how many blocks to visit; the outputs of the others are zero.
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
