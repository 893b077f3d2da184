"""Spatial order: atoms that are close in space are close in memory.

The atoms of a structure are divided into slabs along a, slabs into columns along b, and columns
into clusters along c, each with as many atoms as the others of its kind (sort-tile-recursive
packing, Leutenegger, Lopez, Edgington, ICDE 1997). This takes three sorts, has lengths that depend
on the numbers of atoms alone, and gives clusters that are about as long as they are wide.

A place is an index into the arrays of the ordered atoms. Each structure begins with a new cluster,
so that the last cluster of the structure before may have empty places. Padding follows after all
structures.
"""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, PyTree

from sundog.neighbors.lattice import inverse, transform
from sundog.neighbors.planning import ConcreteAtoms
from sundog.numerics.heights import heights
from sundog.system import System
from sundog.typing import Cells, SystemIndex

CLUSTER = 16
"""Number of atoms in a cluster; kernels on GPUs compute tiles of CLUSTER × CLUSTER pairs."""


class Layout(eqx.Module):
    """Distribution of atoms over places; `groups` are the structures and, last, the padding.

    Attributes:
        frame: completed lattices in Å, of which only directions that are not periodic are read.
        seam: fractional coordinates at which periodic structures are cut open.
        first: first place of each group.
        slab: number of places of a slab of each group.
        column: number of places of a column of each group.
        system_index: structure of each place.
    """

    frame: Cells
    seam: Float[Array, "systems 3"]
    first: Int[Array, " groups"]
    slab: Int[Array, " groups"]
    column: Int[Array, " groups"]
    system_index: SystemIndex

    @property
    def places(self) -> int:
        """Number of places of all structures together, with padding."""
        return self.system_index.shape[0]

    def lattice(self, system: System) -> Cells:
        """Return the completed lattices of `system`, Å."""
        return jnp.where(system.pbc[:, :, None], system.cell, self.frame)

    def fractional(self, system: System) -> tuple[Float[Array, "n 3"], Int[Array, "n 3"]]:
        """Return wrapped fractional coordinates, and the lattice vectors that were subtracted."""
        index = system.system_index
        fractional = transform(system.positions, inverse(self.lattice(system))[index])
        fractional = fractional - self.seam[index]
        wrap = jnp.where(system.pbc[index], jnp.floor(fractional), 0.0)
        return fractional - wrap, wrap.astype(jnp.int32)


class SpatialOrder(eqx.Module):
    """Permutation between atoms and places.

    Attributes:
        atom: atom in each place; the number of atoms where the place is empty.
        place: place of each atom.
        system_index: structure of each place.
    """

    atom: Int[Array, " places"]
    place: Int[Array, " atoms"]
    system_index: Int[Array, " places"]

    def ordered(self, system: System) -> System:
        """Return the system in this order; empty places are padding."""
        exists = self.atom < system.number_of_atoms
        at = jnp.minimum(self.atom, system.number_of_atoms - 1)
        fragments = system.fragment_index
        return replace(
            system,
            positions=jnp.where(exists[:, None], system.positions[at], 0.0),
            numbers=jnp.where(exists, system.numbers[at], 0),
            system_index=self.system_index,
            fragment_index=None if fragments is None else fragments[at],
        )

    def restored(self, values: PyTree[Array]) -> PyTree[Array]:
        """Return arrays over places, reordered into arrays over atoms."""
        return jax.tree.map(lambda one: one[self.place], values)


def plan_layout(system: System) -> Layout:
    """Return the layout of places for these structures (host only).

    Args:
        system: structures, as concrete arrays.
    """
    host = ConcreteAtoms.of(system)
    counts = np.bincount(host.index, minlength=system.number_of_systems)
    padding = system.number_of_atoms - len(host.index)
    clusters = -(-np.append(counts, padding) // CLUSTER)
    slab, column = np.ones((2, len(clusters)), np.int64)
    for k, lengths in enumerate(heights(host.frame)):
        edge = (np.prod(lengths) / max(clusters[k], 1)) ** (1 / 3)
        slabs, columns = np.maximum(1, np.rint(lengths[:2] / edge)).astype(np.int64)
        column[k] = max(1, -(-clusters[k] // (slabs * columns)))
        slab[k] = columns * column[k]
    first = np.cumsum([0, *clusters])
    owner = np.minimum(np.arange(len(clusters)), system.number_of_systems - 1)
    return Layout(
        frame=jnp.asarray(host.frame, system.positions.dtype),
        seam=jnp.asarray(_seams(host), system.positions.dtype),
        first=jnp.asarray(CLUSTER * first[:-1], jnp.int32),
        slab=jnp.asarray(CLUSTER * slab, jnp.int32),
        column=jnp.asarray(CLUSTER * column, jnp.int32),
        system_index=jnp.asarray(np.repeat(owner, CLUSTER * clusters), jnp.int32),
    )


def _seams(host: ConcreteAtoms) -> np.ndarray:
    """Return the middle of the widest gap between atoms along each periodic direction.

    There the cut does not divide a slab of atoms.
    """
    seams = np.zeros((len(host.frame), 3))
    for k, frame in enumerate(host.frame):
        fractional = host.positions[host.index == k] @ np.linalg.inv(frame)
        for axis in np.flatnonzero(host.pbc[k]) if len(fractional) else ():
            along = np.sort(fractional[:, axis] % 1.0)
            gaps = np.diff(along, append=along[0] + 1.0)
            widest = int(np.argmax(gaps))
            seams[k, axis] = along[widest] + 0.5 * gaps[widest]
    return seams


def spatial_order(system: System, layout: Layout) -> SpatialOrder:
    """Return the spatial order of the atoms at their present positions (pure, jittable).

    Args:
        system: positions and cells.
        layout: layout that was planned for these structures.
    """
    atoms, systems = system.number_of_atoms, system.number_of_systems
    index = system.system_index
    group = jnp.where(system.is_atom, index, systems).astype(jnp.int32)
    fractional, _ = layout.fractional(system)
    numbers = jnp.arange(atoms, dtype=jnp.int32)
    atom, block = numbers, layout.first[group]
    before = jnp.searchsorted(jnp.sort(group), jnp.arange(systems + 1, dtype=jnp.int32))
    for axis, part in enumerate((layout.slab, layout.column, None)):
        _, _, atom = lax.sort((block, fractional[:, axis][atom], atom), num_keys=2)
        of = group[atom]
        rank = numbers - before[of].astype(jnp.int32)
        # Later sorts keep the order of these blocks, which are whole clusters.
        block = layout.first[of] + (rank if part is None else rank // part[of] * part[of])
    return SpatialOrder(
        atom=jnp.full(layout.places, atoms, jnp.int32).at[block].set(atom, unique_indices=True),
        place=jnp.zeros(atoms, jnp.int32).at[atom].set(block, unique_indices=True),
        system_index=layout.system_index,
    )
