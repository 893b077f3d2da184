"""Construction of a pair list in O(N) from a cell list, on the device.

    f_i = (R_i − origin) L⁻¹,   w_i = ⌊f_i⌋ along periodic directions, else 0
    b_i = ⌊(f_i − w_i) n⌋, clamped to 0 … n − 1: the bin of atom i
    candidates of i: the atoms of the bins (b_i + o) mod n,  o ∈ [−s, s]³
    image = ⌊(b_i + o) / n⌋,   shift_ij = image − w_j + w_i

    symbol   variable                 meaning
    L        lattice                  completed lattice vectors as rows, Å (`lattice`)
    f, w     fractional, wrap         fractional coordinates; lattice vectors to wrap by
    n        shape                    number of bins along each lattice vector (`planning`)
    s        search_range             bins to search on either side (`planning`)
    b        along, home              bin of an atom: along each vector, and as one number

Every candidate differs from all others in atom or image. Cells of any shape, and cells shorter
than the cutoff, therefore need no separate treatment.

An atom has several times more candidates than pairs, so that sorting or scattering over candidates
would be slow. Candidates closer than the cutoff are marked as bits of words, where a word holds one
slot of up to 32 bins. Entry r of a row is then the bit r − (set bits before) of the first word that
ends beyond r.

All work per candidate or pair is done for a block of atoms at a time. This bounds the memory of
temporaries. As XLA on the CPU ignores `lax.optimization_barrier`, the loops also keep it from
recomputing each step for every use of its result. Inner loops over slots are vectorized only if
nothing reshapes their result.
"""

import itertools
from collections.abc import Callable
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int, PyTree, UInt32

from sundog.neighbors.lattice import inverse, transform
from sundog.neighbors.pairs import PairList
from sundog.neighbors.planning import CellListPlan, Demand, Grid
from sundog.system import System
from sundog.typing import Cells, Positions

WORD = 32
"""Number of bits in a word of marks, a uint32."""


class _Bins(eqx.Module):
    """Distribution of the atoms over the bins.

    Attributes:
        wrapped: positions wrapped into the cell, in Å; −∞ for padding.
        wrap: number w of lattice vectors that were subtracted.
        home: bin of each atom; the number of bins for padding.
        slot: place of each atom in its bin.
        members: atom in each slot of each bin; the last bin is always empty.
        coordinates: x, y and z of the members in Å; ∞ in empty slots.
        most: number of atoms in the fullest bin, also if that exceeds its capacity.
    """

    wrapped: Positions
    wrap: Int[Array, "atoms 3"]
    home: Int[Array, " atoms"]
    slot: Int[Array, " atoms"]
    members: Int[Array, "bins slots"]
    coordinates: tuple[Float[Array, "bins slots"], ...]
    most: Int[Array, ""]


class _Search(eqx.Module):
    """Bins in which the atoms of each bin search for neighbours.

    Attributes:
        bin: searched bins; the empty one where there is none.
        image: periodic image in which each is searched, in lattice vectors.
        translation: translation by that image in Å.
        bits: number of bins in a word.
        own: position of the bin itself among the searched ones.
    """

    bin: Int[Array, "bins searched"]
    image: Int[Array, "bins searched 3"]
    translation: Float[Array, "bins searched 3"]
    bits: int = eqx.field(static=True)
    own: int = eqx.field(static=True)


def build(system: System, grid: Grid, plan: CellListPlan, cutoff: float) -> tuple[PairList, Demand]:
    """Return all pairs closer than `cutoff`, one row per atom, and the room that they need.

    If the plan has less room than this demand, pairs are missing from the list.

    Args:
        system: positions and cells.
        grid: bins that were planned for these structures.
        plan: shapes that were planned for this cutoff.
        cutoff: cutoff in Å, skin included.
    """
    lattice = grid.lattice(system)
    reciprocal = inverse(lattice)
    bins = _fill(system, grid, plan, lattice, reciprocal)
    search = _search(system, grid, plan, lattice)
    by_blocks = partial(_by_blocks, system.number_of_atoms, plan.block)
    words = by_blocks(lambda some: _mark(some, bins, search, cutoff))
    found, counts = by_blocks(lambda some: _find(words[some], plan.row_capacity))
    j, shift, mask = by_blocks(lambda some: _resolve(some, found[some], counts[some], bins, search))
    i = jnp.broadcast_to(jnp.arange(len(j), dtype=jnp.int32)[:, None], j.shape)
    pairs = PairList(
        i=i.reshape(-1),
        j=j.reshape(-1),
        shift=shift.reshape(-1, 3),
        mask=mask.reshape(-1),
        row_length=plan.row_capacity,
    )
    return pairs, Demand(
        bin_capacity=bins.most,
        row_capacity=jnp.max(counts),
        heights=1.0 / jnp.sqrt(jnp.sum(reciprocal**2, axis=1)),
    )


