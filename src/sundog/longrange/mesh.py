"""The damped Coulomb interaction of a periodic structure and all its images, on a mesh.

    ρ_g = Σ_i q_i W(R_i − r_g)                     charges on the mesh, W a product of B-splines
    E   = ½ Σ_k G(k) |ρ̂(k)|² + …,   φ_g = ∂E/∂ρ_g = Σ_k G(k) ρ̂(k) exp(−i k·r_g)
    φ_i = Σ_g W(R_i − r_g) φ_g + …,   dE/dR_i = q_i Σ_g ∇W(R_i − r_g) φ_g
    dE/dε_ab = −½ Σ_k G |ρ̂|² (δ_ab − 2 k_a k_b (1/k² + σ²/4)) + …

with G(k) = 4π ke exp(−k²σ²/4)/(V k²) Π_d B(n_d). B is `splines.transfer`; W is formed by
`splines.weights` in the coordinates u = M R L⁻¹ (`OnMesh.u`), with M points along each lattice
vector (`OnMesh.shape`). The dots stand for self-term, background and dipoles of slabs, as in
`longrange.ewald`, the reference.

The forces are the exact derivatives of this energy, so that dynamics conserves it. The origin of
the mesh is the mean of the atoms' positions: the energy is then exactly invariant under
translation, and its derivative by that mean makes the forces add up to zero. In return, the energy
depends on which periodic images of its atoms a structure is written with, by the error of the mesh.

Coordinates on the mesh, G and sums are formed in float64, weights and mesh in the precision of
the charges. Nothing here is meant to be differentiated. Sources: Hockney, Eastwood, Computer
Simulation Using Particles (1988); Essmann et al., J. Chem. Phys. 103, 8577 (1995),
doi:10.1063/1.470117; Ballenegger, Cerdà, Holm, JCTC 8, 936 (2012), doi:10.1021/ct2001792.
"""

from abc import abstractmethod
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sundog.longrange import splines
from sundog.longrange.ewald import (
    Reciprocal,
    layer_dipole,
    local_potentials,
    reciprocal,
    strength,
)
from sundog.longrange.plan import Plan, Shape
from sundog.neighbors.lattice import transform
from sundog.numerics.segments import sum_per_system
from sundog.system import System
from sundog.typing import Cells, PerAtom, Positions

Meshes = Float[Array, "systems a b c"]


class ChargeField(eqx.Module):
    """Result of a sum in reciprocal space.

    Attributes:
        energies: energy of each atom in eV, which includes half of the energy of every pair.
        by_charge: derivative dE/dq in eV/e.
        gradient: derivative dE/dR in eV/Å at fixed charges, float64.
        virial: derivative dE/dε by the strain in eV at fixed charges, float64.
    """

    energies: PerAtom
    by_charge: PerAtom
    gradient: Positions
    virial: Cells


class OnMesh(NamedTuple):
    """Coordinates of the atoms on the meshes of their structures.

    Attributes:
        u: coordinates in units of the mesh spacing along each vector, float64.
        mesh: index of the mesh of each atom.
        shape: numbers M of mesh points along each lattice vector.
        order: order p of the B-splines.
    """

    u: Positions
    mesh: Int[Array, " atoms"]
    shape: Shape
    order: int


class AbstractTransport(eqx.Module):
    """Transfer of charges from atoms to meshes, and of potentials back."""

    @abstractmethod
    def spread(self, at: OnMesh, charges: PerAtom, systems: int) -> Meshes:
        """Return the charges on the mesh of each structure.

        Args:
            at: coordinates of the atoms on their meshes.
            charges: charges in e.
            systems: number of structures.
        """

    @abstractmethod
    def gather(self, at: OnMesh, meshes: Meshes) -> tuple[PerAtom, Float[Array, "atoms 3"]]:
        """Return the potential at each atom, and its gradient by u.

        Args:
            at: coordinates of the atoms on their meshes.
            meshes: potentials at the points of the meshes.
        """


