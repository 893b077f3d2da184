"""The one place that differentiates the physics.

F = −dE/dR,   virial = dE/dε  with  r → r (1 + ε)
"""

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp

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
