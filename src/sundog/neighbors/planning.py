"""Planning of the cell list, on the host: how many bins, how far to search, how much room.

    n_k = ⌊h_k m / r⌋, at least 1    bins along lattice vector k, about r/m wide
    s_k = ⌈r n_k / h_k⌉              bins to search on either side

r is the list's cutoff, skin included, h_k the heights of the completed lattice
(`lattice`), m a small integer. Two atoms closer than r lie at most s_k bins apart
along each lattice vector, whatever the shape of the cell and also when it is
shorter than r: bins are then counted on through its images. Atoms beyond the
frame of a direction that is not periodic belong to the outermost bin; that never
takes two of them further apart, so no pair is lost.

Whatever fixes a shape is static and lives in `CellListPlan`; what can change
without another compilation lives in `Grid`.
"""

from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from sundog.neighbors.lattice import complete_lattice, heights
from sundog.neighbors.reference import longest_row
from sundog.system import System
from sundog.typing import Cells

SUBDIVISIONS = (1, 2, 3)
"""Values of m, of which the plan takes the one with the fewest candidates."""

SHRINKAGE = 0.95
"""A cell may shrink to this fraction of its heights before the search range is too short."""

BINS_PER_ATOM = 4
"""Sparse structures get wider bins rather than more bins than this."""

BLOCK_BYTES = 64 * 2**20
"""Temporaries of a block of atoms in a build."""