def mesh_field(
    charges: PerAtom, system: System, plan: Plan, sigma: float, transport: AbstractTransport
) -> ChargeField:
    """Return electrostatic energies and all their derivatives (pure, jittable).

    Args:
        charges: charges in e; zero in padding.
        system: structures that are periodic along all directions, or all but one.
        plan: plan of the sum, from `planning.Ewald.plan_mesh`.
        sigma: damping length σ in Å.
        transport: formulation of the transfer between atoms and meshes.
    """
    index, systems = system.system_index, system.number_of_systems
    lattice = reciprocal(system, heights=plan.heights)
    atoms = system.is_atom[:, None]
    count = jnp.maximum(sum_per_system(system.is_atom.astype(float), index, systems), 1.0)

    def mean(vectors: Positions) -> Positions:
        """Return for each atom the mean of the vectors over its structure."""
        total = sum_per_system(jnp.where(atoms, vectors, 0.0), index, systems)
        return (total / count[:, None])[index]

    relative = jnp.where(atoms, system.positions - mean(system.positions), 0.0)
    fractional = transform(relative, lattice.inverse[index])

    def field(shape: Shape) -> tuple[PerAtom, Positions, Cells]:
        assert plan.order is not None
        sizes = np.asarray(shape, np.float64)
        at = OnMesh(fractional * sizes[None], index, shape, plan.order)
        meshes = transport.spread(at, charges, systems)
        potentials, virial = _convolved(meshes, lattice, plan.order, sigma)
        potential, by_u = transport.gather(at, potentials)
        slopes = by_u.astype(fractional.dtype) * sizes[None]
        return potential, transform_back(slopes, lattice.inverse[index]), virial

    potential, slopes, virial = plan.at_stage(field)
    q = charges.astype(fractional.dtype)
    own, background = local_potentials(q, system, lattice.volume, sigma)
    by_charge = potential.astype(q.dtype) + own
    if plan.vacuum is not None:
        dipole = layer_dipole(q, fractional, system, lattice)
        by_charge, slopes = by_charge + dipole.potential, slopes + dipole.slope
        virial = virial + dipole.virial
    gradient = q[:, None] * slopes
    identity = jnp.eye(3, dtype=virial.dtype)[None]
    return ChargeField(
        energies=(0.5 * q * by_charge).astype(charges.dtype),
        by_charge=by_charge.astype(charges.dtype),
        gradient=jnp.where(atoms, gradient - mean(gradient), 0.0),
        virial=virial - background[:, None, None] * identity,
    )


def transform_back(slopes: Positions, inverses: Float[Array, "atoms 3 3"]) -> Positions:
    """Return gradients by R from gradients by the fractional coordinates.

    Args:
        slopes: gradients by the fractional coordinates.
        inverses: inverse L⁻¹ of each atom's cell in 1/Å.
    """
    return jnp.sum(inverses * slopes[:, None, :], axis=-1)


def _convolved(
    meshes: Meshes, lattice: Reciprocal, order: int, sigma: float
) -> tuple[Meshes, Cells]:
    """Return the potentials φ on the meshes and the virial of the sum over modes."""
    shape = meshes.shape[1:]
    last = shape[2] // 2 + 1
    integers = [np.fft.fftfreq(size, 1 / size) for size in shape[:2]] + [np.arange(float(last))]
    n = np.stack(np.meshgrid(*integers, indexing="ij"), axis=-1)
    b = [splines.transfer(size, order) for size in shape]
    factors = b[0][:, None, None] * b[1][None, :, None] * b[2][None, None, :last]
    factors[0, 0, 0] = 0.0
    k = lattice.vectors(n)
    k2 = jnp.where(factors[None] > 0, lattice.square(k), 1.0)
    g = factors[None] * strength(k2, lattice.volume[:, None, None, None], sigma)
    modes = jnp.fft.rfftn(meshes, axes=(1, 2, 3))
    potentials = jnp.fft.irfftn(
        modes * g.astype(modes.dtype), s=shape, axes=(1, 2, 3), norm="forward"
    )
    # Modes that are not stored are the conjugates of others.
    twice = np.where((np.arange(last) == 0), 1.0, 2.0)
    size2 = (modes.real**2 + modes.imag**2).astype(g.dtype)
    energies = 0.5 * twice[None, None, None] * g * size2
    by_kk = energies * 2 * (1 / k2 + sigma**2 / 4)
    outer = jnp.einsum("sabc,sabci,sabcj->sij", by_kk, k, k)
    total = jnp.sum(energies, axis=(1, 2, 3))[:, None, None]
    return potentials, outer - total * jnp.eye(3, dtype=g.dtype)[None]


