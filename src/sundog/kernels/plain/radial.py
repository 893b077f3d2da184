"""Radial filters in a small common basis.

    w(r) = Σ_n φ_n(r) U_n,      φ_n(r) = Σ_m c_kmn t^m,   r = (k + t) Δ,  0 ≤ t < 1

    symbol   variable       meaning
    φ, c     coefficients   splines of the basis, and their coefficients
    U        u              coefficients of the filters in that basis
    k, t     k, t           interval of a distance, and place in it
    Δ        1 / KNOTS_PER_ANGSTROM

The radial filters of all layers are smooth functions of one scalar: about fifty splines φ
span them to the precision of the arithmetic. For each distance only these are looked up,
instead of every channel of every filter; the rest is a product of matrices, which is fast
on any device. Linear combinations of the splines are splines with the same knots, so that
values and slopes stay consistent.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sundog.kernels.plain.blocks import take
from sundog.kernels.tables import KNOTS_PER_ANGSTROM, RadialTable

DROPPED = {"float32": 1e-7, "float64": 1e-11}
"""Singular values of the table, relative to the largest, below which functions are left out.

The relative error of the filters is of this size.
"""

WIDTH_MULTIPLE = 8
"""Number of which the size of the basis is a multiple, for matrix products of whole vectors."""


class RadialBasis(eqx.Module):
    """Splines of a distance, in one family or several.

    Attributes:
        coefficients: coefficients c_km of every function of every family.
    """

    coefficients: Float[Array | np.ndarray, "intervals orders families functions"]

    def values(
        self, r: Float[Array, " pairs"], family: Int[Array, " pairs"] | None = None
    ) -> Float[Array, "pairs functions"]:
        """Return the basis φ(r).

        Args:
            r: distances in Å; those beyond the cutoff count as the cutoff.
            family: family of each pair, the first by default.
        """
        c, t = self._interval(r, family)
        value = c[-1]
        for coefficient in reversed(c[:-1]):
            value = coefficient + t * value
        return value

    def slopes(
        self, r: Float[Array, " pairs"], family: Int[Array, " pairs"] | None = None
    ) -> Float[Array, "pairs functions"]:
        """Return φ′(r) in 1/Å, the exact derivative of `values`, which has the same arguments."""
        c, t = self._interval(r, family)
        slope = (len(c) - 1) * c[-1]
        for order in range(len(c) - 2, 0, -1):
            slope = order * c[order] + t * slope
        return KNOTS_PER_ANGSTROM * slope

    def _interval(
        self, r: Float[Array, " pairs"], family: Int[Array, " pairs"] | None
    ) -> tuple[list[Float[Array, "pairs functions"]], Float[Array, "pairs 1"]]:
        """Return the coefficients of each order for the pairs' intervals, and t."""
        intervals, _, families, functions = self.coefficients.shape
        place = jnp.minimum(r * KNOTS_PER_ANGSTROM, intervals - 1.0)
        k = place.astype(jnp.int32)
        row = k * families if family is None else k * families + family
        by_order = jnp.asarray(self.coefficients).swapaxes(0, 1)
        orders = [take(c.reshape(-1, functions), row) for c in by_order]
        return orders, (place - k.astype(r.dtype))[:, None]


@jax.custom_jvp
def radial_basis(basis: RadialBasis, r: Float[Array, " pairs"]) -> Array:
    """Return the basis φ(r) of the first family, differentiable by r."""
    return basis.values(r)


@radial_basis.defjvp
def _(primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    basis, r = primals
    return basis.values(r), basis.slopes(r) * tangents[1][:, None]


def compress(
    table: RadialTable, precision: str
) -> tuple[RadialBasis, Float[np.ndarray, "functions channels"]]:
    """Return a basis of the table's functions, and U, in float64 (host only).

    Args:
        table: radial filters of all layers, side by side.
        precision: precision of the arithmetic in which the basis will be used.
    """
    knots = np.asarray(table.knots, np.float64)
    _, singular, vectors = np.linalg.svd(knots.reshape(-1, knots.shape[2]), full_matrices=False)
    rank = int(np.sum(singular > DROPPED[precision] * singular[0]))
    u = vectors[: -(-rank // WIDTH_MULTIPLE) * WIDTH_MULTIPLE]
    return RadialBasis(_polynomials(knots @ u.T)[:, :, None]), u


def _polynomials(knots: np.ndarray) -> Float[np.ndarray, "intervals 6 functions"]:
    """Return the coefficients of quintic Hermite splines; see `kernels.tables`."""
    (value, slope, bend), there = knots[:-1].swapaxes(0, 1), knots[1:].swapaxes(0, 1)
    d = there[0] - value - slope - bend / 2
    e = there[1] - slope - bend
    f = there[2] - bend
    high = 10 * d - 4 * e + f / 2, -15 * d + 7 * e - f, 6 * d - 3 * e + f / 2
    return np.stack([value, slope, bend / 2, *high], axis=1)
