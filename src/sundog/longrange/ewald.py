"""The damped Coulomb interaction of a periodic structure and all its images, as a plain sum.

    E = (2π ke/V) Σ_{k≠0} g(k) |S(k)|² − ke Σ q_i²/(√π σ) − (π ke σ²/2V) Q²
    g(k) = exp(−k²σ²/4)/k²,   S(k) = Σ_i q_i exp(i k·R_i),   k = 2π n L⁻ᵀ,   Q = Σ q_i

    symbol    variable      meaning
    σ         sigma         damping length, Å
    V         volume        volume of the cell, Å³
    L         cell          lattice vectors as rows, Å
    n         n, modes      integer vectors, without zero
    k         vectors(n)    wave vectors, 1/Å

erf(r/σ)/r is the long-range part of an Ewald split with Gaussians of width σ/√2. The whole
interaction is therefore in reciprocal space and no sum over pairs remains. The boundary is
conducting (tin foil); the last term belongs to a uniform background that neutralises Q.
E is quadratic in the charges, so that E = ½ Σ q_i φ_i with φ_i = dE/dq_i, by which the energy is
divided among the atoms. Slabs are placed in boxes with vacuum, and the interaction with the
dipoles of their images is removed (`slab.py`).

This formulation belongs to the reference force field and is the reference for `longrange.mesh`.
It can be differentiated any number of times. It costs O(N) per k vector, in float64 throughout.
Sources: Ewald, Ann. Phys. 369, 253 (1921); background: Hummer, Pratt, García, J. Phys. Chem.
100, 1206 (1996), doi:10.1021/jp951011v.
"""

from math import pi, sqrt
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sundog.constants import COULOMB
from sundog.longrange.plan import Plan, Shape
from sundog.longrange.slab import across, boxes
from sundog.neighbors.lattice import inverse, transform
from sundog.numerics.segments import sum_per_system
from sundog.system import System
from sundog.typing import Cells, PerAtom, PerSystem, Positions

MODES_PER_CHUNK = 64
"""Number of pairs ±k whose phases are in memory at a time, for all atoms."""


class Reciprocal(eqx.Module):
    """Reciprocal lattice of each structure.

    Attributes:
        inverse: inverse L⁻¹ of the cell in 1/Å; k = 2π L⁻¹ n.
        volume: volume of the cell in Å³.
    """

    inverse: Cells
    volume: PerSystem

    def square(self, vectors: Float[Array, "systems *modes 3"]) -> Float[Array, "systems *modes"]:
        """Return |k|² in 1/Å² of wave vectors in 1/Å."""
        return jnp.sum(vectors**2, axis=-1)

    def vectors(self, n: Float[Array | np.ndarray, "*modes 3"]) -> Float[Array, "systems *modes 3"]:
        """Return the wave vectors k in 1/Å of integer vectors n."""
        return 2 * pi * jnp.einsum("...n,skn->s...k", n, self.inverse)

    def fractional(self, system: System) -> Positions:
        """Return the fractional coordinates R L⁻¹ of the atoms."""
        return transform(system.positions, self.inverse[system.system_index])


def reciprocal(
    system: System, strain: Cells | None = None, heights: PerSystem | None = None
) -> Reciprocal:
    """Return the reciprocal lattices; padding structures have that of a cube with 1 Å edges.

    Args:
        system: periodic structures.
        strain: strain ε of each structure, to differentiate by; the box of a slab is strained as
            a whole.
        heights: heights in Å of the boxes of slabs, or None where there are no slabs.
    """
    whole, cell = jnp.all(system.pbc, axis=1), system.cell
    if heights is not None:
        whole, cell = whole | jnp.any(across(system), axis=1), boxes(system, heights)
    cell = jnp.where(whole[:, None, None], cell, jnp.eye(3, dtype=cell.dtype)[None])
    if strain is not None:
        cell = cell + cell @ strain
    volume = jnp.abs(jnp.sum(cell[:, 0] * jnp.cross(cell[:, 1], cell[:, 2]), axis=1))
    return Reciprocal(inverse(cell), volume)


def strength(k2: Array, volume: Array, sigma: float) -> Array:
    """Return 4π ke exp(−k²σ²/4)/(V k²) in eV/e².

    Args:
        k2: squares k² of wave vectors in 1/Å², positive.
        volume: volume V in Å³, of a shape that broadcasts with `k2`.
        sigma: damping length σ in Å.
    """
    return 4 * pi * COULOMB / volume * jnp.exp(-k2 * sigma**2 / 4) / k2


def local_potentials(
    charges: PerAtom, system: System, volume: PerSystem, sigma: float
) -> tuple[PerAtom, PerSystem]:
    """Return the parts that are no sum over k: the self-term and the uniform background.

    Args:
        charges: charges in e, float64.
        system: structures that the atoms belong to.
        volume: volume of the cell in Å³.
        sigma: damping length σ in Å.

    Returns:
        Their potentials φ_i in eV/e, and the energy of the background of each structure in eV.
    """
    total = sum_per_system(charges, system.system_index, system.number_of_systems)
    background = -pi * COULOMB * sigma**2 / volume * total
    own = -2 * COULOMB / (sqrt(pi) * sigma)
    return own * charges + background[system.system_index], 0.5 * background * total


