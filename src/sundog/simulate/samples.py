"""What is recorded along a trajectory, on the device, while it runs.

    T = 2K/(f k_B),  P = (Σ p⊗p/m − dE/dε)/(3V) traced,  conserved = K + E − heat

f: degrees of freedom, 3N less what the dynamics keeps at rest.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from sundog.simulate.state import MDState
from sundog.typing import PerSystem
from sundog.units import BAR, BOLTZMANN, GRAM_PER_CM3

Samples = dict[str, Float[Array, "samples systems"] | Int[Array, " samples"]]


class Thermometer(eqx.Module):
    """Kinetic temperature; `conserved_momenta` degrees of freedom are frozen."""

    conserved_momenta: int = eqx.field(static=True)

    def __call__(self, state: MDState) -> PerSystem:
        """Return the kinetic temperature in K."""
        atoms = state.sum_over_atoms(state.system.is_atom.astype(state.momenta.dtype))
        degrees = jnp.maximum(3 * atoms - self.conserved_momenta, 1)
        return 2 * state.kinetic_energy / (degrees * BOLTZMANN)


def measure(state: MDState, thermometer: Thermometer) -> dict[str, Array]:
    """Return the observables of one state, named with their units."""
    kinetic, potential = state.kinetic_energy, state.potential_energy
    volume = state.system.volume
    inner = (state.kinetic_tensor - state.virial).trace(axis1=1, axis2=2)
    mass = state.sum_over_atoms(jnp.where(state.system.is_atom, state.masses, 0.0))
    safe_volume = jnp.where(volume > 0, volume, jnp.nan)
    return {
        "step": state.step,
        "potential_energy_ev": potential,
        "kinetic_energy_ev": kinetic,
        "conserved_energy_ev": potential + kinetic - state.heat,
        "temperature_kelvin": thermometer(state),
        "pressure_bar": inner / (3 * safe_volume) / BAR,
        "density_g_per_cm3": mass / safe_volume / GRAM_PER_CM3,
        **{f"energy_{name}_ev": values for name, values in state.energies.items()},
    }
