"""`NeighborList`: a pair list with a skin (Verlet list) that is rebuilt when it is out of date.

The list contains all pairs that were closer than cutoff + skin when it was built.
Since then the cell changed from L₀ to L = L₀ (1 + G), and atom i, beyond moving with
the cell, was displaced by u_i:

    R_i = R_i⁰ (1 + G) + u_i
    |r_ij| ≥ (1 − ‖G‖) |r_ij⁰| − |u_i| − |u_j|

with the Frobenius norm of G (`strain`), which is not less than the largest relative change of
any length. A pair that is not in the list had |r_ij⁰| ≥ cutoff + skin, so that none is missing
as long as

    2 |u_i| ≤ (1 − ‖G‖) (cutoff + skin) − cutoff      for all atoms.

In a constant cell this is the usual criterion of half the skin.

`update` is pure and can be jitted; it does not change the capacities. A build that needs
more room than there is sets `overflow`, which stays set until `reallocate` has made a list
with enough room, on the host.
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

# `allocate` is called outside of any compiled function, where `build` would be far too slow.
_compiled_build = eqx.filter_jit(build)


class CellListState(eqx.Module):
    """State of a list that is needed to decide whether it is out of date and to rebuild it.

    Attributes:
        positions: positions at the last build, in Å.
        cell: cell at the last build, in Å.
        grid: bins of the cell list.
        demand: largest demand of all builds so far on the plan.
        plan: shapes of the cell list.
    """

    positions: Positions
    cell: Cells
    grid: Grid
    demand: Demand
    plan: CellListPlan = eqx.field(static=True)


class NeighborList(eqx.Module):
    """All pairs within a cutoff, and some beyond it.

    Attributes:
        pairs: pairs within cutoff + skin at the last build; terms give those beyond the cutoff
            no energy.
        state: state for updates; None in a list of all pairs, which is never out of date.
        cutoff: cutoff in Å; infinite in a list of all pairs.
        skin: distance beyond the cutoff that is listed too, in Å, so that the list stays valid
            for some steps.
    """

    pairs: PairList
    state: CellListState | None
    cutoff: float = eqx.field(static=True)
    skin: float = eqx.field(static=True)

    @property
    def overflow(self) -> Bool[Array, ""]:
        """True when any build since the allocation lacked room, so that pairs may be missing."""
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
    """Return a list for `system`, with room for its pairs and some more (host only).

    Args:
        system: structures, as concrete arrays; the list can be updated for all their states.
        cutoff: cutoff in Å; infinite for all pairs of each molecule.
        skin: distance beyond the cutoff that is listed too, in Å; with zero the list is built at
            every update that moves an atom.
        headroom: factor on the capacities.
        minimum: room that earlier lists of these structures have needed.

    Raises:
        InputError: cutoff, skin or headroom are out of range.
        CellError: the cutoff is infinite and a structure periodic.
        StructureError: coordinates are not finite.
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
    """Return the list, built for the same positions, with the room that a later one needed.

    Args:
        neighbors: list before the overflow.
        system: structures, as concrete arrays (host only).
        asked: list that overflowed.
    """
    if neighbors.state is None or asked.state is None:
        return neighbors
    built_for = system.at(neighbors.state.positions, neighbors.state.cell)
    return allocate(built_for, neighbors.cutoff, neighbors.skin, minimum=asked.state.demand)


def remember(neighbors: NeighborList) -> dict[str, np.ndarray]:
    """Return the arrays from which the list can be built again, bit for bit (host only)."""
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
    """Return the list restored from a memory (host only).

    Args:
        neighbors: list of these structures with the same cutoff and skin.
        system: structures, with any positions and cells.
        memory: arrays from `remember`.

    Raises:
        KeyError: the memory is not that of a list.
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
    """Return the list, rebuilt if it is out of date, with the same capacities (pure, jittable).

    Args:
        neighbors: list that was allocated for these structures.
        system: present positions and cells.
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
        neighbors: list that was allocated for these structures.
        system: present positions and cells.
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
    """Return whether a pair within the cutoff could be missing, or a coordinate is not finite.

    Args:
        system: present positions and cells.
        since: positions and cells for which the list was built.
        lattice: function that returns the completed lattices of a system in Å.
        cutoff: cutoff in Å.
        skin: distance beyond the cutoff that is listed too, in Å.
    """
    built = lattice(since)
    strain = transform(inverse(built), (lattice(system) - built)[:, None])
    norm = jnp.sqrt(jnp.sum(strain**2, axis=(1, 2)))
    allowed = (1.0 - norm) * (cutoff + skin) - cutoff
    index = system.system_index
    moved = system.positions - since.positions - transform(since.positions, strain[index])
    # The comparison is false for positions that are not numbers.
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

    Args:
        system: structures, as concrete arrays.
        cutoff: cutoff in Å.
        skin: distance beyond the cutoff that is listed too, in Å.

    Raises:
        InputError: cutoff or skin are out of range.
        CellError: the cutoff is infinite and a structure periodic.
        StructureError: coordinates are not finite.
    """
    check_cutoff(system, cutoff)
    if not 0 <= skin < math.inf:
        raise InputError("skin: must be a length in Å, zero or more", got=skin)
    for name in ("positions", "cell"):
        if not np.isfinite(np.asarray(getattr(system, name))).all():
            raise StructureError(
                f"{name}: a pair list needs finite numbers",
                remedy="Start from an earlier state of the simulation, before it failed",
            )
