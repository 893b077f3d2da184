"""`NeighborList`: a pair list that knows when it is out of date.

The list holds all pairs closer than cutoff + skin when it was built. Since then
the cell went from L₀ to L = L₀ (1 + G), and atom i, besides going along with it,
moved by u_i:

    R_i = R_i⁰ (1 + G) + u_i
    |r_ij| ≥ (1 − ‖G‖) |r_ij⁰| − |u_i| − |u_j|

with the Frobenius norm, which is no less than the largest stretch or shrinkage. A
pair that is not in the list had |r_ij⁰| ≥ cutoff + skin, so none is missing while

    2 |u_i| ≤ (1 − ‖G‖) (cutoff + skin) − cutoff      for all atoms.

In a cell that does not change this is the usual half of the skin.

`update` is pure and can be jitted; capacities do not change in it. A build that
needs more than there is sets `overflow`, which stays set until `reallocate` has
made, on the host, a list with the room that was asked for.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool

from sundog.errors import InputError, StructureError
from sundog.neighbors.cell_list import build
from sundog.neighbors.lattice import inverse, transform
from sundog.neighbors.pairs import PairList
from sundog.neighbors.planning import CellListPlan, Demand, Grid, has_room, plan_cell_list
from sundog.neighbors.reference import check_cutoff, reference_pairs
from sundog.system import System
from sundog.typing import Cells, Positions

# `allocate` is called outside of any compiled function but is far too slow without one.
_compiled_build = eqx.filter_jit(build)


class CellListState(eqx.Module):
    """What it takes to know whether a list is out of date and to build it again.

    Attributes:
        positions: at the last build, Å.
        cell: at the last build, Å.
        grid: the bins.
        demand: the most that all builds together asked of the plan.
        plan: the shapes.
    """

    positions: Positions
    cell: Cells
    grid: Grid
    demand: Demand
    plan: CellListPlan = eqx.field(static=True)


class NeighborList(eqx.Module):
    """All pairs within a cutoff, and some beyond it.

    Attributes:
        pairs: the pairs; those beyond the cutoff are for the physics to mask.
        state: for updates; None in a list of all pairs, which is never out of date.
        cutoff: Å; infinite in a list of all pairs.
        skin: Å beyond the cutoff that are listed, so that the list lasts.
    """

    pairs: PairList
    state: CellListState | None
    cutoff: float = eqx.field(static=True)
    skin: float = eqx.field(static=True)

    @property
    def overflow(self) -> Bool[Array, ""]:
        """Whether any build since the allocation lacked room, so that pairs may be missing."""
        if self.state is None:
            return jnp.zeros((), bool)
        return ~has_room(self.state.plan, self.state.grid, self.state.demand)


def allocate(
    system: System,
    cutoff: float,
    skin: float = 0.5,
    *,
    headroom: float = 1.2,
    minimum: Demand | None = None,
) -> NeighborList:
    """Return a list for `system`, with room for what it holds and some more (host only).

    Args:
        system: concrete arrays; the list serves all states of these structures.
        cutoff: Å; infinite for all pairs of each molecule.
        skin: Å; zero builds the list at every update that moves an atom.
        headroom: factor on the capacities.
        minimum: what an earlier list of these structures was asked for.

    Raises:
        InputError: cutoff, skin or headroom out of range.
        CellError: an infinite cutoff with a periodic structure.
        StructureError: coordinates that are not finite.
    """
    check_request(system, cutoff, skin)
    if not 1 <= headroom < math.inf:
        raise InputError("headroom: must be a factor of at least one", got=headroom)
    if math.isinf(cutoff):
        return NeighborList(pairs=_all_pairs(system), state=None, cutoff=cutoff, skin=skin)
    reach = cutoff + skin
    while True:
        plan, grid = plan_cell_list(system, reach, headroom=headroom, minimum=minimum)
        pairs, demand = _compiled_build(system, grid, plan, reach)
        state = CellListState(system.positions, system.cell, grid, demand, plan)
        neighbors = NeighborList(pairs=pairs, state=state, cutoff=cutoff, skin=skin)
        if not neighbors.overflow:
            return neighbors
        minimum = demand if minimum is None else minimum.join(demand)


def reallocate(neighbors: NeighborList, system: System, asked: NeighborList) -> NeighborList:
    """Return the list, of the same build, with the room that a later one wanted (host only).

    Args:
        neighbors: the list before the overflow.
        system: the structures.
        asked: the list that overflowed.
    """
    if neighbors.state is None or asked.state is None:
        return neighbors
    built_for = system.at(neighbors.state.positions, neighbors.state.cell)
    return allocate(built_for, neighbors.cutoff, neighbors.skin, minimum=asked.state.demand)


def remember(neighbors: NeighborList) -> dict[str, np.ndarray]:
    """Return what it takes to build the list again, bit for bit (host only)."""
    state = neighbors.state
    if state is None:
        return {}
    leaves = jax.tree.leaves((state.positions, state.cell, state.grid, state.demand))
    plan = (*state.plan.search_range, *dataclasses.astuple(state.plan)[1:])
    arrays = {str(k): np.asarray(leaf) for k, leaf in enumerate(leaves)}
    return arrays | {"plan": np.asarray(plan)}


def recall(
    neighbors: NeighborList, system: System, memory: Mapping[str, np.ndarray]
) -> NeighborList:
    """Return the list that `memory` is of (host only).

    Args:
        neighbors: a list of these structures with the same cutoff and skin.
        system: the structures.
        memory: from `remember`.

    Raises:
        KeyError: it is not the memory of a list.
    """
    state = neighbors.state
    if state is None:
        return neighbors
    like = (state.positions, state.cell, state.grid, state.demand)
    structure = jax.tree.structure(like)
    leaves = [jnp.asarray(memory[str(k)]) for k in range(structure.num_leaves)]
    positions, cell, grid, demand = jax.tree.unflatten(structure, leaves)
    ranges, sizes = np.split(memory["plan"], [3])
    plan = CellListPlan(tuple(ranges.tolist()), *sizes.tolist())
    reach = neighbors.cutoff + neighbors.skin
    pairs, _ = _compiled_build(system.at(positions, cell), grid, plan, reach)
    return replace(neighbors, pairs=pairs, state=CellListState(positions, cell, grid, demand, plan))


def update(neighbors: NeighborList, system: System) -> NeighborList:
    """Return the list, built again if it is out of date; pure, capacities unchanged.

    Args:
        neighbors: a list allocated for these structures.
        system: their present positions and cells.
    """
    state = neighbors.state
    if state is None:
        return neighbors

    def rebuilt() -> tuple[PairList, CellListState]:
        pairs, demand = build(system, state.grid, state.plan, neighbors.cutoff + neighbors.skin)
        return pairs, CellListState(
            positions=system.positions,
            cell=system.cell,
            grid=state.grid,
            demand=state.demand.join(demand),
            plan=state.plan,
        )

    pairs, current = lax.cond(
        needs_rebuild(neighbors, system), rebuilt, lambda: (neighbors.pairs, state)
    )
    return replace(neighbors, pairs=pairs, state=current)


def needs_rebuild(neighbors: NeighborList, system: System) -> Bool[Array, ""]:
    """Return whether a pair within the cutoff could be missing (or a coordinate is not finite).

    Args:
        neighbors: a list allocated for these structures.
        system: their present positions and cells.
    """
    state = neighbors.state
    if state is None:
        return jnp.zeros((), bool)
    grid = state.grid
    return is_outdated(
        system,
        since=system.at(state.positions, state.cell),
        lattice=grid.lattice,
        cutoff=neighbors.cutoff,
        skin=neighbors.skin,
    )


def is_outdated(
    system: System,
    *,
    since: System,
    lattice: Callable[[System], Cells],
    cutoff: float,
    skin: float,
) -> Bool[Array, ""]:
    """Return whether a pair within the cutoff could be missing from a list.

    Also when a coordinate is not finite.

    Args:
        system: present positions and cells.
        since: those for which the list was built.
        lattice: gives the completed lattices of a system, Å.
        cutoff: Å.
        skin: Å.
    """
    built = lattice(since)
    strain = transform(inverse(built), (lattice(system) - built)[:, None])
    norm = jnp.sqrt(jnp.sum(strain**2, axis=(1, 2)))
    allowed = (1.0 - norm) * (cutoff + skin) - cutoff
    index = system.system_index
    moved = system.positions - since.positions - transform(since.positions, strain[index])
    # The comparison is false for what is not a number.
    sound = 2.0 * jnp.sqrt(jnp.sum(moved**2, axis=1)) <= allowed[index]
    return jnp.any(system.is_atom & ~sound)


def _all_pairs(system: System) -> PairList:
    """Return all pairs of each molecule in rows as long as the largest molecule needs."""
    flat = reference_pairs(system, math.inf)
    i, atoms = np.asarray(flat.i), system.number_of_atoms
    counts = np.bincount(i, minlength=atoms)
    row = max(1, int(counts.max()))
    place = i * row + np.arange(len(i)) - (np.cumsum(counts) - counts)[i]
    receivers = np.repeat(np.arange(atoms), row)
    senders = receivers.copy()
    senders[place] = np.asarray(flat.j)
    return PairList(
        i=jnp.asarray(receivers, dtype=jnp.int32),
        j=jnp.asarray(senders, dtype=jnp.int32),
        shift=jnp.zeros((atoms * row, 3), jnp.int32),
        mask=jnp.asarray(senders != receivers),
        row_length=row,
    )


def check_request(system: System, cutoff: float, skin: float) -> None:
    """Refuse lists that cannot be made (host only).

    Raises:
        InputError: cutoff or skin out of range.
        CellError: an infinite cutoff with a periodic structure.
        StructureError: coordinates that are not finite.
    """
    check_cutoff(system, cutoff)
    if not 0 <= skin < math.inf:
        raise InputError("skin: must be a length in Å, zero or more", got=skin)
    for name in ("positions", "cell"):
        if not np.isfinite(np.asarray(getattr(system, name))).all():
            raise StructureError(
                f"{name}: a pair list needs finite numbers",
                remedy="Start from a state before the structure fell apart",
            )