class LayerDipole(NamedTuple):
    """Derivatives of the term (2π ke/V) M² of slabs; zero for other structures.

    Attributes:
        potential: derivative dE/dq by the charge of each atom, in eV/e.
        slope: derivative of the potential by the position of its atom, in eV/(e·Å).
        virial: derivative dE/dε by the strain of each structure, in eV.
    """

    potential: PerAtom
    slope: Positions
    virial: Cells


def layer_dipole(
    charges: PerAtom, fractional: Positions, system: System, lattice: Reciprocal
) -> LayerDipole:
    """Return the term that removes the interaction with the dipoles of a slab's images.

    In fractional coordinates s along the normal, z = s/|b| and E = 2π ke (Σ q s)²/(V b²), with b
    the reciprocal vector; V b² = A/H, from which the virial follows. s counts from the mean of
    the atoms, so that the origin does not matter even if rounding leaves a small net charge.

    Args:
        charges: charges in e, float64.
        fractional: fractional coordinates R L⁻¹.
        system: structures; those with two periodic directions are slabs.
        lattice: reciprocal lattices, of the boxes where structures are slabs.
    """
    index, systems = system.system_index, system.number_of_systems
    flat, atoms = across(system), system.is_atom
    b = jnp.sum(jnp.where(flat[:, None, :], lattice.inverse, 0.0), axis=2)
    b2 = jnp.where(jnp.any(flat, axis=1), lattice.square(b), 1.0)
    s = jnp.where(atoms, jnp.sum(jnp.where(flat[index], fractional, 0.0), axis=1), 0.0)
    count = jnp.maximum(sum_per_system(atoms, index, systems), 1.0)
    s = jnp.where(atoms, s - (sum_per_system(s, index, systems) / count)[index], 0.0)
    moment = sum_per_system(charges * s, index, systems)
    field = 4 * pi * COULOMB / (lattice.volume * b2) * moment
    energy = 0.5 * field * moment
    twice = 2 * b[:, :, None] * b[:, None, :] / b2[:, None, None]
    return LayerDipole(
        potential=field[index] * s,
        slope=(field[:, None] * b)[index],
        virial=energy[:, None, None] * (twice - jnp.eye(3, dtype=b.dtype)[None]),
    )


def ewald_energies(
    charges: PerAtom, system: System, strain: Cells, plan: Plan, sigma: float
) -> PerAtom:
    """Return the electrostatic energy of each atom, ½ q_i φ_i, in eV (float64).

    Args:
        charges: charges in e.
        system: structures that are periodic along all directions, or all but one.
        strain: strain ε of each structure, to differentiate by.
        plan: plan of the sum, from `planning.Ewald.plan_sum`.
        sigma: damping length σ in Å.
    """
    lattice = reciprocal(system, strain, plan.heights)
    # Strain moves the atoms with the cell: their fractional coordinates do not change.
    fractional = reciprocal(system, heights=plan.heights).fractional(system)
    q = charges.astype(fractional.dtype)

    def sum_of(shape: Shape) -> PerAtom:
        return _sum_over_modes(q, fractional, system, lattice, shape, sigma)

    own, _ = local_potentials(q, system, lattice.volume, sigma)
    if plan.vacuum is not None:
        own = own + layer_dipole(q, fractional, system, lattice).potential
    return 0.5 * q * (plan.at_stage(sum_of) + own)


def half_space(shape: Shape) -> np.ndarray:
    """Return all integer vectors n ≠ 0 with |n_d| ≤ shape_d/2, one of each pair n and −n."""
    ranges = [np.arange(-(size // 2), size // 2 + 1) for size in shape]
    n = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
    return n[len(n) // 2 + 1 :].astype(np.float64)


def _sum_over_modes(
    q: PerAtom,
    fractional: Positions,
    system: System,
    lattice: Reciprocal,
    shape: Shape,
    sigma: float,
) -> PerAtom:
    """Return the potential at each atom in eV/e; phases are recomputed in the backward pass."""
    modes = half_space(shape)
    chunks = -(-len(modes) // MODES_PER_CHUNK)
    padded = np.pad(modes, ((0, chunks * MODES_PER_CHUNK - len(modes)), (0, 0)), mode="edge")
    counted = (np.arange(len(padded)) < len(modes)).astype(np.float64)
    index, systems = system.system_index, system.number_of_systems

    def add(potential: PerAtom, chunk: tuple[Array, Array]) -> tuple[PerAtom, None]:
        n, once = chunk
        phase = 2 * pi * fractional @ n.T
        cosine, sine = jnp.cos(phase), jnp.sin(phase)
        k2 = lattice.square(lattice.vectors(n))
        # The factor 2 is for −k.
        weight = 2 * once[None] * strength(k2, lattice.volume[:, None], sigma)
        even = weight * sum_per_system(q[:, None] * cosine, index, systems)
        odd = weight * sum_per_system(q[:, None] * sine, index, systems)
        return potential + jnp.sum(cosine * even[index] + sine * odd[index], axis=1), None

    columns = (
        jnp.asarray(padded.reshape(chunks, MODES_PER_CHUNK, 3)),
        jnp.asarray(counted.reshape(chunks, MODES_PER_CHUNK)),
    )
    return jax.lax.scan(jax.checkpoint(add), jnp.zeros_like(q), columns)[0]
