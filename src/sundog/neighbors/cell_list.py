"""The pair list in O(N) from a cell list, on the device.

    f_i = (R_i − origin) L⁻¹,   w_i = ⌊f_i⌋ along periodic directions, else 0
    b_i = ⌊(f_i − w_i) n⌋, clamped to 0 … n − 1: the bin of atom i
    candidates of i: the atoms in bins (b_i + o) mod n,  o ∈ [−s, s]³
    image = ⌊(b_i + o) / n⌋,   shift_ij = image − w_j + w_i

L, n and s as in `planning`. Each (o, slot of a bin) is met once and differs in
atom or image from all others, so cells of any shape, and cells shorter than the
cutoff, need no case of their own.

Per atom there are several times more candidates than pairs, hence nothing is
scattered or sorted over candidates. They are marked as bits of words, 32 searched
bins to a word; the end of each word's pairs in the row is a cumulative count; and
entry number r of the row is found from those ends and, within a word, by
bisection with population counts. Atoms are processed in blocks, so that
temporaries stay bounded.
"""

import itertools
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, PyTree, UInt16

from sundog.neighbors.pairs import PairList
from sundog.neighbors.planning import WORD, CellListPlan, Demand, Grid
from sundog.system import System
from sundog.typing import Cells, Positions


UINT = {8: jnp.uint8, 16: jnp.uint16, 32: jnp.uint32}[WORD]
from jaxtyping import UInt
class _Bins(eqx.Module):
    """Atoms in their bins.

    Attributes:
        wrapped: positions moved into the cell, Å.
        wrap: w, the lattice vectors that were taken off.
        home: bin of each atom.
        slot: place of each atom in its bin.
        members: atom in each slot of each bin; the last bin is empty.
        coordinates: x, y and z of the members, infinite in empty slots.
        most: atoms in the fullest bin, which may be more than fit.
    """

    wrapped: Positions
    wrap: Int[Array, "atoms 3"]
    home: Int[Array, " atoms"]
    slot: Int[Array, " atoms"]
    members: Int[Array, "bins slots"]
    coordinates: tuple[
        Float[Array, "bins slots"], Float[Array, "bins slots"], Float[Array, "bins slots"]
    ]
    most: Int[Array, ""]


class _Search(eqx.Module):
    """Where the atoms of each bin look for neighbours.

    Attributes:
        bin: number of each searched bin.
        image: periodic image in which it is searched, in lattice vectors.
        translation: the same in Å.
    """

    bin: Int[Array, "bins searched"]
    image: Int[Array, "bins searched 3"]
    translation: Float[Array, "bins searched 3"]


def current_lattice(system: System, grid: Grid) -> Cells:
    """Return the completed lattice: the current cell along periodic directions."""
    return jnp.where(system.pbc[:, :, None], system.cell, grid.frame)


def inverse_lattice(lattice: Cells) -> Cells:
    """Return L⁻¹, whose columns are the reciprocal lattice vectors in 1/Å."""
    reciprocal = jnp.cross(jnp.roll(lattice, -1, axis=1), jnp.roll(lattice, -2, axis=1))
    volume = jnp.sum(lattice[:, 0] * reciprocal[:, 0], axis=1)
    return jnp.swapaxes(reciprocal / volume[:, None, None], 1, 2)


def transform(
    vectors: Float[Array, "*batch 3"], matrices: Float[Array, "*batch 3 3"]
) -> Float[Array, "*batch 3"]:
    """Return vectors · matrices, in full precision also where products default to less."""
    return jnp.sum(vectors[..., :, None] * matrices, axis=-2)


def build(
    system: System, grid: Grid, plan: CellListPlan, cutoff: float
) -> tuple[PairList, Demand]:
    """Return all pairs closer than `cutoff`, one row per atom, and what that asked of the plan.

    Where the plan fell short of the demand the list lacks pairs. With a row capacity of zero
    only the demand is found.

    Args:
        system: positions and cells.
        grid: the bins, planned for these structures.
        plan: the shapes, planned for this cutoff.
        cutoff: Å, skin included.
    """
    lattice = current_lattice(system, grid)
    inverse = inverse_lattice(lattice)
    bins = _fill(system, grid, plan, lattice, inverse)
    search = _search(system, grid, plan, lattice)

    atoms = system.number_of_atoms
    bins, search = _settle((bins, search))
    words = _mark(bins, search, plan, jnp.arange(atoms), cutoff)
    found, counts = _by_blocks(lambda some: _find(words[some], plan.row_capacity), atoms, plan.block)
    j, shift = _by_blocks(lambda some: _resolve(found[some],some, bins, search, plan), atoms, plan.block)
    i = jnp.broadcast_to(jnp.arange(atoms, dtype=jnp.int32)[:, None], found.shape)
    mask = jnp.arange(plan.row_capacity, dtype=jnp.int32)[None] < counts[:, None]
    pairs = PairList(
        i=i.reshape(-1),
        j=jnp.where(mask, j, i).reshape(-1),
        shift=jnp.where(mask[:, :, None], shift, 0).reshape(-1, 3),
        mask=mask.reshape(-1),
        row_length=plan.row_capacity,
    )
    heights = 1.0 / jnp.sqrt(jnp.sum(inverse**2, axis=1))
    return pairs, Demand(bin_capacity=bins.most, row_capacity=jnp.max(counts), heights=heights)