class PlainTransport(AbstractTransport):
    """Transfer in plain JAX: one addition to the mesh per atom and point."""

    def spread(self, at: OnMesh, charges: PerAtom, systems: int) -> Meshes:
        """Return the charges on the meshes; see `AbstractTransport.spread`."""
        size = int(np.prod(at.shape))
        flat = jnp.zeros(systems * size, charges.dtype)
        for points, (wx, wy, wz), _ in stencils(at, charges.dtype):
            values = (charges * wx)[:, None, None] * wy[:, :, None] * wz[:, None, :]
            flat = flat.at[points.reshape(-1)].add(values.reshape(-1))
        return flat.reshape(systems, *at.shape)

    def gather(self, at: OnMesh, meshes: Meshes) -> tuple[PerAtom, Float[Array, "atoms 3"]]:
        """Return potentials and gradients; see `AbstractTransport.gather`."""
        flat, dtype = meshes.reshape(-1), meshes.dtype
        potential = jnp.zeros(at.u.shape[0], dtype)
        slopes = jnp.zeros(at.u.shape, dtype)
        for points, (wx, wy, wz), (dx, dy, dz) in stencils(at, dtype):
            here = flat[points]
            along_z = jnp.sum(here * wz[:, None, :], axis=2)
            plane = jnp.sum(along_z * wy, axis=1)
            potential = potential + wx * plane
            by_y = wx * jnp.sum(along_z * dy, axis=1)
            by_z = wx * jnp.sum(jnp.sum(here * dz[:, None, :], axis=2) * wy, axis=1)
            slopes = slopes + jnp.stack([dx * plane, by_y, by_z], axis=1)
        return potential, slopes


def stencils(at: OnMesh, dtype: jnp.dtype):
    """Yield, plane by plane along the first axis, the points around each atom and their weights.

    Each item holds the indices of the points, counted over all meshes, [atoms, p, p]; then the
    weights along x [atoms], y and z [atoms, p]; then the slopes of these weights, as many.

    Args:
        at: coordinates of the atoms on their meshes.
        dtype: precision of weights and slopes.
    """
    floor = jnp.floor(at.u)
    values, slopes = splines.weights((at.u - floor).astype(dtype), at.order)
    base = floor.astype(jnp.int32)
    sizes = np.asarray(at.shape, np.int32)
    offsets = np.arange(at.order, dtype=np.int32)
    # [order, atoms, 3]; the remainder of a negative number is positive.
    points = (base[None] - offsets[:, None, None]) % sizes[None, None]
    of_y, of_z = points[:, :, 1].T, points[:, :, 2].T
    rows = (at.mesh.astype(jnp.int32) * sizes[0])[None] + points[:, :, 0]
    for j in range(at.order):
        plane = (rows[j][:, None] * sizes[1] + of_y)[:, :, None] * sizes[2] + of_z[:, None, :]
        of_x, by_x = values[j, :, 0], slopes[j, :, 0]
        yield (
            plane,
            (of_x, values[:, :, 1].T, values[:, :, 2].T),
            (by_x, slopes[:, :, 1].T, slopes[:, :, 2].T),
        )
