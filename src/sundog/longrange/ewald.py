"""The damped Coulomb interaction of a periodic structure and all its images, as a plain sum.

    E = (2π ke/V) Σ_{k≠0} g(k) |S(k)|² − ke Σ q_i²/(√π σ) − (π ke σ²/2V) Q²
    g(k) = exp(−k²σ²/4)/k²,   S(k) = Σ_i q_i exp(i k·R_i),   k = 2π n L⁻ᵀ,   Q = Σ q_i

erf(r/σ)/r is the long-range half of an Ewald split with Gaussians of width σ/√2, hence the
whole interaction is reciprocal and nothing is left to sum over pairs. The boundary is
conducting (tin foil); the last term is that of a uniform background that neutralises Q.
E is quadratic in the charges, so that E = ½ Σ q_i φ_i with φ_i = dE/dq_i, which is how the
energy is shared out among atoms. Slabs stand in boxes with vacuum, less the dipoles of their images
(`slab.py`).

This formulation is the oracle of `longrange.mesh`, the reference force field's own, and can be
differentiated any number of times. It costs O(N) per k vector, in float64 throughout.
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
"""Pairs ±k whose phases are held at a time, for all atoms."""


class Reciprocal(eqx.Module):
    """The reciprocal lattice of each structure.

    Attributes:
        inverse: L⁻¹ in 1/Å; k = 2π L⁻¹ n.
        volume: Å³.
    """

    inverse: Cells
    volume: PerSystem

    def square(self, vectors: Float[Array, "systems *modes 3"]) -> Float[Array, "systems *modes"]:
        """Return |k|² of wave vectors in 1/Å²."""
        return jnp.sum(vectors**2, axis=-1)

    def vectors(self, n: Float[Array | np.ndarray, "*modes 3"]) -> Float[Array, "systems *modes 3"]:
        """Return the wave vectors k of integer vectors in 1/Å."""
        return 2 * pi * jnp.einsum("...n,skn->s...k", n, self.inverse)

    def fractional(self, system: System) -> Positions:
        """Return R L⁻¹."""
        return transform(system.positions, self.inverse[system.system_index])


def reciprocal(
    system: System, strain: Cells | None = None, heights: PerSystem | None = None
) -> Reciprocal:
    """Return the reciprocal lattices; of structures that are padding, those of a unit cube.

    Args:
        system: periodic structures.
        strain: ε per structure, to differentiate by; a box of a slab is strained as a whole.
        heights: of boxes in Å, when there are slabs.
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
    """Return 4π ke exp(−k²σ²/4)/(V k²) in eV/e², for k² > 0 in 1/Å² and V in Å³."""
    return 4 * pi * COULOMB / volume * jnp.exp(-k2 * sigma**2 / 4) / k2


def local_potentials(
    charges: PerAtom, system: System, volume: PerSystem, sigma: float
) -> tuple[PerAtom, PerSystem]:
    """Return what is not a sum over k: potentials of self-term and background, and Q²-energies.

    Args:
        charges: e, float64.
        system: says which structure an atom belongs to.
        volume: Å³.
        sigma: σ in Å.

    Returns:
        φ_i in eV/e, and the energy of the background in eV per structure.
    """
    total = sum_per_system(charges, system.system_index, system.number_of_systems)
    background = -pi * COULOMB * sigma**2 / volume * total
    own = -2 * COULOMB / (sqrt(pi) * sigma)
    return own * charges + background[system.system_index], 0.5 * background * total


class LayerDipole(NamedTuple):
    """The term (2π ke/V) M² of slabs; zero of all else.

    Attributes:
        potential: dE/dq in eV/e.
        slope: of the potential by the position of its atom, eV/(e·Å).
        virial: dE/dε in eV.
    """

    potential: PerAtom
    slope: Positions
    virial: Cells


def layer_dipole(
    charges: PerAtom, fractional: Positions, system: System, lattice: Reciprocal
) -> LayerDipole:
    """Return what removes the dipoles of a slab's images.

    In fractional coordinates s along the normal, z = s/|b| and E = 2π ke (Σ q s)²/(V b²), with b
    the reciprocal vector; V b² = A/H, from which the virial follows. Distances count from the mean
    of the atoms: charges that add up to zero but for rounding then do not feel the origin.

    Args:
        charges: e, float64.
        fractional: R L⁻¹.
        system: says which structures are slabs.
        lattice: with boxes for them.
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
        charges: e.
        system: structures that are periodic along all directions, or all but one.
        strain: ε per structure, to differentiate by.
        plan: from `planning.Ewald.plan_sum`.
        sigma: σ in Å.
    """
    lattice = reciprocal(system, strain, plan.heights)
    # Strain takes the atoms along: their fractional coordinates do not feel it.
    fractional = reciprocal(system, heights=plan.heights).fractional(system)
    q = charges.astype(fractional.dtype)

    def sum_of(shape: Shape) -> PerAtom:
        return _sum_over_modes(q, fractional, system, lattice, shape, sigma)

    own, _ = local_potentials(q, system, lattice.volume, sigma)
    if plan.vacuum is not None:
        own = own + layer_dipole(q, fractional, system, lattice).potential
    return 0.5 * q * (plan.at_stage(sum_of) + own)


def half_space(shape: Shape) -> np.ndarray:
    """Return one of n and −n of all integer vectors with |n_d| ≤ shape_d/2, without zero."""
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
    """Return the potential at each atom, recomputing instead of storing in the backward pass."""
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
        # Twice, for −k.
        weight = 2 * once[None] * strength(k2, lattice.volume[:, None], sigma)
        even = weight * sum_per_system(q[:, None] * cosine, index, systems)
        odd = weight * sum_per_system(q[:, None] * sine, index, systems)
        return potential + jnp.sum(cosine * even[index] + sine * odd[index], axis=1), None

    columns = (
        jnp.asarray(padded.reshape(chunks, MODES_PER_CHUNK, 3)),
        jnp.asarray(counted.reshape(chunks, MODES_PER_CHUNK)),
    )
    return jax.lax.scan(jax.checkpoint(add), jnp.zeros_like(q), columns)[0]
