"""Rows of a pair list: the entries of each atom."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from sundog.kernels.gpu.tiles import (
    Pairs,
    Tile,
    launch,
    over_pairs,
    own_atoms,
    read,
    sum_slots,
    write,
)
from sundog.neighbors.pairs import PairList


class Rows(eqx.Module):
    """Rows of a list: atom n receives the entries `first[n]` to `first[n] + count[n] − 1`.

    Attributes:
        first: first entry of each atom.
        count: number of entries of each atom.
        j: sending atom of each entry of the list.
    """

    first: Int[Array, " atoms"]
    count: Int[Array, " atoms"]
    j: Int[Array, " pairs"]


class Arranged(NamedTuple):
    """Pair list with its rows."""

    listed: PairList
    rows: Rows


def rows_of(pairs: PairList, atoms: int) -> Rows:
    """Return the rows of a list in which padding follows the pairs of each row, or all pairs.

    Args:
        pairs: pair list that is not empty.
        atoms: number of atoms.
    """
    numbers = jnp.arange(atoms, dtype=jnp.int32)
    if pairs.row_length is not None:
        mask = pairs.mask.reshape(atoms, pairs.row_length)
        return Rows(numbers * pairs.row_length, mask.sum(axis=1, dtype=jnp.int32), pairs.j)
    receivers = jnp.where(pairs.mask, pairs.i, atoms)
    ends = jnp.searchsorted(receivers, jnp.arange(atoms + 1, dtype=jnp.int32)).astype(jnp.int32)
    return Rows(ends[:-1], jnp.diff(ends), pairs.j)


def sum_rows(
    values: Float[Array, "pairs width"], rows: Rows, tile: Tile, dtype: jnp.dtype
) -> Float[Array, "atoms width"]:
    """Return the sum over the pairs of each atom, in their order.

    Args:
        values: summands of each entry; those of padding are ignored.
        rows: rows of the list.
        tile: shape of the work.
        dtype: precision of the sums.
    """
    atoms, width = rows.first.shape[0], values.shape[1]

    def kernel(refs: tuple, sums_ref: Array) -> None:
        rows_ref, values_ref = refs

        def body(pairs: Pairs, sums: Array) -> Array:
            found = read(values_ref, pairs.entry, _columns(width))
            found = jnp.where(pairs.exists[:, None], found, 0.0)
            return sums + sum_slots(found.astype(dtype), tile)

        zeros = jnp.zeros((tile.atoms, _columns(width)), dtype)
        sums = over_pairs(body, zeros, rows_ref, tile, atoms)
        own, exist = own_atoms(tile, atoms)
        write(sums_ref, own, sums, exist)

    shape = jax.ShapeDtypeStruct((atoms, width), dtype)
    return launch(kernel, tile, atoms, shape, (rows, values), "row_sums")


def _columns(width: int) -> int:
    return 1 << (width - 1).bit_length()
