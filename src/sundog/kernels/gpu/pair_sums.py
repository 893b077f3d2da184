"""Sums of pair energies over rows, with their derivatives; see `plain.pair_sums`.

For a long list one kernel evaluates and differentiates the energies, as the terms define them, and
stores nothing per pair. For atoms in spatial order the long list is one of clusters, whose
atoms are read row by row; otherwise it is one of atoms, which are gathered one by one. For a short
list the energies are computed in plain JAX and then summed by a kernel.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton
from jaxtyping import Array, PyTree

from sundog.kernels.base import PairEnergies, PairSums
from sundog.kernels.gpu.rows import rows_of, sum_rows
from sundog.kernels.gpu.tiles import (
    Pairs,
    Tile,
    launch,
    over_pairs,
    own_atoms,
    write,
)
from sundog.kernels.plain.geometry import pair_vectors
from sundog.neighbors.clusters import ClusterPairs
from sundog.neighbors.pairs import PairList
from sundog.neighbors.spatial_order import CLUSTER
from sundog.numerics.segments import sum_per_system
from sundog.system import System
from sundog.typing import PerPair


def near_sums(
    pair: PairEnergies,
    sites: PyTree[Array],
    system: System,
    pairs: PairList,
    dtype: jnp.dtype,
    tile: Tile,
) -> PairSums:
    """Return the sums over a short list.

    Args:
        pair: function that returns the energies of pairs.
        sites: arrays over atoms from which `pair` takes the arguments of i and j.
        system: positions and cells.
        pairs: pair list.
        dtype: precision of the arithmetic.
        tile: shape of the work.
    """
    vectors = pair_vectors(system, pairs, dtype)
    at_i, at_j = (jax.tree.map(lambda s, k=k: s[k], sites) for k in (pairs.i, pairs.j))
    columns = _columns(pair, vectors, at_i, at_j)
    rows = rows_of(pairs, system.number_of_atoms)
    sums = sum_rows(jnp.stack(columns, axis=1), rows, tile, dtype)
    return _unpacked(list(sums.T), pair, sites, system)


def far_sums(
    pair: PairEnergies,
    sites: PyTree[Array],
    system: System,
    pairs: PairList,
    dtype: jnp.dtype,
    tile: Tile,
) -> PairSums:
    """Return the sums over a long list.

    Args:
        pair: function that returns the energies of pairs.
        sites: arrays over atoms from which `pair` takes the arguments of i and j.
        system: positions and cells.
        pairs: pair list.
        dtype: precision of the arithmetic.
        tile: shape of the work.
    """
    atoms = system.number_of_atoms
    place = (system.positions, system.cell, system.system_index, pairs.shift)

    def atom_by_atom(refs: tuple, zeros: list[Array]) -> list[Array]:
        rows_ref, sites_ref, place_ref = refs

        def body(some: Pairs, sums: list[Array]) -> list[Array]:
            vectors = [v.astype(dtype) for v in _vectors(place_ref, some)]
            at_i = jax.tree.map(lambda ref: triton.load(ref.at[some.i]), sites_ref)
            at_j = jax.tree.map(lambda ref: triton.load(ref.at[some.j]), sites_ref)
            return _added(sums, pair, vectors, some.exists, at_i, at_j)

        return over_pairs(body, zeros, rows_ref, tile, atoms)

    return _summed(atom_by_atom, (rows_of(pairs, atoms), sites, place), pair, system, dtype, tile)


def cluster_sums(
    pair: PairEnergies,
    sites: PyTree[Array],
    system: System,
    pairs: ClusterPairs,
    dtype: jnp.dtype,
    tile: Tile,
) -> PairSums:
    """Return the sums over pairs of clusters.

    A program computes the sums of one cluster, and reads a few other clusters at a time.

    Args:
        pair: function that returns the energies of pairs.
        sites: arrays over places from which `pair` takes the arguments of i and j.
        system: positions and cells, in spatial order.
        pairs: pairs of clusters.
        dtype: precision of the arithmetic.
        tile: shape of the work.
    """
    assert tile.atoms == CLUSTER, tile
    assert tile.slots % CLUSTER == 0, tile
    places = system.number_of_atoms
    given = _ClusterInputs(
        positions=tuple(pairs.positions(system).T),
        numbers=system.numbers,
        cell=system.cell,
        system_index=system.system_index,
        shift=tuple(pairs.listed.shift.T),
    )

    def cluster_by_cluster(refs: tuple, zeros: list[Array]) -> list[Array]:
        rows_ref, sites_ref, given_ref = refs
        cluster = pl.program_id(0)
        first, count = rows_ref.first[cluster], rows_ref.count[cluster]
        lattice = given_ref.lattice(cluster)
        own, _ = own_atoms(tile, places)

        def to_own(ref: Any) -> Array:
            return _spread(triton.load(ref.at[own])[:, None], tile)

        i, at_i = _spread(own[:, None], tile), jax.tree.map(to_own, sites_ref)
        here = [to_own(ref) for ref in given_ref.positions]
        exists_i = to_own(given_ref.numbers) > 0

        def step(n: Array, sums: list[Array]) -> list[Array]:
            lane = jnp.arange(tile.slots, dtype=jnp.int32)
            slot = n * (tile.slots // CLUSTER) + lane // CLUSTER
            entry = jnp.where(slot < count, first + slot, 0)
            j = triton.load(rows_ref.j.at[entry]) * CLUSTER + lane % CLUSTER
            shift = [triton.load(ref.at[entry]) for ref in given_ref.shift]

            def of_j(values: Array) -> Array:
                return _spread(values[None, :], tile)

            present = (slot < count) & (triton.load(given_ref.numbers.at[j]) > 0)
            elsewhere = (shift[0] != 0) | (shift[1] != 0) | (shift[2] != 0)
            exists = exists_i & of_j(present) & ((i != of_j(j)) | of_j(elsewhere))
            vectors = []
            for axis in range(3):
                there = triton.load(given_ref.positions[axis].at[j])
                for a in range(3):
                    there = there + shift[a].astype(there.dtype) * lattice[a][axis]
                vectors.append((of_j(there) - here[axis]).astype(dtype))
            at_j = jax.tree.map(lambda ref: of_j(triton.load(ref.at[j])), sites_ref)
            return _added(sums, pair, vectors, exists, at_i, at_j)

        rounds = pl.cdiv(count, jnp.int32(tile.slots // CLUSTER))
        return jax.lax.fori_loop(jnp.int32(0), rounds, step, zeros)

    rows = rows_of(pairs.listed, places // CLUSTER)
    return _summed(cluster_by_cluster, (rows, sites, given), pair, system, dtype, tile)


class _ClusterInputs(eqx.Module):
    """Arrays over places, structures and pairs of clusters that the kernel reads.

    Attributes:
        positions: x, y and z of the places in Å, in images in which clusters are compact.
        numbers: atomic numbers of the places; 0 where a place is empty.
        cell: lattice vectors of the structures in Å.
        system_index: structure of each place.
        shift: number of lattice vectors between two clusters, one array per vector.
    """

    positions: tuple[Any, ...]
    numbers: Any
    cell: Any
    system_index: Any
    shift: tuple[Any, ...]

    def lattice(self, cluster: Array) -> list[list[Array]]:
        """Return the lattice vectors of a cluster (in a kernel)."""
        system = 0 if self.cell.shape[0] == 1 else self.system_index[cluster * CLUSTER]
        return [[self.cell[system, a, axis] for axis in range(3)] for a in range(3)]


def _spread(values: Array, tile: Tile) -> Array:
    """Return a column or row of a tile, broadcast to all its pairs."""
    return jnp.broadcast_to(values, (tile.atoms, tile.slots)).reshape(tile.pairs)


def _added(
    sums: list[Array],
    pair: PairEnergies,
    vectors: list[PerPair],
    exists: Array,
    at_i: PyTree[Array],
    at_j: PyTree[Array],
) -> list[Array]:
    """Return the sums with the contributions of those pairs that exist added."""
    vectors = [jnp.where(exists, v, 1.0) for v in vectors]
    columns = _columns(pair, vectors, at_i, at_j)
    return [s + jnp.where(exists, one, 0.0) for s, one in zip(sums, columns, strict=True)]


def _summed(
    loop: Callable[[tuple, list[Array]], list[Array]],
    inputs: tuple,
    pair: PairEnergies,
    system: System,
    dtype: jnp.dtype,
    tile: Tile,
) -> PairSums:
    """Return the sums of a kernel that runs `loop` over its pairs; `loop` also gives its name."""
    atoms, sites = system.number_of_atoms, inputs[1]
    count = len(_names(pair, sites)) + len(jax.tree.leaves(sites)) + 9

    def kernel(refs: tuple, *out: Any) -> None:
        # Each slot keeps a sum of its own to the end, since sums over slots are slow.
        sums = loop(refs, [jnp.zeros(tile.pairs, dtype) for _ in range(count)])
        own, exist = own_atoms(tile, atoms)
        for ref, values in zip(out, sums, strict=True):
            write(ref, own, values.reshape(tile.atoms, tile.slots).sum(axis=1), exist)

    shapes = [jax.ShapeDtypeStruct((atoms,), dtype)] * count
    columns = launch(kernel, tile, atoms, shapes, inputs, loop.__name__)
    return _unpacked(list(columns), pair, sites, system)


def _vectors(place: tuple[Any, Any, Any, Any], pairs: Pairs) -> list[Array]:
    """Return x, y, z of r_ij (in a kernel); zero for the pair of an atom with itself."""
    positions, cell, system_index, shift = place
    zero = jnp.zeros(1, jnp.int32)
    system = zero if cell.shape[0] == 1 else triton.load(system_index.at[pairs.i])

    def element(ref: Any, at: Array, *columns: int) -> Array:
        return triton.load(ref.at[at, *(jnp.full_like(at, one) for one in columns)])

    def vector(axis: int) -> Array:
        image = element(positions, pairs.j, axis) - element(positions, pairs.i, axis)
        for a in range(3):
            times = element(shift, pairs.entry, a).astype(image.dtype)
            image = image + times * element(cell, system, a, axis)
        return image

    return [vector(axis) for axis in range(3)]


def _columns(
    pair: PairEnergies, vectors: list[PerPair], at_i: PyTree[Array], at_j: PyTree[Array]
) -> list[PerPair]:
    """Return for each pair the energies, dE/dsite_i, f r_ij and six elements of f r_ij ⊗ r_ij."""
    distances = jnp.sqrt(sum(v * v for v in vectors))

    def energies(r: PerPair, at_i: PyTree[Array]) -> tuple[PerPair, list[PerPair]]:
        by_name = pair(r, at_i, at_j)
        values = [by_name[name] for name in sorted(by_name)]
        return sum(values, start=jnp.zeros_like(r)), values

    _, pull, values = jax.vjp(energies, distances, at_i, has_aux=True)
    slope, by_site = pull(jnp.ones_like(distances))
    forces = [slope / distances * v for v in vectors]
    outer = [forces[a] * vectors[b] for a in range(3) for b in range(a, 3)]
    return [*values, *jax.tree.leaves(by_site), *forces, *outer]


def _unpacked(
    columns: list[Array], pair: PairEnergies, sites: PyTree[Array], system: System
) -> PairSums:
    """Return sums of the columns of `_columns` over the pairs of each atom as `PairSums`."""
    energies = {name: 0.5 * columns.pop(0) for name in _names(pair, sites)}
    leaves, structure = jax.tree.flatten(sites)
    by_site = structure.unflatten([columns.pop(0) for _ in leaves])
    wide = jnp.stack(columns, axis=1).astype(system.positions.dtype)
    six = sum_per_system(wide[:, 3:], system.system_index, system.number_of_systems)
    xx, xy, xz, yy, yz, zz = 0.5 * six.T
    virial = jnp.stack([xx, xy, xz, xy, yy, yz, xz, yz, zz], axis=1).reshape(-1, 3, 3)
    return PairSums(energies, by_site, wide[:, :3], virial)


def _names(pair: PairEnergies, sites: PyTree[Array]) -> list[str]:
    one = jax.tree.map(lambda site: site[:1], sites)
    dtypes = [site.dtype for site in jax.tree.leaves(sites)]
    r = jax.ShapeDtypeStruct((1,), dtypes[0] if dtypes else jnp.float32)
    return sorted(jax.eval_shape(pair, r, one, one))
