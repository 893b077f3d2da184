"""Filter of a layer in the form that the kernels take, and its evaluation inside them.

    w = U φ(r) + W2 silu(z),   z = W1 s + b1,   s_l = κ_l Σ_m (ev_j − ev_i)_lm²

    symbol   variable       meaning
    U        radial         coefficients of the radial basis φ(r)
    W1, b1   hidden, bias   hidden layer on the squares of the components; includes κ and Σ_m
    W2       output         output layer

The channels of the heads are side by side, those of each head padded to a power of two.
Functions marked "(in a kernel)" act on the arrays of a tile inside a Pallas kernel.
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
    """Layout of the channels of heads, padded to powers of two.

    Attributes:
        heads: number of heads.
        width: number of channels of each head.
    """

    heads: int = eqx.field(static=True)
    width: int = eqx.field(static=True)

    @property
    def room(self) -> tuple[int, int]:
        """Number of heads, and of channels of each, with padding."""
        heads = padded(self.heads, 1)
        return heads, max(padded(self.width, 1), LEAST // heads)

    @property
    def channels(self) -> int:
        """Number of channels of all heads, with padding."""
        return prod(self.room)

    def spaced(self, values: Float[Array, "rows columns"]) -> Float[Array, "rows spaced"]:
        """Return columns with the padding of the heads inserted."""
        if self.room == (self.heads, self.width):
            return values
        split = values.reshape(-1, self.heads, self.width)
        return jnp.pad(split, self._margins).reshape(-1, self.channels)

    def spaced_on_host(self, values: np.ndarray) -> np.ndarray:
        """Return `spaced` for a NumPy matrix, in its precision (host only)."""
        split = values.reshape(-1, self.heads, self.width)
        return np.pad(split, self._margins).reshape(-1, self.channels)

    @property
    def _margins(self) -> tuple[tuple[int, int], ...]:
        heads, width = self.room
        return (0, 0), (0, heads - self.heads), (0, width - self.width)

    def unspaced(self, values: Float[Array, "rows spaced"]) -> Float[Array, "rows columns"]:
        """Return columns without the padding of the heads."""
        split = values.reshape(-1, *self.room)[:, : self.heads, : self.width]
        return split.reshape(-1, self.heads * self.width)

    def sums(self, values: Float[Array, "pairs channels"]) -> Float[Array, "pairs heads"]:
        """Return the sum over the channels of each head (in a kernel)."""
        return values.reshape(values.shape[0], *self.room).sum(axis=2)

    def scaled(
        self, scale: Float[Array, "pairs heads"], values: Float[Array, "pairs channels"]
    ) -> Float[Array, "pairs channels"]:
        """Return the channels of each head multiplied by the head's factor (in a kernel)."""
        split = values.reshape(values.shape[0], *self.room)
        return (scale[:, :, None] * split).reshape(values.shape)


class RowFilter(eqx.Module):
    """Filter with the symbols of the module's header.

    Attributes:
        radial: matrix U.
        hidden: matrix W1 that acts on the squares of the components of ev_j − ev_i.
        bias: vector b1.
        output: matrix W2.
        spread: matrix of ones and zeros: 1 where a component has the degree of a channel's head;
            None where heads do not belong to degrees.
        heads: layout of the channels.
    """

    radial: Matrix
    hidden: Matrix
    bias: Matrix
    output: Matrix
    spread: Matrix | None
    heads: Heads

    def scores(self, phi: Array, difference: Array, tile: Tile) -> tuple[Array, Array, Array]:
        """Return w, z and the logistic function of z (in a kernel).

        Args:
            phi: radial basis φ(r) of the pairs of a tile.
            difference: difference ev_j − ev_i of these pairs.
            tile: shape of the work.
        """
        z = product(difference * difference, self.hidden[...], tile) + self.bias[...]
        gate = jax.nn.sigmoid(z)
        w = product(phi, self.radial[...], tile) + product(z * gate, self.output[...], tile)
        return w, z, gate


def row_filter(
    filter_: TabulatedFilter, heads: int, degrees: tuple[int, ...], of_degrees: bool
) -> RowFilter:
    """Return a filter for the kernels (host only).

    Args:
        filter_: filter with concrete parameters.
        heads: number of heads of the attention.
        degrees: degrees l of the Euclidean variables.
        of_degrees: whether there is one head for each degree.
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
    """Return the matrix product a b, or a bᵀ (in a kernel).

    Args:
        a: left factor.
        b: right factor.
        tile: shape of the work, which gives the precision of products.
        transposed: whether b is transposed.
    """
    contracted = ((1,), (1 if transposed else 0,))
    return jax.lax.dot_general(
        a,
        b,
        dimension_numbers=(contracted, ((), ())),
        precision=tile.precision,
        preferred_element_type=a.dtype,
    )


def _grown(matrix: np.ndarray, least: int = LEAST) -> np.ndarray:
    """Return a matrix padded with zeros after its rows and columns."""
    rows, columns = padded(matrix.shape[0], least), padded(matrix.shape[1])
    return np.pad(matrix, ((0, rows - matrix.shape[0]), (0, columns - matrix.shape[1])))
