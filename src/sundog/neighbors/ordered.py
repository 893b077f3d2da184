"""Pair lists of atoms that are kept in spatial order.

The atoms are sorted again whenever one of the lists is out of date. The lists refer to places, not
to atoms. A place that has received another atom has moved far, so that the lists that depend on it
are built again; a list all of whose places moved little is still valid.
"""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool

from sundog.neighbors.base import AbstractNeighbors, Memory
from sundog.neighbors.clusters import ClusterList, ClusterPairs, allocate_clusters
from sundog.neighbors.neighbor_list import check_request
from sundog.neighbors.neighbors import Neighbors, allocate_unchecked, check_no_overlap
from sundog.neighbors.pairs import PairList
from sundog.neighbors.spatial_order import SpatialOrder, plan_layout, spatial_order
from sundog.system import System

BY_ATOMS = "long_by_atoms"
"""Range of the long-range pairs of places, for terms that cannot be summed over clusters."""


class Ordered(eqx.Module):
    """Argument of a force field for atoms in spatial order.

    Attributes:
        order: spatial order of the atoms; the pairs refer to places in it.
        pairs: `short` with pairs of places, `long` with pairs of clusters, and where it is needed
            `BY_ATOMS` with pairs of places within the long cutoff.
    """

    order: SpatialOrder
    pairs: dict[str, PairList | ClusterPairs]


class OrderedNeighbors(AbstractNeighbors):
    """Short-range list and pairs of clusters, for atoms in spatial order.

    Attributes:
        order: spatial order when a list was last out of date.
        near: short-range list, and where it is needed a long-range one of places.
        far: pairs of clusters, for the long range.
    """

    order: SpatialOrder
    near: Neighbors
    far: ClusterList

    @property
    def pairs(self) -> Ordered:
        """Spatial order and pairs."""
        return Ordered(self.order, {**self.near.pairs, "long": self.far.pairs})

    @property
    def overflow(self) -> Bool[Array, ""]:
        """True when a list was too small; results since then are invalid."""
        return self.near.overflow | self.far.overflow

    def update(self, system: System) -> "OrderedNeighbors":
        """Return lists that are valid for the present system (pure, jittable)."""
        present = self.order.ordered(system)
        outdated = self.near.outdated(present) | self.far.outdated(present)
        layout = self.far.layout
        order = lax.cond(outdated, lambda: spatial_order(system, layout), lambda: self.order)
        present = order.ordered(system)
        return OrderedNeighbors(order, self.near.update(present), self.far.update(present))

    def enlarged(self, system: System, asked: Any) -> "OrderedNeighbors":
        """Return these lists with more room; see `AbstractNeighbors.enlarged` (host only)."""
        present, near, far = self.order.ordered(system), self.near, self.far
        if asked.near.overflow:
            near = near.enlarged(present, asked.near)
        if asked.far.overflow:
            far = far.enlarged(present, asked.far)
        return OrderedNeighbors(self.order, near, far)

    def memory(self) -> Memory:
        """Return the arrays from which the same lists can be built again (host only)."""
        far = {f"clusters.{name}": array for name, array in self.far.memory().items()}
        places = {"order": np.asarray(self.order.atom)}
        return self.near.memory() | far | places

    def recalled(self, system: System, memory: Mapping[str, np.ndarray]) -> "OrderedNeighbors":
        """Return the lists of a memory; see `AbstractNeighbors.recalled` (host only)."""
        atom = np.asarray(memory["order"])
        place = np.zeros(system.number_of_atoms, np.int32)
        taken = np.flatnonzero(atom < len(place))
        place[atom[taken]] = taken
        order = SpatialOrder(jnp.asarray(atom), jnp.asarray(place), self.order.system_index)
        present = order.ordered(system)
        far = {
            name.removeprefix("clusters."): array
            for name, array in memory.items()
            if name.startswith("clusters.")
        }
        return OrderedNeighbors(
            order, self.near.recalled(present, memory), self.far.recalled(present, far)
        )


def allocate_ordered(
    system: System, cutoffs: Mapping[str, float], skin: float, *, by_atoms: bool = False
) -> OrderedNeighbors:
    """Return lists with room for `system` and some headroom (host only).

    Args:
        system: structures, as concrete arrays; the lists can be updated for all their states.
        cutoffs: cutoffs `short` and `long` in Å, finite.
        skin: distance beyond both cutoffs that is listed too, in Å.
        by_atoms: whether the long range is listed by places as well, see `BY_ATOMS`.

    Raises:
        InputError: cutoff or skin are out of range.
        StructureError: coordinates are not finite.
        CoincidentAtomsError: two atoms are within `SMALLEST_DISTANCE`.
    """
    for cutoff in cutoffs.values():
        check_request(system, cutoff, skin)
    layout = plan_layout(system)
    order = _compiled_order(system, layout)
    present = order.ordered(system)
    of_atoms = {"short": cutoffs["short"]} | ({BY_ATOMS: cutoffs["long"]} if by_atoms else {})
    near = allocate_unchecked(present, of_atoms, skin)
    check_no_overlap(system, {name: _of_atoms(one, order) for name, one in near.pairs.items()})
    return OrderedNeighbors(order, near, allocate_clusters(present, layout, cutoffs["long"], skin))


def _of_atoms(pairs: PairList, order: SpatialOrder) -> PairList:
    """Return pairs of places as pairs of the atoms in them."""
    atom = jnp.minimum(order.atom, order.place.shape[0] - 1)
    return PairList(i=atom[pairs.i], j=atom[pairs.j], shift=pairs.shift, mask=pairs.mask)


_compiled_order = eqx.filter_jit(spatial_order)
