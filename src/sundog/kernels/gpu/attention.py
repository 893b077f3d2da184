"""Pair part of a SO3krates layer, forward and backward, with one kernel per filter and pass.

Formulas and symbols are those of `kernels.plain.attention`. Here both orders of every pair are
computed, and i receives. The scores a_ij and a_ji, and the cotangents of the pair's geometry,
are formed at both orders, identical up to the sign of odd Y, so that no atom writes to the sums
of another. Only scalars are stored per pair: the backward pass computes the filter and both scores
again.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.experimental.pallas import triton
from jaxtyping import Array, Float

from sundog.kernels.gpu.filters import RowFilter, product
from sundog.kernels.gpu.rows import Rows
from sundog.kernels.gpu.tiles import (
    Pairs,
    Tile,
    launch,
    over_pairs,
    own_atoms,
    padded,
    read,
    sum_slots,
    write,
)
from sundog.typing import PerPair

PerEntry = Float[Array, "pairs columns"]


class RowGeometry(eqx.Module):
    """Geometry of the short-range pairs.

    Attributes:
        distances: distances r in Å.
        weight: weight c = f(r)/n̄.
        radial: basis φ(r) of the radial filters.
        slopes: derivative φ′(r) of the basis in 1/Å.
        harmonics: spherical harmonics Y_lm of the direction.
    """

    distances: PerPair
    weight: PerPair
    radial: PerEntry
    slopes: PerEntry
    harmonics: PerEntry


class Sides(eqx.Module):
    """Arrays over atoms on which one attention depends, in the layout of its filter's heads.

    Attributes:
        query: queries q.
        key: keys k.
        value: values v; None where the values are the harmonics Y.
        euclidean: Euclidean variables ev.
    """

    query: Float[Array, "atoms channels"]
    key: Float[Array, "atoms channels"]
    value: Float[Array, "atoms channels"] | None
    euclidean: Float[Array, "atoms components"]


def attend(
    one: RowFilter, sides: Sides, geometry: RowGeometry, rows: Rows, tile: Tile
) -> Float[Array, "atoms columns"]:
    """Return δx, in the layout of the heads, or δev where there are no values.

    Args:
        one: filter.
        sides: queries, keys, values and Euclidean variables of all atoms.
        geometry: geometry of the entries of the list.
        rows: rows of the list.
        tile: shape of the work.
    """
    atoms, components = sides.euclidean.shape
    columns = one.heads.channels if sides.value is not None else components
    width = padded(columns)

    def kernel(refs: tuple, out: Array) -> None:
        filter_, sides_, geometry_, rows_ = refs

        def body(pairs: Pairs, total: Array) -> Array:
            given = _TileInputs.of(pairs, sides_, geometry_, filter_)
            w, *_ = filter_.scores(given.phi, given.difference, tile)
            scores = read(sides_.query, pairs.i, w.shape[1]) * w
            scores = scores * read(sides_.key, pairs.j, w.shape[1])
            if sides_.value is not None:
                value = read(sides_.value, pairs.j, w.shape[1])
                update = filter_.heads.scaled(filter_.heads.sums(scores), value)
            else:
                update = product(scores, filter_.spread[...], tile)
                update = update * read(geometry_.harmonics, pairs.entry, width)
            return total + sum_slots(given.c[:, None] * update, tile)

        zeros = jnp.zeros((tile.atoms, width), sides.query.dtype)
        total = over_pairs(body, zeros, rows_, tile, atoms)
        own, exist = own_atoms(tile, atoms)
        write(out, own, total, exist)

    shape = jax.ShapeDtypeStruct((atoms, columns), sides.query.dtype)
    return launch(kernel, tile, atoms, shape, (one, sides, geometry, rows), "attention")


class _TileInputs(eqx.Module):
    """Inputs of both passes for the pairs of a tile.

    Attributes:
        c: weight of each pair; zero where there is no pair.
        phi: basis of the radial filters.
        difference: difference ev_j − ev_i of the Euclidean variables.
    """

    c: Array
    phi: Array
    difference: Array

    @classmethod
    def of(cls, pairs: Pairs, sides: Sides, geometry: Any, one: RowFilter) -> "_TileInputs":
        functions, components = one.radial.shape[0], one.hidden.shape[0]
        here = read(sides.euclidean, pairs.i, components)
        there = read(sides.euclidean, pairs.j, components)
        c = triton.load(geometry.weight.at[pairs.entry])
        return cls(
            c=jnp.where(pairs.exists, c, 0.0),
            phi=read(geometry.radial, pairs.entry, functions),
            difference=there - here,
        )


def pull(
    one: RowFilter,
    sides: Sides,
    geometry: RowGeometry,
    cotangent: Float[Array, "atoms columns"],
    parity: Float[Array, "1 components"],
    rows: Rows,
    tile: Tile,
) -> tuple[Sides, PerPair, PerPair, PerEntry | None]:
    """Return the cotangents of sides, distances, weights and, if they are values, harmonics.

    Args:
        one: filter.
        sides: queries, keys, values and Euclidean variables of all atoms.
        geometry: geometry of the entries of the list.
        cotangent: cotangent of the result of `attend`.
        parity: sign (−1)^l of each component, padded as the filter's components.
        rows: rows of the list.
        tile: shape of the work.
    """
    dtype, atoms = cotangent.dtype, sides.euclidean.shape[0]
    pair_shape = jax.ShapeDtypeStruct(geometry.weight.shape, dtype)
    harmonics_shape = jax.ShapeDtypeStruct(geometry.harmonics.shape, dtype)
    sides_shape = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, dtype), sides)
    outputs = (
        sides_shape,
        pair_shape,
        pair_shape,
        None if sides.value is not None else harmonics_shape,
    )

    def kernel(refs: tuple, *out: Any) -> None:
        filter_, sides_, *_, rows_ = refs
        channels, components = filter_.heads.channels, filter_.hidden.shape[0]
        wide = jnp.zeros((tile.atoms, channels), dtype)
        value = None if sides_.value is None else wide
        zeros = Sides(wide, wide, value, jnp.zeros((tile.atoms, components), dtype))

        def body(pairs: Pairs, sums: Sides) -> Sides:
            return jax.tree.map(jnp.add, sums, _pull_tile(refs, out, pairs, tile))

        sums = over_pairs(body, zeros, rows_, tile, atoms)
        own, exist = own_atoms(tile, atoms)
        jax.tree.map(lambda ref, values: write(ref, own, values, exist), out[0], sums)

    inputs = (one, sides, geometry, cotangent, parity, rows)
    return launch(kernel, tile, atoms, outputs, inputs, "attention_backward")


def _pull_tile(refs: tuple, out: tuple, pairs: Pairs, tile: Tile) -> Sides:
    """Write the cotangents of a tile's geometry, and return its part of the atoms' sums."""
    one, sides, geometry, cotangent, _, _ = refs
    channels = one.heads.channels
    given = _TileInputs.of(pairs, sides, geometry, one)
    c = given.c[:, None]
    w, z, gate = one.scores(given.phi, given.difference, tile)
    q_i, k_i = (read(ref, pairs.i, channels) for ref in (sides.query, sides.key))
    q_j, k_j = (read(ref, pairs.j, channels) for ref in (sides.query, sides.key))
    ahead, back = q_i * k_j, q_j * k_i
    value = None
    if sides.value is None:
        g_ij, g_ji = _pull_harmonics(refs, out, pairs, (c, w * ahead, w * back), tile)
    else:
        g_i, g_j = (read(cotangent, at, channels) for at in (pairs.i, pairs.j))
        v_i, v_j = (read(sides.value, at, channels) for at in (pairs.i, pairs.j))
        heads, ones = one.heads, jnp.ones_like(w)
        g_ij = heads.scaled(heads.sums(g_i * v_j), ones)
        g_ji = heads.scaled(heads.sums(g_j * v_i), ones)
        value = sum_slots(c * heads.scaled(heads.sums(w * back), g_j), tile)
    gw = g_ij * ahead + g_ji * back
    write(out[2], pairs.entry, jnp.sum(gw * w, axis=1), pairs.exists)
    gw = c * gw
    by_phi = product(gw, one.radial[...], tile, transposed=True)
    by_phi = by_phi * read(geometry.slopes, pairs.entry, by_phi.shape[1])
    write(out[1], pairs.entry, jnp.sum(by_phi, axis=1), pairs.exists)
    gz = product(gw, one.output[...], tile, transposed=True)
    gz = gz * (gate * (1.0 + z * (1.0 - gate)))
    along = 2.0 * given.difference * product(gz, one.hidden[...], tile, transposed=True)
    w = c * w
    return Sides(
        query=sum_slots(g_ij * w * k_j, tile),
        key=sum_slots(g_ji * w * q_j, tile),
        value=value,
        euclidean=-sum_slots(along, tile),
    )


def _pull_harmonics(
    refs: tuple, out: tuple, pairs: Pairs, known: tuple[Array, Array, Array], tile: Tile
) -> tuple[Array, Array]:
    """Return g_ij and g_ji of each channel where the values are Y, and write the cotangent of Y."""
    one, _, geometry, cotangent, parity, _ = refs
    c, ahead, back = known
    spread = one.spread[...]
    components = spread.shape[1]
    y = read(geometry.harmonics, pairs.entry, components)
    gev_i, gev_j = (read(cotangent, at, components) for at in (pairs.i, pairs.j))
    gev_j = gev_j * parity[...]
    b_ij, b_ji = (product(scores, spread, tile) for scores in (ahead, back))
    write(out[3], pairs.entry, c * (b_ij * gev_i + b_ji * gev_j), pairs.exists)
    g_ij = product(gev_i * y, spread, tile, transposed=True)
    g_ji = product(gev_j * y, spread, tile, transposed=True)
    return g_ij, g_ji
