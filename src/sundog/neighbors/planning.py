"""Planning of the cell list, on the host: how many bins, how far to search, how much room.

    L     lattice rows along periodic directions; an orthonormal complement, scaled to the
          extent of the atoms, along the others (their user-given rows are ignored)
    h_k   = 1 / |column k of L⁻¹|, the height of the cell over its face k, Å
    n_k   = ⌊h_k m / r⌋, at least 1: bins along direction k, about r/m wide
    s_k   = ⌈r n_k / h_k⌉: bins to search on either side

r is the list's cutoff in Å and m a small integer. Two atoms closer than r lie at
most s_k bins apart along each direction, whatever the shape of the cell and also
when it is shorter than r: bins are then counted on through its images. Atoms
beyond the frame of a direction that is not periodic belong to the outermost bin;
that never takes two of them further apart, so no pair is lost.

Whatever fixes a shape is static and lives in `CellListPlan`; what can change
without another compilation lives in `Grid`.
"""

from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sundog.system import System
from sundog.typing import Cells

SUBDIVISIONS = (1, 2, 3)
"""Values of m, of which the plan takes the one with the fewest candidates."""

SHRINKAGE = 0.95
"""A cell may shrink to this fraction of its heights before the search range is too short."""

MARGIN = 1.0
"""Å by which the frame of a direction that is not periodic exceeds the extent of the atoms."""

BINS_PER_ATOM = 1
"""Sparse structures get wider bins rather than more bins than this."""

import os
WORD = int(os.environ.get('WORD','16'))
"""Bits of the words in which a build marks candidates."""

BLOCK_BYTES = 16 * 2**20
"""Temporaries of one block of atoms in a build."""