@dataclass(frozen=True)
class CellListPlan:
    """Everything about a cell list that fixes a shape.

    Attributes:
        search_range: s, the same for all structures.
        bins: number of bins of all structures together.
        bin_capacity: atoms that fit in a bin.
        row_capacity: pairs that fit in the row of an atom.
    """

    search_range: tuple[int, int, int]
    bins: int
    bin_capacity: int
    row_capacity: int

    @property
    def candidates(self) -> int:
        """Slots searched for each atom."""
        return self.bin_capacity * int(np.prod([2 * s + 1 for s in self.search_range]))

    @property
    def block(self) -> int:
        """Atoms whose rows are built at a time."""
        return max(1, BLOCK_BYTES // (self.candidates + 64 * self.row_capacity))


class Grid(eqx.Module):
    """The bins of each structure.

    Attributes:
        frame: completed lattice at the time of planning, Å; builds take the rows along
            directions that are not periodic from here, the others from the current cell.
        origin: where the frame starts, Å.
        shape: n.
        first_bin: bins of all structures are numbered through; where each structure starts.
        least_heights: heights of the cell below which s is too short, Å.
    """

    frame: Cells
    origin: Float[Array, "systems 3"]
    shape: Int[Array, "systems 3"]
    first_bin: Int[Array, " systems"]
    least_heights: Float[Array, "systems 3"]

    def lattice(self, system: System) -> Cells:
        """Return the completed lattices of `system`, Å."""
        return jnp.where(system.pbc[:, :, None], system.cell, self.frame)


class Demand(eqx.Module):
    """The most that the builds of a list have asked of a plan.

    Attributes:
        bin_capacity: most atoms in a bin.
        row_capacity: most pairs of an atom, as far as the bins held them.
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


def has_room(plan: CellListPlan, grid: Grid, demand: Demand) -> Bool[Array, ""]:
    """Return whether a plan suffices for what was asked of it."""
    fits = demand.bin_capacity <= plan.bin_capacity
    fits &= demand.row_capacity <= plan.row_capacity
    return fits & jnp.all(demand.heights >= grid.least_heights)


@dataclass(frozen=True)
class ConcreteAtoms:
    """The atoms of a system (no padding) and its completed lattices, in numpy."""

    positions: np.ndarray
    index: np.ndarray
    pbc: np.ndarray
    frame: np.ndarray
    origin: np.ndarray

    @classmethod
    def of(cls, system: System) -> "ConcreteAtoms":
        """Return them."""
        is_atom = np.asarray(system.is_atom)
        positions = np.asarray(system.positions, dtype=np.float64)[is_atom]
        index = np.asarray(system.system_index)[is_atom]
        cell = np.asarray(system.cell, dtype=np.float64)
        pbc = np.asarray(system.pbc)
        completed = [
            complete_lattice(cell[k], pbc[k], positions[index == k]) for k in range(len(cell))
        ]
        frames, origins = zip(*completed, strict=True)
        return cls(positions, index, pbc, np.stack(frames), np.stack(origins))


def plan_cell_list(
    system: System, cutoff: float, *, headroom: float, minimum: Demand | None
) -> tuple[CellListPlan, Grid]:
    """Plan a list for `system`.

    The rows of large structures are sampled, so that a build can need slightly more room.

    Args:
        system: concrete arrays.
        cutoff: r in Å.
        headroom: factor on the capacities.
        minimum: what was asked of an earlier plan for these structures.
    """
    host = ConcreteAtoms.of(system)
    row, least, least_atoms = longest_row(system, cutoff), heights(host.frame), 0
    if minimum is not None:
        # A cell that exploded has no heights; it must not spoil the plan.
        least = np.fmin(least, np.asarray(minimum.heights, dtype=np.float64))
        least_atoms = int(minimum.bin_capacity)
        row = max(row, int(minimum.row_capacity))
    choices = []
    for subdivisions in SUBDIVISIONS:
        shape, search = _divide(host, least * SHRINKAGE, cutoff, subdivisions)
        first_bin = np.cumsum([0, *shape.prod(axis=1)])
        atoms = max(_fullest_bin(host, shape, first_bin), least_atoms)
        plan = CellListPlan(
            search_range=tuple(search.tolist()),
            bins=int(first_bin[-1]),
            bin_capacity=round_up(atoms * headroom),
            row_capacity=round_up(row * headroom),
        )
        choices.append((plan, shape, first_bin[:-1]))
    plan, shape, first_bin = min(choices, key=lambda choice: choice[0].candidates)
    search = np.array(plan.search_range)
    bounded = ~host.pbc & (search >= shape - 1)
    least_heights = np.where(bounded, 0.0, cutoff * shape / np.maximum(search, 1))
    dtype = system.positions.dtype
    return plan, Grid(
        frame=jnp.asarray(host.frame, dtype=dtype),
        origin=jnp.asarray(host.origin, dtype=dtype),
        shape=jnp.asarray(shape, dtype=jnp.int32),
        first_bin=jnp.asarray(first_bin, dtype=jnp.int32),
        least_heights=jnp.asarray(least_heights, dtype=dtype),
    )


def round_up(capacity: float) -> int:
    """Return the next multiple of 8, at least 8."""
    return max(8, 8 * int(np.ceil(capacity / 8)))


def _divide(
    host: ConcreteAtoms, heights: np.ndarray, cutoff: float, subdivisions: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return n of each structure and the s that suffices for all of them."""
    atoms = np.bincount(host.index, minlength=len(heights))
    shape = np.maximum(1, np.floor(heights * subdivisions / cutoff)).astype(np.int64)
    for bins, count in zip(shape, atoms, strict=True):
        while bins.prod() > BINS_PER_ATOM * max(count, 1):
            bins[np.argmax(bins)] //= 2
    # The tolerance keeps a rounding error from widening the search by a whole bin.
    search = np.ceil(cutoff * shape / heights - 1e-9).astype(np.int64)
    search = np.where(host.pbc, search, np.minimum(search, shape - 1))
    return shape, search.max(axis=0)


def _fullest_bin(host: ConcreteAtoms, shape: np.ndarray, first_bin: np.ndarray) -> int:
    """Return the largest number of atoms in a bin."""
    index, inverse = host.index, np.linalg.inv(host.frame)
    fractional = np.einsum("na,nab->nb", host.positions - host.origin[index], inverse[index])
    fractional -= np.where(host.pbc[index], np.floor(fractional), 0.0)
    a, b, c = np.clip(fractional * shape[index], 0, shape[index] - 1).astype(np.int64).T
    _, n_b, n_c = shape[index].T
    return int(np.bincount(first_bin[index] + (a * n_b + b) * n_c + c, minlength=1).max())
