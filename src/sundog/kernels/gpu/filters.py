"""A filter of a layer as the kernels take it, and what they compute with it.

    w = U φ(r) + W2 silu(z),   z = W1 s + b1,   s_l = κ_l Σ_m (ev_j − ev_i)_lm²

Heads lie side by side, each padded to a power of two; κ and the sum over m are part of W1.
"""

from math import prod
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sundog.kernels.gpu.tiles import LEAST, Tile, padded
from sundog.kernels.plain.attention import TabulatedFilter
from sundog.numerics.harmonics import degree_of_component

Matrix = Float[Array | np.ndarray, "rows columns"]


class Heads(eqx.Module):
    """How heads lie side by side: `heads` of `width` channels in room for more."""

    heads: int = eqx.field(static=True)
    width: int = eqx.field(static=True)

    @property
    def room(self) -> tuple[int, int]:
        """Heads and channels of each that there is room for."""
        heads = padded(self.heads, 1)
        return heads, max(padded(self.width, 1), LEAST // heads)

    @property
    def channels(self) -> int:
        """Channels of all heads, with padding."""
        return prod(self.room)

    def spaced(self, values: Float[Array, "rows columns"]) -> Float[Array, "rows spaced"]:
        """Return columns with the padding of heads between them."""
        if self.room == (self.heads, self.width):
            return values
        split = values.reshape(-1, self.heads, self.width)
        return jnp.pad(split, self._margins).reshape(-1, self.channels)

    def spaced_on_host(self, values: np.ndarray) -> np.ndarray:
        """Return the same of a matrix of numpy, in its precision."""
        split = values.reshape(-1, self.heads, self.width)
        return np.pad(split, self._margins).reshape(-1, self.channels)

    @property
    def _margins(self) -> tuple[tuple[int, int], ...]:
        heads, width = self.room
        return (0, 0), (0, heads - self.heads), (0, width - self.width)

    def unspaced(self, values: Float[Array, "rows spaced"]) -> Float[Array, "rows columns"]:
        """Return columns without padding."""
        split = values.reshape(-1, *self.room)[:, : self.heads, : self.width]
        return split.reshape(-1, self.heads * self.width)

    def sums(self, values: Float[Array, "pairs channels"]) -> Float[Array, "pairs heads"]:
        """Return the sum over the channels of each head (in a kernel)."""
        return values.reshape(values.shape[0], *self.room).sum(axis=2)

    def scaled(
        self, scale: Float[Array, "pairs heads"], values: Float[Array, "pairs channels"]
    ) -> Float[Array, "pairs channels"]:
        """Return the channels of each head times its factor (in a kernel)."""
        split = values.reshape(values.shape[0], *self.room)
        return (scale[:, :, None] * split).reshape(values.shape)


class RowFilter(eqx.Module):
    """A filter; see the module's header.

    Attributes:
        radial: U.
        hidden: W1, from squares of the components of ev_j − ev_i.
        bias: b1.
        output: W2.
        spread: which component has the degree that a channel's head belongs to, 0 or 1; None
            where heads have no degrees.
        heads: how channels lie.
    """

    radial: Matrix
    hidden: Matrix
    bias: Matrix
    output: Matrix
    spread: Matrix | None
    heads: Heads

    def scores(self, phi: Array, difference: Array, tile: Tile) -> tuple[Array, Array, Array]:
        """Return w, z and the logistic function of z of a tile (in a kernel)."""
        z = product(difference * difference, self.hidden[...], tile) + self.bias[...]
        gate = jax.nn.sigmoid(z)
        w = product(phi, self.radial[...], tile) + product(z * gate, self.output[...], tile)
        return w, z, gate


def row_filter(
    filter_: TabulatedFilter, heads: int, degrees: tuple[int, ...], of_degrees: bool
) -> RowFilter:
    """Return a filter for the kernels (host only).

    Args:
        filter_: its parameters are concrete.
        heads: of the attention.
        degrees: of the Euclidean variables.
        of_degrees: whether there is a head for each degree.
    """
    radial, hidden, bias, output = (
        np.asarray(one, np.float64)
        for one in (filter_.radial, filter_.hidden, filter_.bias, filter_.output)
    )
    layout = Heads(heads, radial.shape[1] // heads)
    belongs = degree_of_component(degrees)
    kappa = (2 * np.asarray(degrees) + 1) ** -0.5
    spread = np.kron(belongs.T, np.ones((layout.width, 1))) if of_degrees else None
    return RowFilter(
        radial=_grown(layout.spaced_on_host(radial)),
        hidden=_grown((belongs * kappa) @ hidden),
        bias=_grown(bias[None], 1),
        output=_grown(layout.spaced_on_host(output)),
        spread=None if spread is None else _grown(layout.spaced_on_host(spread.T)).T,
        heads=layout,
    )


def product(a: Any, b: Any, tile: Tile, *, transposed: bool = False) -> Array:
    """Return a b, or a bᵀ (in a kernel)."""
    contracted = ((1,), (1 if transposed else 0,))
    return jax.lax.dot_general(
        a,
        b,
        dimension_numbers=(contracted, ((), ())),
        precision=tile.precision,
        preferred_element_type=a.dtype,
    )


def _grown(matrix: np.ndarray, least: int = LEAST) -> np.ndarray:
    """Return a matrix with zeros behind its rows and columns."""
    rows, columns = padded(matrix.shape[0], least), padded(matrix.shape[1])
    return np.pad(matrix, ((0, rows - matrix.shape[0]), (0, columns - matrix.shape[1])))
