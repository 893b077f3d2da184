"""Pairs of clusters: the long-range list of atoms in spatial order.

    d_a = max(|c_J + shift · cell − c_I|_a − (b_I + b_J)_a, 0),   listed while |d| < cutoff + skin

c (`centres`) and b (`half`) are the centres and half the edges of the boxes that enclose clusters I
and J, and a is one of x, y and z. Pairs of atoms are not listed: a kernel computes all 16 · 16
pairs of two clusters and masks them by distance. The list then has a hundred entries per cluster
instead of a thousand per atom, and kernels read whole rows of memory instead of gathering.

The centres are listed as atoms are (`cell_list`), up to the distance at which the largest boxes
could come within the cutoff.
"""

from collections.abc import Mapping
from dataclasses import astuple, replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from sundog.neighbors.base import AbstractNeighbors, Memory
from sundog.neighbors.cell_list import build
from sundog.neighbors.lattice import transform
from sundog.neighbors.neighbor_list import is_outdated
from sundog.neighbors.pairs import PairList, edges
from sundog.neighbors.planning import CellListPlan, Demand, Grid, has_room, plan_cell_list
from sundog.neighbors.spatial_order import CLUSTER, Layout
from sundog.system import System
from sundog.typing import Cells, Positions

HEADROOM = 1.2
"""Factor of room for pairs and for the size of the largest box, relative to the allocation."""


class ClusterPairs(eqx.Module):
    """Pairs of clusters, and the images of the atoms in which clusters are compact.

    Attributes:
        listed: pairs of clusters, sorted by receiver; each cluster is also paired with itself.
        wrap: number of lattice vectors to subtract from the position of each place.
    """

    listed: PairList
    wrap: Int[Array, "places 3"]

    def positions(self, system: System) -> Positions:
        """Return the positions in which clusters are compact, in Å."""
        return _compact(system, self.wrap)


class _Boxes(eqx.Module):
    """Boxes that enclose the clusters.

    Attributes:
        centres: system in which each cluster is one atom, at the centre of its box.
        half: half the edges of the boxes in Å.
    """

    centres: System
    half: Float[Array, "clusters 3"]


class ClusterList(AbstractNeighbors):
    """Pairs of clusters that are updated along a trajectory; made by `allocate_clusters`.

    Attributes:
        found: pairs of the last build.
        layout: layout of the places.
        positions: positions of the places at the last build, in Å.
        cell: cell at the last build, in Å.
        grid: bins of the centres.
        demand: largest demand of all builds on the bins.
        widest: longest diagonal of a box in all builds, in Å.
        most: largest number of pairs in all builds.
        plan: shapes of the list of centres.
        reach: cutoff of the list of centres in Å.
        cutoff: cutoff of the list in Å.
        skin: distance beyond the cutoff that is listed too, in Å.
    """

    found: ClusterPairs
    layout: Layout
    positions: Positions
    cell: Cells
    grid: Grid
    demand: Demand
    widest: Float[Array, ""]
    most: Int[Array, ""]
    plan: CellListPlan = eqx.field(static=True)
    reach: float = eqx.field(static=True)
    cutoff: float = eqx.field(static=True)
    skin: float = eqx.field(static=True)

    @property
    def pairs(self) -> ClusterPairs:
        """Pairs of clusters."""
        return self.found

    @property
    def overflow(self) -> Bool[Array, ""]:
        """True when a list was too small; results since then are invalid."""
        fits = has_room(self.plan, self.grid, self.demand)
        fits &= self.cutoff + self.skin + self.widest <= self.reach
        return ~(fits & (self.most <= self.found.listed.i.shape[0]))

    def outdated(self, system: System) -> Bool[Array, ""]:
        """Return whether a pair within the cutoff could be missing."""
        return is_outdated(
            system,
            since=system.at(self.positions, self.cell),
            lattice=self.layout.lattice,
            cutoff=self.cutoff,
            skin=self.skin,
        )

    def update(self, system: System) -> "ClusterList":
        """Return a list that is valid for the present positions (pure, jittable)."""
        return lax.cond(self.outdated(system), lambda: _built(self, system), lambda: self)

    def enlarged(self, system: System, asked: "ClusterList") -> "ClusterList":
        """Return this list with more room; see `AbstractNeighbors.enlarged` (host only)."""
        then = system.at(self.positions, self.cell)
        widest, most = float(asked.widest), int(asked.most)
        return allocate_clusters(
            then, self.layout, self.cutoff, self.skin, widest=widest, most=most, demand=asked.demand
        )

    def memory(self) -> Memory:
        """Return the arrays from which the same list can be built again (host only)."""
        leaves = jax.tree.leaves(self._remembered())
        (search, *sizes), room = astuple(self.plan), self.found.listed.i.shape[0]
        return {str(k): np.asarray(leaf) for k, leaf in enumerate(leaves)} | {
            "plan": np.asarray([*search, *sizes, room]),
            "reach": np.asarray(self.reach),
        }

    def recalled(self, system: System, memory: Mapping[str, np.ndarray]) -> "ClusterList":
        """Return the list of a memory; see `AbstractNeighbors.recalled` (host only)."""
        structure = jax.tree.structure(self._remembered())
        leaves = [jnp.asarray(memory[str(k)]) for k in range(structure.num_leaves)]
        known = jax.tree.unflatten(structure, leaves)
        *search, bins, bin_capacity, row_capacity, room = memory["plan"].tolist()
        layout, positions, cell, grid, demand, widest, most = known
        found = replace(
            self,
            found=_no_pairs(len(positions), room),
            layout=layout,
            grid=grid,
            demand=demand,
            widest=widest,
            most=most,
            plan=CellListPlan(tuple(search), bins, bin_capacity, row_capacity),
            reach=float(memory["reach"]),
        )
        return _compiled_build(found, system.at(positions, cell))

    def _remembered(self) -> tuple:
        return (
            self.layout,
            self.positions,
            self.cell,
            self.grid,
            self.demand,
            self.widest,
            self.most,
        )


