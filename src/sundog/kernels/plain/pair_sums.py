"""Sums of pair energies over a list, with their derivatives, in one pass.

    E = ½ Σ_{i≠j} e(r_ij, site_i, site_j),   e symmetric in i and j
    E_i = ½ Σ_j e,   dE/dsite_i = Σ_j ∂e/∂site_i,   F_i = Σ_j f r_ij,   virial = ½ Σ f r_ij ⊗ r_ij
    f = e′/r

Both orders of a pair are listed and e is symmetric, so that the contribution of a pair to j
is computed at the reverse pair: all sums are over the pairs that an atom receives. Energies
and derivatives are computed together, block by block, and nothing is stored per pair.

All sums over j are one product of matrices for each atom,

    [e, ∂e/∂site, f x, f y, f z] · [x, y, z, 1]ᵀ,

which XLA vectorises, unlike sums over the last axis. The two factors are `left` and `right`.
"""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from sundog.kernels.base import PairEnergies, PairSums
from sundog.kernels.plain.blocks import add_at, in_blocks, over_blocks, take
from sundog.kernels.plain.geometry import pair_vectors
from sundog.neighbors.pairs import PairList
from sundog.numerics.segments import sum_per_system
from sundog.system import System
from sundog.typing import PerPair

PAIRS_PER_BLOCK = 16384
"""Number of pairs that are computed at a time: few enough for the cache, enough to vectorise."""


def pair_sums(
    pair: PairEnergies, sites: PyTree[Array], system: System, pairs: PairList, dtype: jnp.dtype
) -> PairSums:
    """Return sums and derivatives of pair energies.

    Args:
        pair: function from distances in Å and the sites of i and j to energies in eV by name; it
            acts element by element and is symmetric in i and j.
        sites: arrays over atoms from which `pair` takes the arguments of i and j.
        system: positions and cells.
        pairs: list that contains at least the pairs within the cutoff of `pair`.
        dtype: precision of the arithmetic.
    """
    per_pair = _PerPair(pair, sites, system, dtype)
    sums = _over_rows(per_pair, pairs) if pairs.row_length else _over_list(per_pair, pairs)
    one = jax.tree.map(lambda site: site[:1], sites)
    names = sorted(jax.eval_shape(pair, jnp.ones(1, dtype), one, one))
    leaves, structure = jax.tree.flatten(sites)
    columns = list(sums[:, :-3, 3].T)
    wide = sums[:, -3:].astype(system.positions.dtype)
    virial = sum_per_system(wide[:, :, :3], system.system_index, system.number_of_systems)
    return PairSums(
        energies={name: 0.5 * columns.pop(0) for name in names},
        sites=structure.unflatten([columns.pop(0) for _ in leaves]),
        forces=wide[:, :, 3],
        virial=0.5 * virial,
    )


class _PerPair(eqx.Module):
    """Function that returns the two factors whose product over j gives all sums.

    Attributes:
        pair: function that returns the energies of pairs.
        sites: arrays over atoms.
        system: positions and cells.
        dtype: precision of the arithmetic.
    """

    pair: PairEnergies
    sites: PyTree[Array]
    system: System
    dtype: jnp.dtype

    def __call__(self, pairs: PairList) -> tuple[list[PerPair], list[PerPair]]:
        """Return the left factor (energies, derivatives by sites, f r_ij), then r_ij and ones."""
        vectors = pair_vectors(self.system, pairs, self.dtype)
        distances = jnp.sqrt(sum(v**2 for v in vectors))
        site_i = jax.tree.map(partial(take, at=pairs.i), self.sites)
        site_j = jax.tree.map(partial(take, at=pairs.j), self.sites)

        def energies(r: PerPair, site_i: PyTree[Array]) -> tuple[PerPair, list[PerPair]]:
            by_name = self.pair(r, site_i, site_j)
            values = [jnp.where(pairs.mask, by_name[name], 0.0) for name in sorted(by_name)]
            return sum(values, start=jnp.zeros_like(r)), values

        _, pull, values = jax.vjp(energies, distances, site_i, has_aux=True)
        slope, d_site = pull(jnp.ones_like(distances))
        f = slope / distances
        ones = jnp.ones_like(distances)
        return [*values, *jax.tree.leaves(d_site), *(f * v for v in vectors)], [*vectors, ones]


def _over_rows(per_pair: _PerPair, pairs: PairList) -> Float[Array, "atoms left right"]:
    """Return the sums of a list in which every atom has a row.

    The last block starts early enough to be whole, and computes some rows a second time.
    """
    length = pairs.row_length
    assert length is not None
    atoms = pairs.i.shape[0] // length
    rows = max(1, min(atoms, PAIRS_PER_BLOCK // length))

    def block(first: Int[Array, ""]) -> Float[Array, "rows left right"]:
        start, size = first * length, rows * length
        part = jax.tree.map(lambda c: jax.lax.dynamic_slice_in_dim(c, start, size), pairs)
        left, right = per_pair(part)
        return jnp.einsum("apl,aql->apq", _rows(left, rows), _rows(right, rows))

    shape = jax.eval_shape(block, jnp.int32(0))

    def step(n: Int[Array, ""], sums: Float[Array, "atoms left right"]):
        first = jnp.minimum(n * rows, atoms - rows)
        return jax.lax.dynamic_update_slice_in_dim(sums, block(first), first, 0)

    sums = jnp.zeros((atoms, *shape.shape[1:]), shape.dtype)
    return jax.lax.fori_loop(jnp.int32(0), jnp.int32(-(-atoms // rows)), step, sums)


def _rows(columns: list[PerPair], rows: int) -> Float[Array, "rows columns length"]:
    """Return the columns side by side, written one by one because `stack` is not vectorised."""
    length = columns[0].shape[0] // rows
    table = jnp.zeros((rows, len(columns), length), columns[0].dtype)
    for number, column in enumerate(columns):
        table = jax.lax.dynamic_update_slice_in_dim(
            table, column.reshape(rows, 1, length), number, 1
        )
    return table


def _over_list(per_pair: _PerPair, pairs: PairList) -> Float[Array, "atoms left right"]:
    """Return the sums of a flat list."""
    blocked = in_blocks(pairs, PAIRS_PER_BLOCK)

    def products(part: PairList) -> Float[Array, "pairs left right"]:
        left, right = (jnp.stack(side, axis=1) for side in per_pair(part))
        return left[:, :, None] * right[:, None, :]

    def body(sums: Array, part: PairList) -> tuple[Array, tuple[()]]:
        return add_at(sums, part.i, products(part)), ()

    first = jax.tree.map(lambda column: column[: blocked.size], blocked.listed)
    shape = jax.eval_shape(products, first).shape[1:]
    sums = jnp.zeros((per_pair.system.number_of_atoms, *shape), per_pair.dtype)
    return over_blocks(body, sums, blocked.listed, blocked)[0]
