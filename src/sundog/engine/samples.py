"""What is recorded along a trajectory, on the device, while it runs.

    T = 2K/(f k_B),  P = (Σ p⊗p/m − dE/dε)/V,  conserved = K + E + reservoirs − heat

f: degrees of freedom, less the momenta that the dynamics keeps at rest. With multiple time
steps dE/dε is the mean over a cycle. What needs a cell is not a number for a structure without
one.
"""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from sundog.engine.reservoirs.base import AbstractReservoir
from sundog.engine.reservoirs.impulses import with_mean_virial
from sundog.engine.state import MDState
from sundog.typing import PerSystem
from sundog.units import BAR, BOLTZMANN, GRAM_PER_CM3

Samples = dict[str, Float[Array, "samples systems"] | Int[Array, " samples"]]


class Thermometer(eqx.Module):
    """Kinetic temperature; `conserved_momenta` degrees of freedom are frozen."""

    conserved_momenta: int = eqx.field(static=True)

    def __call__(self, state: MDState) -> PerSystem:
        """Return the kinetic temperature in K."""
        degrees = jnp.maximum(state.degrees - self.conserved_momenta, 1)
        return 2 * state.kinetic_energy / (degrees * BOLTZMANN)


VOIGT = {"xx": (0, 0), "yy": (1, 1), "zz": (2, 2), "yz": (1, 2), "xz": (0, 2), "xy": (0, 1)}


def measure(
    state: MDState, thermometer: Thermometer, reservoirs: Sequence[AbstractReservoir] = ()
) -> dict[str, Array]:
    """Return the observables of one state, named with their units."""
    kinetic, potential = state.kinetic_energy, state.potential_energy
    stored = sum((one.energy(state) for one in reservoirs), start=-state.heat)
    return {
        "step": state.step,
        "potential_energy_ev": potential,
        "kinetic_energy_ev": kinetic,
        "conserved_energy_ev": potential + kinetic + stored,
        "temperature_kelvin": thermometer(state),
        "bath_temperature_kelvin": state.temperature,
        **{f"energy_{name}_ev": values for name, values in state.energies.items()},
        **_measure_dipole(state),
        **_measure_cell(state),
    }


def _measure_dipole(state: MDState) -> dict[str, Array]:
    if state.dipole is None:
        return {}
    return {f"dipole_{axis}_e_angstrom": state.dipole[:, k] for k, axis in enumerate("xyz")}


def _measure_cell(state: MDState) -> dict[str, Array]:
    cell = state.system.cell
    volume = jnp.where(state.system.volume > 0, state.system.volume, jnp.nan)
    pressure = with_mean_virial(state).internal_pressure_volume / volume[:, None, None] / BAR
    mass = state.sum_over_atoms(jnp.where(state.system.is_atom, state.masses, 0.0))
    lengths = jnp.linalg.norm(cell, axis=2)
    cosines = {
        name: jnp.sum(cell[:, i] * cell[:, j], axis=1) / (lengths[:, i] * lengths[:, j])
        for name, i, j in (("alpha", 1, 2), ("beta", 0, 2), ("gamma", 0, 1))
    }
    return {
        "pressure_bar": pressure.trace(axis1=1, axis2=2) / 3,
        "density_g_per_cm3": mass / volume / GRAM_PER_CM3,
        "volume_angstrom3": volume,
        **{f"pressure_{name}_bar": pressure[:, i, j] for name, (i, j) in VOIGT.items()},
        **{f"cell_{'abc'[k]}_angstrom": lengths[:, k] for k in range(3)},
        **{
            f"cell_{name}_degrees": jnp.degrees(jnp.arccos(cosine))
            for name, cosine in cosines.items()
        },
    }
