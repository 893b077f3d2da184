"""Sums of pair energies over rows, with their derivatives; see `portable.pair_sums`.

A long list is gone through once by a kernel in which the energies, as the terms have them, are
differentiated: nothing is kept per pair. A short list is worked on in plain JAX and then summed.
"""

from typing import Any

import jax
import jax.numpy as jnp
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
from sundog.kernels.portable.geometry import pair_vectors
from sundog.neighbors.pairs import PairList
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
    """Return the sums over a short list; arguments as for `AbstractPairKernels.pair_sums`."""
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
    """Return the sums over a long list; arguments as for `AbstractPairKernels.pair_sums`."""
    atoms = system.number_of_atoms
    rows = rows_of(pairs, atoms)
    place = (system.positions, system.cell, system.system_index, pairs.shift)
    leaves = jax.tree.leaves(sites)
    count = len(_names(pair, sites)) + len(leaves) + 9

    def kernel(refs: tuple, *out: Any) -> None:
        rows_ref, sites_ref, place_ref = refs

        def body(some: Pairs, sums: list[Array]) -> list[Array]:
            vectors = [v.astype(dtype) for v in _vectors(place_ref, some)]
            vectors = [jnp.where(some.exists, v, 1.0) for v in vectors]
            at_i = jax.tree.map(lambda ref: triton.load(ref.at[some.i]), sites_ref)
            at_j = jax.tree.map(lambda ref: triton.load(ref.at[some.j]), sites_ref)
            columns = _columns(pair, vectors, at_i, at_j)
            found = [jnp.where(some.exists, one, 0.0) for one in columns]
            return [total + one for total, one in zip(sums, found, strict=True)]

        # Each slot keeps a sum of its own to the end, since sums over slots are slow.
        zeros = [jnp.zeros(tile.pairs, dtype) for _ in range(count)]
        sums = over_pairs(body, zeros, rows_ref, tile, atoms)
        own, exist = own_atoms(tile, atoms)
        for ref, values in zip(out, sums, strict=True):
            write(ref, own, values.reshape(tile.atoms, tile.slots).sum(axis=1), exist)

    shapes = [jax.ShapeDtypeStruct((atoms,), dtype)] * count
    columns = launch(kernel, tile, atoms, shapes, (rows, sites, place))
    return _unpacked(list(columns), pair, sites, system)


def _vectors(place: tuple[Any, Any, Any, Any], pairs: Pairs) -> list[Array]:
    """Return x, y, z of r_ij (in a kernel); zero for an atom and itself."""
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
    """Return by pair: energies, dE/dsite_i, f r_ij, and the six of f r_ij ⊗ r_ij."""
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
    """Return sums over each atom's pairs of what `_columns` gives, in their places."""
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
    r = jax.ShapeDtypeStruct((1,), jax.tree.leaves(sites)[0].dtype)
    return sorted(jax.eval_shape(pair, r, one, one))
