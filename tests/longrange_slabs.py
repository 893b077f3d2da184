"""Slabs, and the exact sum over their images, for the tests of sums over images.

    E = ½ ke Σ_ij q_i q_j [φ_0(z_ij) + Σ_{G≠0} φ_G(z_ij) exp(i G·ρ_ij)]/A − ke Σ q_i²/(√π σ)
    φ_G(z) = (π/G) [exp(Gz) erfc(Gσ/2 + z/σ) + exp(−Gz) erfc(Gσ/2 − z/σ)]
    φ_0(z) = −2π [z erf(z/σ) + (σ/√π) exp(−z²/σ²)]

of neutral slabs along the first two axes: Parry, Surf. Sci. 49, 433 (1975),
doi:10.1016/0039-6028(75)90362-3; de Leeuw, Perram, Mol. Phys. 37, 1313 (1979).
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf, erfc

from longrange_charges import SIGMA
from sundog.constants import COULOMB
from sundog.longrange.plan import Plan
from sundog.longrange.slab import Vacuum
from sundog.system import System, make_system


def slab(seed: int, atoms: int = 40, sides=(12.0, 15.0), density: float = 0.1, skew: float = 0.3):
    """Return a slab of atoms at random places, and neutral charges of 0.4 e RMS."""
    rng = np.random.default_rng(seed)
    cell = np.array([[sides[0], 0, 0], [skew * sides[1], sides[1], 0], [3.0, -2.0, 1.0]])
    thickness = atoms / density / (sides[0] * sides[1])
    # Some atoms lie outside of the cell; the third vector says nothing.
    places = rng.uniform(-0.5, 1.5, (atoms, 2)) @ cell[:2]
    places += np.outer(rng.uniform(0, thickness, atoms), [0, 0, 1.0])
    q = rng.normal(size=atoms)
    q = jnp.asarray(0.4 * (q - q.mean()) / q.std())
    return make_system(places, np.full(atoms, 8), cell=cell, pbc=(True, True, False)), q


def vacuum_in(plan: Plan) -> Vacuum:
    """Return the boxes of a plan for slabs."""
    assert plan.vacuum is not None
    return plan.vacuum


def height_of(plan: Plan, number: int = 0) -> float:
    """Return the height of a slab's box in use."""
    return float(vacuum_in(plan).height[int(plan.stage), number])


def rotation(seed: int) -> np.ndarray:
    """Return a rotation of space."""
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))


def in_two_dimensions(q, positions, cell, size: int, sigma: float = SIGMA):
    """Return the energy of a slab in eV; a and b of the cell lie in the plane of x and y.

    Args:
        size: of the largest integers in G.
    """
    a = cell[:2, :2]
    area = jnp.abs(jnp.linalg.det(a))
    n = np.stack(np.meshgrid(*[np.arange(-size, size + 1)] * 2, indexing="ij"), -1).reshape(-1, 2)
    waves = 2 * jnp.pi * jnp.asarray(n[np.any(n != 0, axis=1)], float) @ jnp.linalg.inv(a).T
    between = positions[:, None] - positions[None]
    z = between[..., 2]

    def half(g, z):
        x = g * sigma / 2 + z / sigma
        # exp(Gz) may be large where erfc(x) is nothing.
        safe = jnp.where(x < 20, z, 0.0)
        return jnp.where(x < 20, jnp.exp(g * safe) * erfc(x), 0.0)

    def mode(total, wave):
        g = jnp.sqrt(jnp.sum(wave**2))
        phase = jnp.cos(jnp.sum(between[..., :2] * wave[None, None], axis=-1))
        return total + jnp.pi / g * (half(g, z) + half(g, -z)) * phase, None

    flat = z * erf(z / sigma) + sigma / jnp.sqrt(jnp.pi) * jnp.exp(-((z / sigma) ** 2))
    pair, _ = jax.lax.scan(mode, -2 * jnp.pi * flat, waves)
    own = jnp.sum(q**2) / (jnp.sqrt(jnp.pi) * sigma)
    return COULOMB * (0.5 * jnp.sum(q[:, None] * q[None] * pair) / area - own)


@partial(jax.jit, static_argnums=2)
def _differentiated(q, system: System, size: int):
    def energy(q, positions, strain):
        bent = jnp.eye(3) + strain[0]
        return in_two_dimensions(q, positions @ bent, system.cell[0] @ bent, size)

    strain = jnp.zeros_like(system.cell)
    return jax.value_and_grad(energy, (0, 1, 2))(q, system.positions, strain)


def exact(q, system: System, reach: float = 11.5):
    """Return the exact energy of a slab, and its derivatives by charges, positions and strain.

    Those by strain hold where the plane stays: [z, x], [z, y], [z, z] and what is in the plane.

    Args:
        reach: of G, in units of 1/σ.
    """
    longest = np.linalg.norm(system.cell[0, :2], axis=1).max()
    return _differentiated(q, system, int(np.ceil(reach / SIGMA * longest / (2 * np.pi))))
