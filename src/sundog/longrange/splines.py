"""Cardinal B-splines: how a charge is shared out among mesh points, and what that does to modes.

    M_2(x) = 1 − |x − 1| on [0, 2],   M_n(x) = (x M_{n−1}(x) + (n − x) M_{n−1}(x − 1))/(n − 1)
    M_n′(x) = M_{n−1}(x) − M_{n−1}(x − 1)

An atom at u in units of the mesh gives to the point ⌊u⌋ − j the fraction M_p(u − ⌊u⌋ + j),
j = 0 … p − 1. Of a mode n the fraction U(n) = sinc(n/M)^p remains, and images n + rM of it
appear. Source: Essmann et al., J. Chem. Phys. 103, 8577 (1995), doi:10.1063/1.470117.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.polynomial import Polynomial

IMAGES = 3
"""Images of a mode on either side that are counted; the next have sinc⁸ below 1e-8."""


def weights(
    x: Float[Array, "atoms 3"], order: int
) -> tuple[Float[Array, "order atoms 3"], Float[Array, "order atoms 3"]]:
    """Return M_p(x + j) and M_p′(x + j) for j = 0 … p − 1.

    As products of matrices with powers of x: XLA takes minutes to compile the recursion, which it
    repeats for every use of a weight.

    Args:
        x: u − ⌊u⌋, from 0 to 1.
        order: p, at least 3.
    """
    powers = jnp.stack([(x - 0.5) ** k for k in range(order)])
    values, slopes = (
        jnp.einsum("jk,kan->jan", jnp.asarray(one, x.dtype), powers, precision="highest")
        for one in _polynomials(order)
    )
    return values, slopes


def _polynomials(order: int) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients by powers of x − ½ of M_p(x + j), and of its slope; [j, power]."""
    x = Polynomial([0.5, 1.0])
    pieces = [Polynomial([1.0])]
    for n in range(2, order + 1):
        before = [Polynomial([0.0]), *pieces, Polynomial([0.0])]
        pieces = [((x + j) * before[j + 1] + (n - j - x) * before[j]) / (n - 1) for j in range(n)]

    def table(polynomials: list[Polynomial]) -> np.ndarray:
        return np.stack([np.pad(p.coef, (0, order))[:order] for p in polynomials])

    return table(pieces), table([p.deriv() for p in pieces])


def transfer(size: int, order: int) -> np.ndarray:
    """Return by what to multiply |S|² of a mesh, for each mode along one axis.

    U²/(Σ_r U²)² with U at n + rM: of all such factors it gives the least error of energies and
    forces, averaged over places of the charges (Ballenegger, Cerdà, Holm, J. Chem. Theory
    Comput. 8, 936 (2012), doi:10.1021/ct2001792, with the images of g(k) left out, which
    vanish). The mode n = M/2, of which the sign of k is not defined, is left out.

    Args:
        size: M.
        order: p.
    """
    n = np.fft.fftfreq(size)[:, None] + np.arange(-IMAGES, IMAGES + 1)[None]
    u2 = np.sinc(n) ** (2 * order)
    factors = u2[:, IMAGES] / u2.sum(axis=1) ** 2
    if size % 2 == 0:
        factors[size // 2] = 0.0
    return factors
