"""Planning of the cell list, on the host: number of bins, range of the search, capacities.

    n_k = ⌊h_k m / r⌋, at least 1    bins along lattice vector k, about r/m wide
    s_k = ⌈r n_k / h_k⌉              bins to search on either side

    symbol   variable        meaning
    r        cutoff          cutoff of the list, skin included, Å
    h        heights         heights of the completed lattice, Å (`lattice`)
    m        subdivisions    small integer
    n        shape           number of bins along each lattice vector
    s        search_range    number of bins to search on either side

Two atoms closer than r are at most s_k bins apart along each lattice vector, whatever the shape of
the cell. This also holds for cells shorter than r, whose bins are counted on through the images.
Atoms beyond the frame of a direction that is not periodic belong to the outermost bin. This never
moves two of them further apart, so that no pair is lost.

Numbers that fix the shape of an array are static and belong to `CellListPlan`; numbers that can
change without another compilation belong to `Grid`.
"""

from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from sundog.neighbors.lattice import complete_lattice
from sundog.neighbors.reference import longest_row
from sundog.numerics.heights import heights
from sundog.system import System
from sundog.typing import Cells

SUBDIVISIONS = (1, 2, 3)
"""Values of m from which the plan takes the one with the fewest candidates."""

SHRINKAGE = 0.95
"""Fraction of its heights to which a cell may shrink before the list has to be planned again."""

BINS_PER_ATOM = 4
"""Largest number of bins per atom; sparse structures get wider bins instead of more of them."""

BLOCK_BYTES = 64 * 2**20
"""Approximate size of the temporaries of a block of atoms in a build, in bytes."""


@dataclass(frozen=True)
class CellListPlan:
    """Numbers that fix the shapes of a cell list's arrays.

    Attributes:
        search_range: numbers s of bins to search, the same for all structures.
        bins: number of bins of all structures together.
        bin_capacity: number of atoms that fit in a bin.
        row_capacity: number of pairs that fit in the row of an atom.
    """

    search_range: tuple[int, int, int]
    bins: int
    bin_capacity: int
    row_capacity: int

    @property
    def candidates(self) -> int:
        """Number of slots that are searched for each atom."""
        return self.bin_capacity * int(np.prod([2 * s + 1 for s in self.search_range]))

    @property
    def block(self) -> int:
        """Number of atoms whose rows are built at a time."""
        return max(1, BLOCK_BYTES // (self.candidates + 64 * self.row_capacity))


class Grid(eqx.Module):
    """Bins of each structure.

    Attributes:
        frame: completed lattice at the time of planning, in Å; builds take the rows along
            directions that are not periodic from here, the others from the present cell.
        origin: corner of the frame in Å.
        shape: number n of bins along each lattice vector.
        first_bin: number of each structure's first bin; bins are numbered through all structures.
        least_heights: heights of the cell in Å below which the search range is too short.
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
    """Room that the builds of a list have needed so far.

    Attributes:
        bin_capacity: largest number of atoms in a bin.
        row_capacity: largest number of pairs of an atom, among atoms that fitted in their bins.
        heights: smallest heights of each cell in Å.
    """

    bin_capacity: Int[Array, ""]
    row_capacity: Int[Array, ""]
    heights: Float[Array, "systems 3"]

    def join(self, other: "Demand") -> "Demand":
        """Return the larger of the two demands in each quantity."""
        return Demand(
            bin_capacity=jnp.maximum(self.bin_capacity, other.bin_capacity),
            row_capacity=jnp.maximum(self.row_capacity, other.row_capacity),
            heights=jnp.minimum(self.heights, other.heights),
        )


def has_room(plan: CellListPlan, grid: Grid, demand: Demand) -> Bool[Array, ""]:
    """Return whether a plan has the room that was needed.

    Args:
        plan: capacities of the arrays.
        grid: bins, with the smallest heights for which the search range suffices.
        demand: room that the builds have needed.
    """
    fits = demand.bin_capacity <= plan.bin_capacity
    fits &= demand.row_capacity <= plan.row_capacity
    return fits & jnp.all(demand.heights >= grid.least_heights)


@dataclass(frozen=True)
class ConcreteAtoms:
    """Atoms of a system without padding, and its completed lattices, as NumPy arrays.

    Attributes:
        positions: positions of the atoms in Å, [atoms, 3].
        index: structure of each atom.
        pbc: periodicity of each structure, [systems, 3].
        frame: completed lattices in Å, [systems, 3, 3].
        origin: corners of the lattices in Å, [systems, 3].
    """

    positions: np.ndarray
    index: np.ndarray
    pbc: np.ndarray
    frame: np.ndarray
    origin: np.ndarray

    @classmethod
    def of(cls, system: System) -> "ConcreteAtoms":
        """Return the atoms and lattices of a system."""
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
    """Return a plan for the list of `system`, and its bins.

    The rows of large structures are sampled, so that a build can need slightly more room.

    Args:
        system: structures, as concrete arrays.
        cutoff: cutoff r in Å, skin included.
        headroom: factor on the capacities.
        minimum: room that earlier lists of these structures have needed.
    """
    host = ConcreteAtoms.of(system)
    row, least, least_atoms = longest_row(system, cutoff), heights(host.frame), 0
    if minimum is not None:
        # A cell that exploded has heights that are not numbers, which fmin ignores.
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
    """Return the smallest multiple of 8 that is not less than `capacity`, at least 8."""
    return max(8, 8 * int(np.ceil(capacity / 8)))


def _divide(
    host: ConcreteAtoms, heights: np.ndarray, cutoff: float, subdivisions: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers n of bins of each structure and the range s that suffices for all."""
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