@dataclass(frozen=True)
class CellListPlan:
    """Everything about a cell list that fixes a shape.

    Attributes:
        search_range: bins searched on either side along each lattice vector.
        bins: number of bins of all structures together.
        bin_capacity: atoms that fit in a bin.
        row_capacity: pairs that fit in the row of an atom.
    """

    search_range: tuple[int, int, int]
    bins: int
    bin_capacity: int
    row_capacity: int

    @property
    def searched_bins(self) -> int:
        """Number of bins searched for each atom."""
        return int(np.prod([2 * s + 1 for s in self.search_range]))

    @property
    def candidates(self) -> int:
        """Number of slots searched for each atom."""
        return self.searched_bins * self.bin_capacity

    @property
    def block(self) -> int:
        """Atoms whose rows are built at a time, so that temporaries stay bounded."""
        searched, marks, row = 64 * self.searched_bins, self.candidates // 2, 64 * self.row_capacity
        return max(1, BLOCK_BYTES // (searched + marks + row))


class Grid(eqx.Module):
    """The bins of each structure.

    Attributes:
        frame: completed lattices at the time of planning, Å; builds take the rows along
            directions that are not periodic from here, the others from the current cell.
        origin: corner of the frame, Å.
        shape: n_k, bins along each lattice vector.
        first_bin: bins of all structures are numbered through; where each structure starts.
        least_heights: heights of the cell below which the search range is too short, Å.
    """

    frame: Cells
    origin: Float[Array, "systems 3"]
    shape: Int[Array, "systems 3"]
    first_bin: Int[Array, " systems"]
    least_heights: Float[Array, "systems 3"]


class Demand(eqx.Module):
    """The most that the builds of a list have asked of a plan.

    Attributes:
        bin_capacity: most atoms in a bin.
        row_capacity: most pairs of an atom.
        heights: smallest heights of each cell, Å.
    """

    bin_capacity: Int[Array, ""]
    row_capacity: Int[Array, ""]
    heights: Float[Array, "systems 3"]

    def join(self, other: "Demand") -> "Demand":
        """Return the larger demand, quantity by quantity."""
        return Demand(
            bin_capacity=jnp.maximum(self.bin_capacity, other.bin_capacity),
            row_capacity=jnp.maximum(self.row_capacity, other.row_capacity),
            heights=jnp.minimum(self.heights, other.heights),
        )


def complete_lattice(
    cell: np.ndarray, pbc: np.ndarray, positions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return three independent lattice rows and the corner of the frame, Å.

    Args:
        cell: Å, [3, 3]; only rows along periodic directions are read.
        pbc: which rows are periodic.
        positions: Å, atoms that the frame encloses where it is not periodic.
    """
    periodic = cell[pbc]
    complement = np.linalg.svd(periodic)[2][len(periodic) :]
    along = positions @ complement.T if len(positions) else np.zeros((1, len(complement)))
    low = along.min(axis=0) - MARGIN / 2
    high = along.max(axis=0) + MARGIN / 2
    lattice = cell.copy()
    lattice[~pbc] = complement * (high - low)[:, None]
    return lattice, low @ complement


def cell_heights(lattice: np.ndarray) -> np.ndarray:
    """Return the heights of lattices over their faces, Å, [..., 3]."""
    return 1.0 / np.linalg.norm(np.linalg.inv(lattice), axis=-2)


def plan_cell_list(
    system: System, cutoff: float, *, headroom: float, minimum: Demand | None
) -> tuple[CellListPlan, Grid]:
    """Plan a list for `system`, all but its row capacity, which only a build can tell.

    Args:
        system: concrete arrays.
        cutoff: r, skin included, Å.
        headroom: factor on the bin capacity.
        minimum: what has been asked of an earlier plan for these structures.
    """
    frame, origin = _frames(system)
    heights = cell_heights(frame)
    least = 0
    if minimum is not None:
        heights = np.fmin(heights, np.asarray(minimum.heights, dtype=np.float64))
        least = int(minimum.bin_capacity)
    plans = []
    for subdivisions in SUBDIVISIONS:
        shape, search_range = _divide(system, heights * SHRINKAGE, cutoff, subdivisions)
        first_bin = np.cumsum([0, *shape.prod(axis=1)])
        most = _fullest_bin(system, frame, origin, shape, first_bin)
        plan = CellListPlan(
            search_range=tuple(search_range.tolist()),
            bins=int(first_bin[-1]),
            bin_capacity=round_up(max(most, least) * headroom),
            row_capacity=0,
        )
        plans.append((plan, shape, first_bin[:-1]))
    plan, shape, first_bin = min(plans, key=lambda choice: choice[0].candidates)
    search_range = np.array(plan.search_range)
    bounded = ~np.asarray(system.pbc) & (search_range >= shape - 1)
    least_heights = np.where(bounded, 0.0, cutoff * shape / np.maximum(search_range, 1))
    dtype = system.positions.dtype
    grid = Grid(
        frame=jnp.asarray(frame, dtype=dtype),
        origin=jnp.asarray(origin, dtype=dtype),
        shape=jnp.asarray(shape, dtype=jnp.int32),
        first_bin=jnp.asarray(first_bin, dtype=jnp.int32),
        least_heights=jnp.asarray(least_heights, dtype=dtype),
    )
    return plan, grid


def round_up(capacity: float) -> int:
    """Return the next multiple of 8, at least 8."""
    return max(8, 8 * int(np.ceil(capacity / 8)))


def _frames(system: System) -> tuple[np.ndarray, np.ndarray]:
    cell = np.asarray(system.cell, dtype=np.float64)
    pbc = np.asarray(system.pbc)
    positions = np.asarray(system.positions, dtype=np.float64)
    index = np.where(np.asarray(system.is_atom), np.asarray(system.system_index), -1)
    frames = [
        complete_lattice(cell[k], pbc[k], positions[index == k])
        for k in range(system.number_of_systems)
    ]
    lattices, origins = zip(*frames, strict=True)
    return np.stack(lattices), np.stack(origins)


def _divide(
    system: System, heights: np.ndarray, cutoff: float, subdivisions: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return n_k of each structure and the s_k that suffices for all of them."""
    atoms = np.bincount(
        np.asarray(system.system_index)[np.asarray(system.is_atom)],
        minlength=system.number_of_systems,
    )
    shape = np.maximum(1, np.floor(heights * subdivisions / cutoff)).astype(np.int64)
    for bins, count in zip(shape, atoms, strict=True):
        while bins.prod() > BINS_PER_ATOM * max(count, 1):
            bins[np.argmax(bins)] //= 2
    # The tolerance keeps a rounding error from widening the search by a whole bin.
    search = np.ceil(cutoff * shape / heights - 1e-9).astype(np.int64)
    search = np.where(np.asarray(system.pbc), search, np.minimum(search, shape - 1))
    return shape, search.max(axis=0)


def _fullest_bin(
    system: System,
    frame: np.ndarray,
    origin: np.ndarray,
    shape: np.ndarray,
    first_bin: np.ndarray,
) -> int:
    """Return the largest number of atoms in a bin."""
    is_atom = np.asarray(system.is_atom)
    index = np.asarray(system.system_index)[is_atom]
    positions = np.asarray(system.positions, dtype=np.float64)[is_atom]
    fractional = np.einsum("na,nab->nb", positions - origin[index], np.linalg.inv(frame)[index])
    fractional -= np.where(np.asarray(system.pbc)[index], np.floor(fractional), 0.0)
    a, b, c = np.clip(fractional * shape[index], 0, shape[index] - 1).astype(np.int64).T
    _, n_b, n_c = shape[index].T
    return int(np.bincount(first_bin[index] + (a * n_b + b) * n_c + c, minlength=1).max())
