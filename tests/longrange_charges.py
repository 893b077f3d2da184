"""Charges in cells of any shape, for the tests of the sums over images."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

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