def _by_blocks(function: Callable, atoms: int, block: int) -> PyTree[Array]:
    """Return what `function` gives for all atoms, computed for some of them at a time.

    The last block overlaps its predecessor rather than needing a shape of its own.
    """
    block = min(block, (atoms + 1) // 2)
    shapes = jax.eval_shape(function, jax.ShapeDtypeStruct((block,), jnp.int32))

    def add(number: Array, whole: PyTree[Array]) -> PyTree[Array]:
        start = jnp.minimum(number * block, atoms - block)
        part = function(start + jnp.arange(block, dtype=jnp.int32))
        return jax.tree.map(
            lambda w, p: lax.dynamic_update_slice_in_dim(w, p, start, axis=0), whole, part
        )

    empty = jax.tree.map(lambda s: jnp.zeros((atoms, *s.shape[1:]), s.dtype), shapes)
    return lax.fori_loop(jnp.int32(0), jnp.int32(-(-atoms // block)), add, empty)


def _settle(tree):
    def copy_half(k, whole):
        def copy(w, x):
            half = (x.shape[0] + 1) // 2
            start = jnp.minimum(k * half, x.shape[0] - half)
            return lax.dynamic_update_slice_in_dim(w, lax.dynamic_slice_in_dim(x, start, half), start, axis=0)
        return jax.tree.map(lambda w, x: w if x.ndim == 0 else copy(w, x), whole, tree)
    return lax.fori_loop(jnp.int32(0), jnp.int32(2), copy_half, jax.tree.map(lambda x: x if x.ndim==0 else jnp.zeros_like(x), tree))


def _fill(
    system: System, grid: Grid, plan: CellListPlan, lattice: Cells, inverse: Cells
) -> _Bins:
    """Put every atom in its bin; padding, and atoms that are nowhere, in none."""
    index = system.system_index
    shape = grid.shape[index]
    fractional = transform(system.positions - grid.origin[index], inverse[index])
    wrap = jnp.where(system.pbc[index], jnp.floor(fractional), 0.0)
    place = (fractional - wrap) * shape.astype(fractional.dtype)
    along = jnp.clip(place, 0.0, (shape - 1).astype(place.dtype)).astype(jnp.int32)
    present = system.is_atom & jnp.all(jnp.isfinite(fractional), axis=1)
    home = jnp.where(present, _number(along, shape, grid.first_bin[index]), plan.bins)

    order = jnp.argsort(home).astype(jnp.int32)
    numbers = jnp.arange(plan.bins + 1, dtype=jnp.int32)
    starts = jnp.searchsorted(home[order], numbers).astype(jnp.int32)
    counts = jnp.diff(starts, append=starts[-1:])
    rank = jnp.arange(len(order), dtype=jnp.int32) - starts[home[order]]
    slots = jnp.arange(plan.bin_capacity, dtype=jnp.int32)[None]
    taken = slots < counts[:, None]
    members = order[jnp.minimum(starts[:, None] + slots, len(order) - 1)]

    wrapped = system.positions - transform(wrap, lattice[index])
    return _Bins(
        # The infinities of absent atoms and of empty slots agree in sign, lest they make a NaN.
        wrapped=jnp.where(present[:, None], wrapped, -jnp.inf),
        wrap=wrap.astype(jnp.int32),
        home=home,
        slot=jnp.zeros_like(order).at[order].set(rank, unique_indices=True),
        members=members,
        coordinates=tuple(jnp.where(taken, wrapped[:, k][members], jnp.inf) for k in range(3)),
        most=jnp.max(counts),
    )


def _number(
    along: Int[Array, "*shape 3"], shape: Int[Array, "*shape 3"], first: Int[Array, "*shape"]
) -> Int[Array, "*shape"]:
    return first + (along[..., 0] * shape[..., 1] + along[..., 1]) * shape[..., 2] + along[..., 2]


def _offsets(search_range: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the searched offsets, padded to whole words, which are real, and bits per word."""
    offsets = np.array(list(itertools.product(*(range(-s, s + 1) for s in search_range))), np.int32)
    groups = -(-len(offsets) // WORD)
    bits = -(-len(offsets) // groups)
    padding = groups * bits - len(offsets)
    return np.pad(offsets, [(0, padding), (0, 0)]), np.arange(groups * bits) < len(offsets), bits


def _search(system: System, grid: Grid, plan: CellListPlan, lattice: Cells) -> _Search:
    """Return the bins around each bin."""
    offsets, real, _ = _offsets(plan.search_range)
    numbers = jnp.arange(plan.bins + 1, dtype=jnp.int32)
    owner = jnp.searchsorted(grid.first_bin, numbers, side="right").astype(jnp.int32) - 1
    shape = grid.shape[owner]
    rest = numbers - grid.first_bin[owner]
    along = jnp.stack(
        [
            rest // (shape[:, 1] * shape[:, 2]),
            rest // shape[:, 2] % shape[:, 1],
            rest % shape[:, 2],
        ],
        axis=1,
    )
    target = along[:, None] + offsets[None]
    shape = jnp.broadcast_to(shape[:, None], target.shape)
    image = jnp.floor_divide(target, shape)
    first = jnp.broadcast_to(grid.first_bin[owner][:, None], target.shape[:2])
    exists = jnp.all((image == 0) | system.pbc[owner][:, None], axis=2) & real[None]
    exists = exists & (numbers < plan.bins)[:, None]
    number = _number(target - image * shape, shape, first)
    return _Search(
        bin=jnp.where(exists, number, plan.bins),
        image=image,
        translation=transform(image.astype(lattice.dtype), lattice[owner][:, None]),
    )


def _mark(
    bins: _Bins, search: _Search, plan: CellListPlan, some, cutoff: float
) -> UInt16[Array, "atoms words"]:
    """Return the pairs as bits: bit t of word g·slots + c is slot c of searched bin g·bits + t."""
    _, real, bits = _offsets(plan.search_range)
    home = bins.home
    bin_of = _take(search.bin, home).reshape(len(some), -1, bits)
    translation = _take(search.translation, home) - bins.wrapped[:, None]
    translation = translation.reshape(len(some), -1, bits, 3)
    marks = jnp.zeros((*bin_of.shape[:2], plan.bin_capacity), UINT)
    for bit in range(bits):
        squared = 0.0
        for k in range(3):
            there = _take(bins.coordinates[k], bin_of[:, :, bit])
            squared = squared + (there + translation[:, :, bit, k, None]) ** 2
        marks = marks | jnp.where(squared < cutoff**2, UINT(1 << bit), UINT(0))
    # An atom does not meet itself; the offset of zero is the middle one of the real ones.
    group, bit = divmod(int(real.sum()) // 2, bits)
    group = jnp.arange(marks.shape[1], dtype=jnp.int32)[None, :, None] == group
    slot = jnp.arange(plan.bin_capacity, dtype=jnp.int32)[None] == bins.slot[:, None]
    itself = jnp.where(group & slot[:, None], UINT(1 << bit), UINT(0))
    return (marks & ~itself).reshape(len(some), -1)


def _find(
    words: UInt[Array, "some words"], row: int
) -> tuple[Int[Array, "some row"], Int[Array, " some"]]:
    """Return WORD·word + bit of the first `row` set bits, and how many are set."""
    entry = jnp.arange(row, dtype=jnp.int32)[None]
    ends = jnp.cumsum(_ones(words), axis=1)
    # The word of entry r is the number of words that end at or before r.
    ended = jax.vmap(lambda e: jnp.zeros(row, jnp.int32).at[e].add(1, mode="drop"))(ends)
    word = jnp.minimum(jnp.cumsum(ended, axis=1), words.shape[1] - 1)
    address = word + jnp.arange(0, words.size, words.shape[1], dtype=jnp.int32)[:, None]
    value = _take(words.reshape(-1), address)
    left = entry - (_take(ends.reshape(-1), address) - _ones(value))
    bit = jnp.zeros_like(value)
    for half in (16, 8, 4, 2, 1):
        if half>=WORD: continue
        low = _ones((value >> bit) & UINT((1 << half) - 1))
        bit = jnp.where(left >= low, bit + UINT(half), bit)
        left = jnp.where(left >= low, left - low, left)
    return word * WORD + jnp.minimum(bit.astype(jnp.int32), WORD - 1), ends[:, -1]


def _take(table: Array, index: Array) -> Array:
    return table.at[index].get(mode="promise_in_bounds")


def _ones(words: Array) -> Array:
    return lax.population_count(words).astype(jnp.int32)


def _resolve(
    found,some,
    bins: _Bins,
    search: _Search,
    plan: CellListPlan,
):
    """Return the atoms and images at the marked slots."""
    bits = _offsets(plan.search_range)[2]
    word, bit = found // WORD, found % WORD
    searched = (word // plan.bin_capacity) * bits + bit
    searched = jnp.minimum(searched, search.bin.shape[1]-1) + _take(bins.home, some)[:, None] * search.bin.shape[1]
    member = _take(search.bin.reshape(-1), searched) * plan.bin_capacity + word % plan.bin_capacity
    j = _take(bins.members.reshape(-1), member)
    image = _take(search.image.reshape(-1, 3), searched)
    shift = image - _take(bins.wrap, j) + _take(bins.wrap, some)[:, None]
    return j, shift
