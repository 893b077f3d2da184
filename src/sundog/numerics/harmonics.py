"""Real spherical harmonics of unit vectors, orthonormal on the sphere.

    Y_l,±m = √2 N_lm Π_lm(z) {A_m(x,y), B_m(x,y)},   Y_l0 = N_l0 Π_l0(z)
    A_m + i B_m = (x + i y)^m,   N_lm² = (2l+1)/(4π) · (l−m)!/(l+m)!
    Π_lm(z) = d^m P_l(z)/dz^m by the three-term recursion in l

Components are ordered m = −l … l. Source: Helgaker, Jørgensen, Olsen, Molecular
Electronic-Structure Theory (2000), section 6.4. All components are polynomials in
x, y and z, so that no direction is singular.
"""

from collections.abc import Sequence
from math import factorial, pi, sqrt

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


def spherical_harmonics(
    unit_vectors: Float[Array, "pairs 3"], degrees: Sequence[int]
) -> Float[Array, "pairs components"]:
    """Return Y_lm for the given degrees, concatenated: Σ (2l+1) components.

    Args:
        unit_vectors: directions, assumed to have length one.
        degrees: degrees l, in the order of the result.
    """
    x, y, z = unit_vectors[:, 0], unit_vectors[:, 1], unit_vectors[:, 2]
    highest = max(degrees)
    cosines, sines = [jnp.ones_like(x)], [jnp.zeros_like(x)]
    for _ in range(highest):
        a, b = cosines[-1], sines[-1]
        cosines.append(x * a - y * b)
        sines.append(y * a + x * b)
    legendre = _legendre_derivatives(z, highest)
    columns = []
    for degree in degrees:
        for m in range(-degree, degree + 1):
            order = abs(m)
            norm = sqrt(
                (2 * degree + 1) / (4 * pi) * factorial(degree - order) / factorial(degree + order)
            )
            azimuthal = sines[order] if m < 0 else cosines[order]
            scale = norm * (sqrt(2) if order else 1.0)
            columns.append(scale * legendre[degree, order] * azimuthal)
    return jnp.stack(columns, axis=1)


def degree_of_component(degrees: Sequence[int]) -> Float[np.ndarray, "components degrees"]:
    """Return the matrix of zeros and ones that says to which degree each component belongs.

    Sums over the components of a degree, and copies from degrees to components, are
    products with this matrix: the derivative of a gather would be a scatter, which is slow.
    """
    rows = np.repeat(np.arange(len(degrees)), [2 * degree + 1 for degree in degrees])
    return np.eye(len(degrees))[rows]


def _legendre_derivatives(
    z: Float[Array, " pairs"], highest: int
) -> dict[tuple[int, int], Float[Array, " pairs"]]:
    """Return d^m P_l/dz^m for 0 ≤ m ≤ l ≤ highest."""
    table: dict[tuple[int, int], Float[Array, " pairs"]] = {}
    double_factorial = 1.0
    for m in range(highest + 1):
        table[m, m] = jnp.full_like(z, double_factorial)
        double_factorial *= 2 * m + 1
        if m < highest:
            table[m + 1, m] = (2 * m + 1) * z * table[m, m]
        for degree in range(m + 2, highest + 1):
            table[degree, m] = (
                (2 * degree - 1) * z * table[degree - 1, m]
                - (degree + m - 1) * table[degree - 2, m]
            ) / (degree - m)
    return table
