"""Radial filters as tables of the distance, on which alone the filter MLPs depend.

    w(r) = W2 silu(W1 b(r) + c1) + c2               b: Bernstein polynomials of exp(−γ r)
    r = (k + t) Δ,  0 ≤ t < 1                       quintic Hermite on knots k Δ, Δ = 1/32 Å:
    w ≈ w_k + t (s_k + t (c_k/2 + t (a + t (b + t c))))
    a = 10 D − 4 E + F/2,  b = −15 D + 7 E − F,  c = 6 D − 3 E + F/2
    D = w_{k+1} − w_k − s_k − c_k/2,  E = s_{k+1} − s_k − c_k,  F = c_{k+1} − c_k
    s = Δ w′,  c_k = Δ² w″

Here w_k, s_k and c_k are `value`, `slope` and `bend` at knot k, and a, b, c are `third`,
`fourth` and `fifth`. Values and derivatives at the knots are exact: they are computed in
float64 from the weights. The spline has two continuous derivatives, and forces are formed
from its own derivative, so that energy is conserved for any spacing; the spacing determines
how much the forces differ from the network's. A quintic with 32 knots per Å is as accurate
as a cubic with 256 and has an eighth of its size, so that a layer's table fits into the
cache of a core.

The knots start at r = 0, where the polynomials are as smooth as elsewhere, and end one knot
beyond the cutoff, so that no distance needs a separate treatment.
"""

from collections.abc import Sequence
from math import ceil, comb

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sundog.numerics.layers import MLP

KNOTS_PER_ANGSTROM = 32
"""Number of knots per Å, 1/Δ. A power of two, so that r/Δ is exact."""

Values = Float[Array, "pairs functions"]


class RadialTable(eqx.Module):
    """Quintic Hermite table of functions of a distance from 0 to a cutoff.

    Attributes:
        knots: value w_k, slope s_k and second derivative c_k of every function at every knot.
    """

    knots: Float[Array | np.ndarray, "knots 3 functions"]

    def __call__(self, r: Float[Array, " pairs"]) -> Values:
        """Return w(r).

        Args:
            r: distances in Å, from 0 to the cutoff; beyond it the last interval is extrapolated.
        """
        return self.value_and_slope(r)[0]

    def value_and_slope(self, r: Float[Array, " pairs"]) -> tuple[Values, Values]:
        """Return w(r) and its exact derivative dw/dr in 1/Å; arguments as for a call."""
        place = r * KNOTS_PER_ANGSTROM
        k = jnp.clip(place.astype(jnp.int32), 0, self.knots.shape[0] - 2)
        t = (place - k.astype(r.dtype))[:, None]
        here, there = self.knots[k], self.knots[k + 1]
        value, slope, bend = here[:, 0], here[:, 1], here[:, 2]
        d = there[:, 0] - value - slope - 0.5 * bend
        e = there[:, 1] - slope - bend
        f = there[:, 2] - bend
        third = 10.0 * d - 4.0 * e + 0.5 * f
        fourth = -15.0 * d + 7.0 * e - f
        fifth = 6.0 * d - 3.0 * e + 0.5 * f
        w = value + t * (slope + t * (0.5 * bend + t * (third + t * (fourth + t * fifth))))
        w1 = slope + t * (bend + t * (3.0 * third + t * (4.0 * fourth + t * (5.0 * fifth))))
        return w, KNOTS_PER_ANGSTROM * w1

    def astype(self, dtype: str) -> "RadialTable":
        """Return the table in another precision."""
        return RadialTable(jnp.asarray(self.knots, dtype))


def tabulate(filters: Sequence[MLP], *, decay: float, cutoff: float) -> RadialTable:
    """Return the table, in float64, of several filters side by side (host only).

    Args:
        filters: radial MLPs on the same Bernstein polynomials.
        decay: decay γ of the polynomials in 1/Å.
        cutoff: largest distance in Å.
    """
    r = np.arange(ceil(cutoff * KNOTS_PER_ANGSTROM) + 2) / KNOTS_PER_ANGSTROM
    basis = _bernstein(r, filters[0].hidden.weight.shape[0], decay)
    columns = [_filter(one, *basis) for one in filters]
    scales = KNOTS_PER_ANGSTROM ** -np.arange(3.0)
    orders = [
        scale * np.concatenate(parts, axis=1)
        for scale, parts in zip(scales, zip(*columns, strict=True), strict=True)
    ]
    return RadialTable(np.stack(orders, axis=1))


def _bernstein(r: np.ndarray, count: int, decay: float) -> tuple[np.ndarray, ...]:
    """Return b_k(r) with its first two derivatives, by db_k/dy = n (B_{k−1} − B_k)."""
    n = count - 1
    y = np.exp(-decay * r)[:, None]

    def polynomials(degree: int, margin: int) -> np.ndarray:
        k = np.arange(degree + 1)
        binomials = np.array([comb(degree, int(i)) for i in k], dtype=np.float64)
        return np.pad(binomials * y**k * (1 - y) ** (degree - k), ((0, 0), (margin, margin)))

    b, once, twice = polynomials(n, 0), polynomials(n - 1, 1), polynomials(n - 2, 2)
    d_y = n * (once[:, :-1] - once[:, 1:])
    d_yy = n * (n - 1) * (twice[:, :-2] - 2 * twice[:, 1:-1] + twice[:, 2:])
    return b, -decay * y * d_y, (decay * y) ** 2 * d_yy + decay**2 * y * d_y


def _filter(
    mlp: MLP, basis: np.ndarray, slope: np.ndarray, bend: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return an MLP and its first two derivatives, given those of its inputs."""
    first, second = mlp.hidden, mlp.output
    w1, w2 = (np.asarray(one.weight, np.float64) for one in (first, second))
    c1, c2 = (
        0.0 if one.bias is None else np.asarray(one.bias, np.float64) for one in (first, second)
    )
    z, z_r, z_rr = basis @ w1 + c1, slope @ w1, bend @ w1
    gate = 1 / (1 + np.exp(-z))
    d_silu = gate * (1 + z * (1 - gate))
    d2_silu = gate * (1 - gate) * (2 + z * (1 - 2 * gate))
    return (z * gate) @ w2 + c2, (d_silu * z_r) @ w2, (d2_silu * z_r**2 + d_silu * z_rr) @ w2
