"""Charges in cells of any shape, for the tests of the sums over images."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sundog.longrange.ewald import ewald_energies
from sundog.longrange.mesh import AbstractTransport, ChargeField, PlainTransport, mesh_field
from sundog.longrange.plan import Plan
from sundog.longrange.planning import Ewald
from sundog.system import System, make_system

SIGMA = 4.0


def disordered(seed: int, atoms: int = 40, total: float = 0.0, density: float = 0.1):
    """Return a random cell with atoms at random places, and charges of 0.4 e RMS."""
    rng = np.random.default_rng(seed)
    cell = np.eye(3) + rng.uniform(-0.35, 0.35, (3, 3))
    cell *= (atoms / density / abs(np.linalg.det(cell))) ** (1 / 3)
    # Some atoms lie outside of the cell, as they do in the middle of a run.
    places = rng.uniform(-0.5, 1.5, (atoms, 3))
    q = rng.normal(size=atoms)
    q = 0.4 * (q - q.mean()) / q.std() + total / atoms
    return make_system(places @ cell, np.full(atoms, 8), cell=cell, pbc=True), jnp.asarray(q)


@eqx.filter_jit
def _differentiated(q, system: System, plan: Plan, sigma: float):
    def energy(q, positions, strain):
        energies = ewald_energies(q, system.at(positions), strain, plan, sigma)
        return energies.sum(), energies

    strain = jnp.zeros_like(system.cell)
    return jax.grad(energy, (0, 1, 2), has_aux=True)(q, system.positions, strain)


def plain(q, system: System, plan: Plan | None = None, sigma: float = SIGMA) -> ChargeField:
    """Return the plain sum, differentiated by JAX."""
    plan = Ewald(sigma, 1e-4).plan_sum(system) if plan is None else plan
    (by_charge, gradient, virial), energies = _differentiated(q, system, plan, sigma)
    return ChargeField(energies, by_charge, gradient, virial)


@eqx.filter_jit
def on_mesh(
    q, system: System, plan: Plan, transport: AbstractTransport | None = None
) -> ChargeField:
    """Return the sum on a mesh."""
    return mesh_field(q, system, plan, SIGMA, PlainTransport() if transport is None else transport)


def rms(values) -> float:
    return float(np.sqrt(np.mean(np.asarray(values, np.float64) ** 2)))


def assert_field_is_derivatives_on_mesh(q, system: System, plan: Plan, strain: np.ndarray):
    """Compare charge response, gradient and virial with differences of the mesh's energy.

    Args:
        q: charges.
        system: one structure.
        plan: of the mesh; a coarse one leaves nothing that is exact but the derivatives.
        strain: symmetric, the directions of the cell that are tried.
    """
    field = on_mesh(q, system, plan)
    rng = np.random.default_rng(0)
    dq = jnp.asarray(rng.normal(size=q.shape))
    dr = jnp.asarray(rng.normal(size=system.positions.shape))
    step = 1e-4

    def energy(sign, of_q=0.0, of_r=0.0, of_strain=0.0):
        bent = np.eye(3) + sign * step * of_strain * strain
        moved = system.at(
            (system.positions + sign * step * of_r * dr) @ bent, jnp.asarray(system.cell @ bent)
        )
        return float(on_mesh(q + sign * step * of_q * dq, moved, plan).energies.sum())

    for arguments, slope in (
        ({"of_q": 1.0}, jnp.sum(field.by_charge * dq)),
        ({"of_r": 1.0}, jnp.sum(field.gradient * dr)),
        ({"of_strain": 1.0}, jnp.sum(field.virial[0] * strain)),
    ):
        expected = (energy(1, **arguments) - energy(-1, **arguments)) / (2 * step)
        assert float(slope) == pytest.approx(expected, rel=1e-6, abs=1e-8)


def hessian_of_the_plain_sum(q, system: System, plan: Plan) -> np.ndarray:
    """Return the second derivatives by positions, after checking that they are symmetric."""

    def energy(positions):
        none = jnp.zeros_like(system.cell)
        return ewald_energies(q, system.at(positions), none, plan, SIGMA).sum()

    hessian = np.asarray(jax.jit(jax.hessian(energy))(system.positions))
    hessian = hessian.reshape(system.positions.size, -1)
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-12)
    # A translation of all atoms costs nothing.
    translations = np.tile(np.eye(3), (len(system.positions), 1))
    np.testing.assert_allclose(hessian @ translations, 0, atol=1e-12)
    return hessian
