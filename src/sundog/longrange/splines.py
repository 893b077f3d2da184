"""Cardinal B-splines, by which charges are distributed over mesh points.

    M_2(x) = 1 − |x − 1| on [0, 2],   M_n(x) = (x M_{n−1}(x) + (n − x) M_{n−1}(x − 1))/(n − 1)
    M_n′(x) = M_{n−1}(x) − M_{n−1}(x − 1)

An atom at u, in units of the mesh spacing, gives to the point ⌊u⌋ − j the fraction
M_p(u − ⌊u⌋ + j) of its charge, j = 0 … p − 1. This damps a mode n by U(n) = sinc(n/M)^p and adds
its images n + rM. The order p is `order` here, the number M of points along an axis `size`.
Source: Essmann et al., J. Chem. Phys. 103, 8577 (1995), doi:10.1063/1.470117.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.polynomial import Polynomial

IMAGES = 3
"""Number of images of a mode on either side that are summed; sinc⁸ of the next is below 1e-8."""


def weights(
    x: Float[Array, "atoms 3"], order: int
) -> tuple[Float[Array, "order atoms 3"], Float[Array, "order atoms 3"]]:
    """Return M_p(x + j) and M_p′(x + j) for j = 0 … p − 1.

    They are products of constant matrices with powers of x − ½: XLA takes minutes to compile the
    recursion, because it repeats it for every use of a weight.

    Args:
        x: fractional part u − ⌊u⌋ of the coordinates on the mesh, from 0 to 1.
        order: order p of the B-splines, at least 3.
    """
    powers = jnp.stack([(x - 0.5) ** k for k in range(order)])
    values, slopes = (
        jnp.einsum("jk,kan->jan", jnp.asarray(one, x.dtype), powers, precision="highest")
        for one in _polynomials(order)
    )
    return values, slopes


def _polynomials(order: int) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients of M_p(x + j) and of its slope by powers of x − ½, each [j, power]."""
    x = Polynomial([0.5, 1.0])
    pieces = [Polynomial([1.0])]
    for n in range(2, order + 1):
        before = [Polynomial([0.0]), *pieces, Polynomial([0.0])]
        pieces = [((x + j) * before[j + 1] + (n - j - x) * before[j]) / (n - 1) for j in range(n)]

    def table(polynomials: list[Polynomial]) -> np.ndarray:
        return np.stack([np.pad(p.coef, (0, order))[:order] for p in polynomials])

    return table(pieces), table([p.deriv() for p in pieces])


def transfer(size: int, order: int) -> np.ndarray:
    """Return the factors that correct |S|² of a mesh, one for each mode along one axis.

    The factor is U²/(Σ_r U²)² with U at n + rM. Of all such factors it gives the smallest error
    of energies and forces, averaged over the positions of the charges (Ballenegger, Cerdà, Holm,
    J. Chem. Theory Comput. 8, 936 (2012), doi:10.1021/ct2001792; the images of g(k) are left
    out because they vanish). The mode n = M/2 is left out because the sign of its k is undefined.

    Args:
        size: number M of mesh points along the axis.
        order: order p of the B-splines.
    """
    n = np.fft.fftfreq(size)[:, None] + np.arange(-IMAGES, IMAGES + 1)[None]
    u2 = np.sinc(n) ** (2 * order)
    factors = u2[:, IMAGES] / u2.sum(axis=1) ** 2
    if size % 2 == 0:
        factors[size // 2] = 0.0
    return factors
