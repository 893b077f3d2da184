"""The one place that differentiates the physics.

F = −dE/dR,   virial = dE/dε  with  r → r (1 + ε)
E = Σ_t E_t,  F_t = −dE_t/dR,  F = Σ_t F_t
"""

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.typing import Cells, PerSystem, Positions

Aux = TypeVar("Aux")


def energy_and_derivatives(
    energy: Callable[[Positions, Cells], tuple[PerSystem, Aux]],
    positions: Positions,
    systems: int,
) -> tuple[PerSystem, Positions, Cells, Aux]:
    """Return energies, forces, virials and whatever else `energy` returns.

    Structures do not interact, so the gradient of their summed energies holds the
    gradient of each.

    Args:
        energy: maps positions [atoms, 3] in Å and strains [systems, 3, 3] to the energy of
            each structure in eV and anything else.
        positions: where to evaluate.
        systems: number of structures.
    """

    def total(positions: Positions, strain: Cells):
        energies, aux = energy(positions, strain)
        return energies.sum(), (energies, aux)

    strain = jnp.zeros((systems, 3, 3), positions.dtype)
    gradient = jax.grad(total, argnums=(0, 1), has_aux=True)
    (d_positions, d_strain), (energies, aux) = gradient(positions, strain)
    virial = 0.5 * (d_strain + d_strain.swapaxes(1, 2))
    return energies, -d_positions, virial, aux


def forces_by_part(
    energies: Callable[[Positions], tuple[Float[Array, " parts"], Aux]], positions: Positions
) -> tuple[Float[Array, " parts"], Float[Array, "parts atoms 3"], Aux]:
    """Return energies, the forces of each, and whatever else `energies` returns.

    Each part is differentiated in full, through everything in it that depends on the positions.
    One after another is pulled back through one forward pass, so that memory does not grow with
    their number.

    Args:
        energies: maps positions [atoms, 3] in Å to energies in eV and anything else.
        positions: where to evaluate.
    """
    found, pull_back, aux = jax.vjp(energies, positions, has_aux=True)
    each = jnp.eye(found.shape[0], dtype=found.dtype)
    return found, -jax.lax.map(lambda one: pull_back(one)[0], each), aux
