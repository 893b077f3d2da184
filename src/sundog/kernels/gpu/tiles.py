"""Division of the kernels' work into tiles, and operations that all kernels share.

A program computes the sums of a few atoms and processes a few slots of their pairs at a time: a
tile. The contribution of a pair to j is computed again at the reverse pair, so that a program
writes to its own atoms alone and all sums have a fixed order.

The lengths of arrays in a kernel are powers of two, and those of factors of matrix products at
least `LEAST`; shorter arrays are read with zeros after their end.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton
from jaxtyping import Array, Bool, Float, Int, PyTree

LEAST = 16
"""Smallest side of a matrix that Triton multiplies on tensor cores."""


@dataclass(frozen=True)
class Tile:
    """Shape of a kernel's work.

    Attributes:
        atoms: number of atoms of a program.
        slots: number of pairs of each atom that are processed at a time.
        warps: number of warps of a program.
        interpret: whether JAX interprets the kernels instead of compiling them for a GPU.
    """

    atoms: int
    slots: int
    warps: int = 4
    interpret: bool = False

    @property
    def pairs(self) -> int:
        """Number of pairs of a tile."""
        return self.atoms * self.slots

    @property
    def precision(self) -> Any:
        """Precision of matrix products: float32, on tensor cores from three products in TF32."""
        if self.interpret:
            return jax.lax.Precision.HIGHEST
        return jax.lax.DotAlgorithmPreset.TF32_TF32_F32_X3


def padded(length: int, least: int = LEAST) -> int:
    """Return the smallest power of two that is not less than `length` and `least`."""
    return max(least, pl.next_power_of_2(length))


def launch(
    kernel: Callable[..., None],
    tile: Tile,
    atoms: int,
    outputs: PyTree[jax.ShapeDtypeStruct],
    inputs: PyTree[Array],
    name: str,
) -> PyTree[Array]:
    """Return the outputs of a kernel, which is called with references to inputs and outputs.

    Args:
        kernel: function that computes `tile.atoms` atoms from `program_id(0) · tile.atoms` on.
        tile: shape of the work.
        atoms: number of all atoms.
        outputs: shapes of the outputs.
        inputs: arrays that the kernel reads.
        name: name of the kernel in a profile.
    """

    def anywhere(tree: PyTree) -> PyTree:
        return jax.tree.map(lambda _: pl.BlockSpec(memory_space=pl.ANY), tree)

    return pl.pallas_call(
        kernel,
        grid=(pl.cdiv(atoms, tile.atoms),),
        out_shape=outputs,
        in_specs=[anywhere(inputs)],
        out_specs=anywhere(outputs),
        compiler_params=triton.CompilerParams(num_warps=tile.warps, num_stages=1),
        interpret=tile.interpret,
        name=name,
    )(inputs)


def own_atoms(tile: Tile, atoms: int) -> tuple[Int[Array, " own"], Bool[Array, " own"]]:
    """Return the atoms of this program, and which of them exist: the last may have too many."""
    start = pl.program_id(0).astype(jnp.int32) * tile.atoms
    own = start + jnp.arange(tile.atoms, dtype=jnp.int32)
    return own, own < atoms


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Pairs:
    """Pairs of a tile in flat arrays.

    Attributes:
        entry: index of the pair in the list; zero where there is no pair.
        exists: True where there is a pair.
        i: receiving atoms.
        j: sending atoms.
    """

    entry: Int[Array, " pairs"]
    exists: Bool[Array, " pairs"]
    i: Int[Array, " pairs"]
    j: Int[Array, " pairs"]


def over_pairs(
    body: Callable[[Pairs, PyTree], PyTree], start: PyTree, rows: Any, tile: Tile, atoms: int
) -> PyTree:
    """Return the carry of a loop over all tiles of this program's atoms.

    Args:
        body: function from the pairs of a tile and the carry to the next carry.
        start: initial carry.
        rows: references to the arrays of a `Rows`.
        tile: shape of the work.
        atoms: number of all atoms.
    """
    own, exist = own_atoms(tile, atoms)
    own = jnp.minimum(own, atoms - 1)
    first = triton.load(rows.first.at[own])
    count = jnp.where(exist, triton.load(rows.count.at[own]), 0)

    def step(n: Int[Array, ""], carry: PyTree) -> PyTree:
        slot = n * tile.slots + jnp.arange(tile.slots, dtype=jnp.int32)
        exists = slot[None, :] < count[:, None]
        entry = jnp.where(exists, first[:, None] + slot[None, :], 0).reshape(tile.pairs)
        i = jnp.broadcast_to(own[:, None], exists.shape).reshape(tile.pairs)
        j = triton.load(rows.j.at[entry])
        return body(Pairs(entry, exists.reshape(tile.pairs), i, j), carry)

    tiles = pl.cdiv(jnp.max(count), jnp.int32(tile.slots))
    return jax.lax.fori_loop(jnp.int32(0), tiles, step, start)


def read(ref: Any, at: Int[Array, " rows"], width: int) -> Float[Array, "rows width"]:
    """Return rows of a table, with zeros after its last column.

    Args:
        ref: reference to the table.
        at: indices of the rows.
        width: number of columns to return, a power of two.
    """
    columns = jnp.arange(width, dtype=jnp.int32)[None, :]
    rows = ref.at[at[:, None], columns]
    if ref.shape[1] == width:
        return triton.load(rows)
    inside = jnp.broadcast_to(columns < ref.shape[1], (at.shape[0], width))
    return triton.load(rows, mask=inside, other=0.0)


def write(
    ref: Any,
    at: Int[Array, " rows"],
    values: Float[Array, "rows *width"],
    where: Bool[Array, " rows"],
) -> None:
    """Write values to those rows of a table, or elements of a vector, that exist.

    Args:
        ref: reference to the table or vector.
        at: indices of the rows.
        values: values of the rows.
        where: True for the rows that exist.
    """
    # Rows that do not exist get an index out of range: the interpreter would write old values.
    at = jnp.where(where, at, ref.shape[0])
    if values.ndim == 1:
        triton.store(ref.at[at], values, mask=where)
        return
    columns = jnp.arange(values.shape[1], dtype=jnp.int32)[None, :]
    inside = where[:, None] & (columns < ref.shape[1])
    triton.store(ref.at[at[:, None], columns], values, mask=inside)


def sum_slots(values: Float[Array, "pairs width"], tile: Tile) -> Float[Array, "own width"]:
    """Return the sum over the pairs of each atom."""
    return values.reshape(tile.atoms, tile.slots, values.shape[1]).sum(axis=1)