def _by_blocks(
    atoms: int, block: int, function: Callable[[Int[Array, " some"]], PyTree[Array]]
) -> PyTree[Array]:
    """Return the result of `function` for all atoms, computed for a block of atoms at a time.

    The last block overlaps the one before, so that all have the same shape. There are at
    least two blocks, because XLA removes a loop with a single iteration.
    """
    block = min(block, (atoms + 1) // 2)

    def add(number: Int[Array, ""], whole: PyTree[Array]) -> PyTree[Array]:
        start = jnp.minimum(number * block, atoms - block)
        part = function(start + jnp.arange(block, dtype=jnp.int32))
        return jax.tree.map(
            lambda w, p: lax.dynamic_update_slice_in_dim(w, p, start, axis=0), whole, part
        )

    one = jax.eval_shape(function, jax.ShapeDtypeStruct((block,), jnp.int32))
    empty = jax.tree.map(lambda s: jnp.zeros((atoms, *s.shape[1:]), s.dtype), one)
    return lax.fori_loop(jnp.int32(0), jnp.int32(-(-atoms // block)), add, empty)


def _fill(
    system: System, grid: Grid, plan: CellListPlan, lattice: Cells, reciprocal: Cells
) -> _Bins:
    """Return the atoms in their bins; padding, and atoms without finite positions, are in none."""
    index = system.system_index
    shape = grid.shape[index]
    fractional = transform(system.positions - grid.origin[index], reciprocal[index])
    wrap = jnp.where(system.pbc[index], jnp.floor(fractional), 0.0)
    place = (fractional - wrap) * shape.astype(fractional.dtype)
    along = jnp.clip(place, 0.0, (shape - 1).astype(place.dtype)).astype(jnp.int32)
    present = system.is_atom & jnp.all(jnp.isfinite(fractional), axis=1)
    home = jnp.where(present, _number(along, shape, grid.first_bin[index]), plan.bins)

    atoms = jnp.arange(len(home), dtype=jnp.int32)
    homes, order = lax.sort((home, atoms), num_keys=1)
    numbers = jnp.arange(plan.bins + 1, dtype=jnp.int32)
    starts = jnp.searchsorted(homes, numbers).astype(jnp.int32)
    counts = jnp.diff(starts, append=starts[-1:])
    slots = jnp.arange(plan.bin_capacity, dtype=jnp.int32)[None]
    taken = slots < counts[:, None]
    members = order[jnp.minimum(starts[:, None] + slots, len(order) - 1)]
    wrapped = system.positions - transform(wrap, lattice[index])
    return _Bins(
        # Offsets subtract this from the ∞ of empty slots: opposite signs, so that no NaN results.
        wrapped=jnp.where(present[:, None], wrapped, -jnp.inf),
        wrap=wrap.astype(jnp.int32),
        home=home,
        slot=jnp.zeros_like(order).at[order].set(atoms - starts[homes], unique_indices=True),
        members=members,
        coordinates=tuple(jnp.where(taken, wrapped[:, k][members], jnp.inf) for k in range(3)),
        most=jnp.max(counts),
    )


def _number(
    along: Int[Array, "*#dims 3"], shape: Int[Array, "*#dims 3"], first: Int[Array, "*#dims"]
) -> Int[Array, "*#dims"]:
    """Return the number of a bin."""
    return first + (along[..., 0] * shape[..., 1] + along[..., 1]) * shape[..., 2] + along[..., 2]


def _search(system: System, grid: Grid, plan: CellListPlan, lattice: Cells) -> _Search:
    """Return the bins around each bin, in the order of their offsets and padded to whole words."""
    ranges = (range(-s, s + 1) for s in plan.search_range)
    offsets = np.array(list(itertools.product(*ranges)), dtype=np.int32)
    words = -(-len(offsets) // WORD)
    bits = -(-len(offsets) // words)
    real = np.arange(words * bits) < len(offsets)

    number = jnp.arange(plan.bins + 1, dtype=jnp.int32)
    owner = jnp.searchsorted(grid.first_bin, number, side="right").astype(jnp.int32) - 1
    shape, first = grid.shape[owner], grid.first_bin[owner]
    ab, c = jnp.divmod(number - first, shape[:, 2])
    a, b = jnp.divmod(ab, shape[:, 1])
    target = jnp.stack([a, b, c], axis=1)[:, None] + np.resize(offsets, (len(real), 3))[None]
    image, along = jnp.divmod(target, shape[:, None])
    exists = jnp.all((image == 0) | system.pbc[owner][:, None], axis=2)
    exists = exists & real[None] & (number < plan.bins)[:, None]
    bins = _number(along, shape[:, None], first[:, None])
    return _Search(
        bin=jnp.where(exists, bins, plan.bins),
        image=image,
        translation=transform(image.astype(lattice.dtype), lattice[owner][:, None]),
        bits=bits,
        own=len(offsets) // 2,
    )


def _mark(
    some: Int[Array, " some"], bins: _Bins, search: _Search, cutoff: float
) -> UInt32[Array, "some words slots"]:
    """Return the pairs of some atoms: bit t of word [g, c] marks slot c of bin g·bits + t."""
    home = _take(bins.home, some)
    there = _take(search.bin, home).reshape(len(some), -1, search.bits)
    offset = _take(search.translation, home) - _take(bins.wrapped, some)[:, None]
    offset = offset.reshape(*there.shape, 3)
    slots = bins.members.shape[1]
    words = jnp.zeros((*there.shape[:2], slots), jnp.uint32)
    for bit in range(search.bits):
        near = _near(bins.coordinates, there[:, :, bit], offset[:, :, bit], cutoff)
        words = words | jnp.where(near, jnp.uint32(1 << bit), jnp.uint32(0))
    # An atom is not its own neighbour, unless in another image.
    word, bit = divmod(search.own, search.bits)
    own_word = jnp.arange(words.shape[1], dtype=jnp.int32) == word
    own_slot = jnp.arange(slots, dtype=jnp.int32)[None] == _take(bins.slot, some)[:, None]
    itself = own_word[None, :, None] & own_slot[:, None]
    return words & ~jnp.where(itself, jnp.uint32(1 << bit), jnp.uint32(0))


@partial(jax.jit, static_argnames="cutoff")
def _near(
    coordinates: tuple[Float[Array, "bins slots"], ...],
    there: Int[Array, "some words"],
    offset: Float[Array, "some words 3"],
    cutoff: float,
) -> Bool[Array, "some words slots"]:
    """Return which members of one bin per atom and word are close; traced once for all bits."""
    x, y, z = (_take(coordinates[k], there) + offset[:, :, k, None] for k in range(3))
    return x * x + y * y + z * z < cutoff * cutoff


def _find(
    words: UInt32[Array, "some words slots"], row: int
) -> tuple[Int[Array, "some row"], Int[Array, " some"]]:
    """Return the first `row` marks of each atom as 32·word + bit, and the number of all marks."""
    words = words.reshape(len(words), -1)
    ends = jnp.cumsum(_ones(words), axis=1)
    # The word of entry r is the number of words that end at or before r.
    ended = jax.vmap(lambda e: jnp.zeros(row, jnp.int32).at[e].add(1, mode="drop"))(ends)
    word = jnp.minimum(jnp.cumsum(ended, axis=1), words.shape[1] - 1)
    address = word + jnp.arange(0, words.size, words.shape[1], dtype=jnp.int32)[:, None]
    value = _take(words.reshape(-1), address)
    before = _take(ends.reshape(-1), address) - _ones(value)
    left = jnp.arange(row, dtype=jnp.int32)[None] - before
    bit = jnp.zeros_like(value)
    for half in (16, 8, 4, 2, 1):
        low = _ones((value >> bit) & jnp.uint32((1 << half) - 1))
        bit = jnp.where(left >= low, bit + jnp.uint32(half), bit)
        left = jnp.where(left >= low, left - low, left)
    return word * WORD + bit.astype(jnp.int32), ends[:, -1]


def _resolve(
    some: Int[Array, " some"],
    found: Int[Array, "some row"],
    counts: Int[Array, " some"],
    bins: _Bins,
    search: _Search,
) -> tuple[Int[Array, "some row"], Int[Array, "some row 3"], Bool[Array, "some row"]]:
    """Return senders, shifts and mask of the rows of some atoms."""
    slots = jnp.int32(bins.members.shape[1])
    mask = jnp.arange(found.shape[1], dtype=jnp.int32)[None] < counts[:, None]
    word, bit = lax.div(found, jnp.int32(WORD)), lax.rem(found, jnp.int32(WORD))
    group, slot = lax.div(word, slots), lax.rem(word, slots)
    searched = jnp.where(mask, group * search.bits + bit, 0)
    searched = searched + (_take(bins.home, some) * search.bin.shape[1])[:, None]
    member = _take(search.bin.reshape(-1), searched) * slots + slot
    j = jnp.where(mask, _take(bins.members.reshape(-1), member), some[:, None])
    image = _take(search.image.reshape(-1, 3), searched)
    shift = image - _take(bins.wrap, j) + _take(bins.wrap, some)[:, None]
    return j, jnp.where(mask[:, :, None], shift, 0), mask


def _ones(words: Array) -> Array:
    """Return the number of set bits of each word."""
    return lax.population_count(words).astype(jnp.int32)


def _take(table: Array, index: Array) -> Array:
    """Return `table[index]` without a check of bounds: all indices are valid by construction."""
    return table.at[index].get(mode="promise_in_bounds")