def allocate_clusters(
    system: System,
    layout: Layout,
    cutoff: float,
    skin: float,
    *,
    widest: float = 0.0,
    most: int = 0,
    demand: Demand | None = None,
) -> ClusterList:
    """Return a list for atoms in spatial order, with some headroom (host only).

    Args:
        system: concrete arrays, in the order of `spatial_order`; the list can be updated for all
            states of these structures, in that order or any later one.
        layout: layout of the places.
        cutoff: cutoff in Å, finite.
        skin: distance beyond the cutoff that is listed too, in Å; with zero the list is built at
            every update that moves an atom.
        widest: longest diagonal of a box in an earlier list, in Å.
        most: largest number of pairs in that list.
        demand: largest demand of that list on its bins.
    """
    boxes, _ = _compiled_boxes(system, layout)
    while True:
        widest = max(widest, float(_widest(boxes)))
        reach = cutoff + skin + HEADROOM * widest
        plan, grid = plan_cell_list(boxes.centres, reach, headroom=HEADROOM, minimum=demand)
        if demand is None:
            zero = jnp.zeros((), jnp.int32)
            demand = Demand(zero, zero, jnp.full_like(grid.least_heights, jnp.inf))
        # Rows as long as the longest have room for all pairs; the list is shortened afterwards.
        room = max(most, plan.row_capacity * boxes.half.shape[0])
        made = ClusterList(
            found=_no_pairs(system.number_of_atoms, room),
            layout=layout,
            positions=system.positions,
            cell=system.cell,
            grid=grid,
            demand=demand,
            widest=jnp.zeros((), system.positions.dtype),
            most=jnp.zeros((), jnp.int32),
            plan=plan,
            reach=reach,
            cutoff=cutoff,
            skin=skin,
        )
        built = _compiled_build(made, system)
        if not built.overflow:
            return _shortened(built, int(HEADROOM * max(most, int(built.most))) + 1)
        demand = built.demand


def _shortened(clusters: ClusterList, room: int) -> ClusterList:
    """Return the list with room for `room` pairs of clusters only (host only)."""
    found = clusters.found
    listed = jax.tree.map(lambda one: one[:room], found.listed)
    return replace(clusters, found=replace(found, listed=listed))


