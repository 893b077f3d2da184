"""Pair lists of the compiled kernels: atoms in compact clusters, each pair once.

One array of integers, whose layout only the kernels know, contains the order of the atoms,
pairs of atoms for the short range, pairs of clusters of 16 atoms for the long range, and the
division of both among the threads. The lists are built by a kernel, which is called inside a
compiled loop whenever an atom has moved by half the skin.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import isinf
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int

from sundog.kernels.cpu import library
from sundog.neighbors.base import AbstractNeighbors, Memory
from sundog.neighbors.lattice import complete_lattice
from sundog.neighbors.neighbor_list import check_request, is_outdated
from sundog.neighbors.neighbors import refuse_coincidence
from sundog.numerics.lengths import standard_length
from sundog.system import System
from sundog.typing import Cells, Positions

CLUSTER = 16
"""Number of atoms in a cluster: one vector of float32 with AVX-512; the same as in `native/`."""

ATOMS_PER_PART = (48, 192)
"""Approximate number of atoms in a part of the work, in small systems and in large ones.

Sums are formed part by part, and parts depend on the structure alone, so that results do not
depend on the number of threads.
"""

LONG_PARTS = 16
"""Largest number of parts of the long range; each needs memory for sums over all atoms."""

ATOMS_WITH_ROOM_FOR_ALL = 32
"""Number of atoms up to which lists have room for every pair of a molecule."""

HEADROOM = 1.15
"""Factor of room for pairs relative to those at allocation, so that lists seldom overflow."""

REMEMBERED = ("positions", "cell", "frame", "most")
"""Names of the arrays from which, with `extent`, the lists can be built again."""


class CpuLists(AbstractNeighbors):
    """Pair lists of the compiled kernels, with the positions for which they were built.

    Attributes:
        data: lists as one array of integers.
        positions: positions at the last build, in Å.
        cell: cell at the last build, in Å.
        frame: completed lattices in Å, of which only directions that are not periodic are read.
        most: largest numbers of pairs, pairs of clusters and halo rows in all builds.
        short_cutoff: short-range cutoff in Å.
        long_cutoff: long-range cutoff in Å; may be infinite.
        skin: distance beyond both cutoffs that is listed too, in Å.
        extent: numbers of atoms, systems, parts, parts of the long range, clusters; then the room
            for each of the three numbers of `most`.
    """

    data: Int[Array, " integers"]
    positions: Positions
    cell: Cells
    frame: Cells
    most: Int[Array, "3"]
    short_cutoff: float = eqx.field(static=True)
    long_cutoff: float = eqx.field(static=True)
    skin: float = eqx.field(static=True)
    extent: tuple[int, ...] = eqx.field(static=True)

    @property
    def pairs(self) -> "CpuLists":
        """Pairs in the form that the kernels take, which is the lists themselves."""
        return self

    @property
    def overflow(self) -> Bool[Array, ""]:
        """True when a list was too small; results since then are invalid."""
        return jnp.any(self.most > jnp.asarray(self.extent[5:], jnp.int32))

    def update(self, system: System) -> "CpuLists":
        """Return lists that are valid for the present system (pure, jittable)."""
        if self.skin == 0:
            return self._built(system)
        # The longer the cutoff, the more of the skin a strain uses up.
        cutoff = self.short_cutoff if isinf(self.long_cutoff) else self.long_cutoff
        outdated = is_outdated(
            system,
            since=system.at(self.positions, self.cell),
            lattice=self._lattice,
            cutoff=cutoff,
            skin=self.skin,
        )
        return jax.lax.cond(outdated, lambda: self._built(system), lambda: self)

    def enlarged(self, system: System, asked: Any) -> "CpuLists":
        """Return these lists with more room; see `AbstractNeighbors.enlarged` (host only)."""
        return _with_room(self, system.at(self.positions, self.cell), np.asarray(asked.most))

    def memory(self) -> Memory:
        """Return the arrays from which the same lists can be built again (host only)."""
        arrays = {name: np.asarray(getattr(self, name)) for name in REMEMBERED}
        return arrays | {"extent": np.asarray(self.extent)}

    def recalled(self, system: System, memory: Mapping[str, np.ndarray]) -> "CpuLists":
        """Return the lists of a memory; see `AbstractNeighbors.recalled` (host only)."""
        extent = tuple(memory["extent"].tolist())
        lists = replace(
            self,
            **{name: jnp.asarray(memory[name]) for name in REMEMBERED},
            extent=extent,
            data=jnp.zeros((library.lists_size(extent),), jnp.int32),
        )
        return _compiled_build(lists, system.at(lists.positions, lists.cell))

    def _lattice(self, system: System) -> Cells:
        return jnp.where(system.pbc[:, :, None], system.cell, self.frame)

    def _built(self, system: System) -> "CpuLists":
        positions, cell = system.positions, system.cell
        data = jax.ffi.ffi_call("sundog_build", jax.ShapeDtypeStruct(self.data.shape, jnp.int32))(
            positions.astype(jnp.float64),
            self._lattice(system).astype(jnp.float64),
            system.pbc,
            system.system_index.astype(jnp.int32),
            system.numbers.astype(jnp.int32),
            extent=np.asarray(self.extent, np.int64),
            short_reach=np.float64(self.short_cutoff + self.skin),
            long_reach=np.float64(self.long_cutoff + self.skin),
        )
        most = jnp.maximum(self.most, data[:3])
        return replace(self, data=data, positions=positions, cell=cell, most=most)


_compiled_build = eqx.filter_jit(CpuLists._built)


def allocate_cpu_lists(
    system: System,
    *,
    short_cutoff: float,
    long_cutoff: float,
    skin: float,
    parts: int | None = None,
) -> CpuLists:
    """Return lists with room for `system` and some headroom (host only).

    Args:
        system: structures, as concrete arrays; the lists can be updated for all their states.
        short_cutoff: short-range cutoff in Å.
        long_cutoff: long-range cutoff in Å; infinite for all pairs of molecules.
        skin: distance beyond both cutoffs that is listed too, in Å; with zero the lists are built
            at every step.
        parts: number of parts into which the work is divided; by default one that suits the
            number of atoms.

    Raises:
        InputError: cutoff or skin are out of range.
        CellError: the cutoff is infinite and a structure periodic.
        StructureError: coordinates are not finite.
        CoincidentAtomsError: two atoms are at nearly the same place.
    """
    check_request(system, long_cutoff, skin)
    atoms, systems = system.number_of_atoms, system.number_of_systems
    if parts is None:
        small, large = ATOMS_PER_PART
        parts = max(1, min(atoms // small, 8), atoms // large)
    frame, clusters = _frame_and_clusters(system)
    lists = CpuLists(
        data=jnp.zeros((0,), jnp.int32),
        positions=system.positions,
        cell=system.cell,
        frame=frame,
        most=jnp.zeros((3,), jnp.int32),
        short_cutoff=short_cutoff,
        long_cutoff=long_cutoff,
        skin=skin,
        extent=(atoms, systems, parts, min(parts, LONG_PARTS), clusters, 0, 0, 0),
    )
    generous = _with_room(lists, system, np.asarray([32 * atoms, 64 * clusters, atoms // 2]))
    # Small structures keep it, so that those of as many atoms share a program.
    small = atoms <= ATOMS_WITH_ROOM_FOR_ALL
    fitted = generous if small else _with_room(lists, system, np.asarray(generous.most))
    _refuse_coincidence(fitted, system)
    return fitted


def lists_like(lists: CpuLists, system: System) -> CpuLists:
    """Return lists of other structures, with at least the room of these (host only).

    Args:
        lists: lists of a system with as many atoms and structures, padding included.
        system: structures, as concrete arrays.

    Raises:
        CoincidentAtomsError: two atoms are at nearly the same place.
    """
    frame, clusters = _frame_and_clusters(system)
    extent = (*lists.extent[:4], max(lists.extent[4], clusters), *lists.extent[5:])
    others = replace(
        lists,
        data=jnp.zeros((library.lists_size(extent),), jnp.int32),
        positions=system.positions,
        cell=system.cell,
        frame=frame,
        most=jnp.zeros((3,), jnp.int32),
        extent=extent,
    )
    built = _compiled_build(others, system)
    if built.overflow:
        built = _with_room(others, system, np.maximum(np.asarray(built.most), extent[5:]))
    _refuse_coincidence(built, system)
    return built


def _frame_and_clusters(system: System) -> tuple[Cells, int]:
    """Return the completed lattices and a standard number of clusters."""
    is_atom, index = np.asarray(system.is_atom), np.asarray(system.system_index)
    per_system = np.bincount(index[is_atom], minlength=system.number_of_systems)
    clusters = standard_length(int(np.sum(-(-per_system // CLUSTER))))
    pbc, cell = np.asarray(system.pbc), np.asarray(system.cell, np.float64)
    positions = np.asarray(system.positions, np.float64)
    frame = [
        complete_lattice(cell[k], pbc[k], positions[is_atom & (index == k)])[0]
        for k in range(system.number_of_systems)
    ]
    return jnp.asarray(np.stack(frame)), clusters


def _refuse_coincidence(lists: CpuLists, system: System) -> None:
    i, j, micro = np.asarray(lists.data)[3:6]
    refuse_coincidence(system, int(i), int(j), 1e-6 * micro)


def _with_room(lists: CpuLists, system: System, asked: np.ndarray) -> CpuLists:
    """Return lists built with the room that was needed, or more if this build needs more."""
    while True:
        room = tuple(standard_length(HEADROOM * int(n) + CLUSTER) for n in asked)
        extent = (*lists.extent[:5], *room)
        data = jnp.zeros((library.lists_size(extent),), jnp.int32)
        built = _compiled_build(replace(lists, data=data, extent=extent), system)
        if not built.overflow:
            return built
        asked = np.maximum(asked, np.asarray(built.most))