def _built(old: ClusterList, system: System) -> ClusterList:
    """Return the list built for the present positions."""
    boxes, wrap = _boxes(system, old.layout)
    near, demand = build(boxes.centres, old.grid, old.plan, old.reach)
    pairs = _with_themselves(near, boxes.centres)
    vectors = edges(
        boxes.centres, pairs, jnp.zeros_like(system.cell), system.positions.dtype
    ).vectors
    gaps = jnp.abs(vectors) - pairs.at_receivers(boxes.half) - pairs.at_senders(boxes.half)
    within = old.cutoff + old.skin
    meet = pairs.mask & (jnp.sum(jnp.maximum(gaps, 0.0) ** 2, axis=1) < within**2)
    room = old.found.listed.i.shape[0]
    (chosen,) = jnp.nonzero(meet, size=room, fill_value=0)
    count = jnp.sum(meet, dtype=jnp.int32)
    listed = PairList(
        i=pairs.i[chosen],
        j=pairs.j[chosen],
        shift=pairs.shift[chosen],
        mask=jnp.arange(room, dtype=jnp.int32) < count,
    )
    return replace(
        old,
        found=ClusterPairs(listed, wrap),
        positions=system.positions,
        cell=system.cell,
        demand=old.demand.join(demand),
        widest=jnp.maximum(old.widest, _widest(boxes)),
        most=jnp.maximum(old.most, count),
    )


def _with_themselves(pairs: PairList, centres: System) -> PairList:
    """Return rows that begin with the pair of each cluster with itself."""
    clusters, row = centres.number_of_atoms, pairs.row_length
    assert row is not None
    own = jnp.arange(clusters, dtype=jnp.int32)

    def joined(first: Array, rest: Array) -> Array:
        rest = rest.reshape(clusters, row, *rest.shape[1:])
        joint = jnp.concatenate([first[:, None], rest], axis=1)
        return joint.reshape(clusters * (row + 1), *rest.shape[2:])

    return PairList(
        i=joined(own, pairs.i),
        j=joined(own, pairs.j),
        shift=joined(jnp.zeros((clusters, 3), jnp.int32), pairs.shift),
        mask=joined(centres.is_atom, pairs.mask),
        row_length=row + 1,
    )


def _boxes(system: System, layout: Layout) -> tuple[_Boxes, Int[Array, "places 3"]]:
    """Return the boxes of the clusters, and the lattice vectors subtracted from the places."""
    _, wrap = layout.fractional(system)
    places = _compact(system, wrap).reshape(-1, CLUSTER, 3)
    exists = system.is_atom.reshape(-1, CLUSTER)
    low = jnp.min(jnp.where(exists[:, :, None], places, jnp.inf), axis=1)
    high = jnp.max(jnp.where(exists[:, :, None], places, -jnp.inf), axis=1)
    some = jnp.any(exists, axis=1)
    centres = replace(
        system,
        positions=jnp.where(some[:, None], 0.5 * (low + high), 0.0),
        numbers=some.astype(system.numbers.dtype),
        system_index=system.system_index[::CLUSTER],
        fragment_index=None,
        fragment_charge=None,
    )
    return _Boxes(centres, jnp.where(some[:, None], 0.5 * (high - low), 0.0)), wrap


def _compact(system: System, wrap: Int[Array, "places 3"]) -> Positions:
    cell = system.cell[system.system_index]
    return system.positions - transform(wrap.astype(cell.dtype), cell)


def _widest(boxes: _Boxes) -> Float[Array, ""]:
    """Return the longest diagonal of a box in Å."""
    return 2.0 * jnp.sqrt(jnp.max(jnp.sum(boxes.half**2, axis=1)))


def _no_pairs(places: int, room: int) -> ClusterPairs:
    zeros = jnp.zeros(room, jnp.int32)
    listed = PairList(zeros, zeros, jnp.zeros((room, 3), jnp.int32), jnp.zeros(room, bool))
    return ClusterPairs(listed, jnp.zeros((places, 3), jnp.int32))


_compiled_build, _compiled_boxes = eqx.filter_jit(_built), eqx.filter_jit(_boxes)
