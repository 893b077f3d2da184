"""Energies and temperatures.

    T = 2K/(f k_B),   conserved = K + E + reservoirs − heat

f: degrees of freedom, less the momenta that the dynamics keeps at rest.
"""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp

from sundog.engine.ensembles import Ensemble
from sundog.engine.observers.base import AbstractObserver, Mean, Reading
from sundog.engine.reservoirs.base import AbstractReservoir
from sundog.engine.state import MDState
from sundog.typing import PerSystem
from sundog.units import BOLTZMANN


class Thermometer(eqx.Module):
    """Kinetic temperature.

    Attributes:
        conserved_momenta: momenta per structure that the dynamics keeps at rest.
    """

    conserved_momenta: int = eqx.field(static=True)

    def __call__(self, state: MDState) -> PerSystem:
        """Return the kinetic temperature in K."""
        degrees = jnp.maximum(state.degrees - self.conserved_momenta, 1)
        return 2 * state.kinetic_energy / (degrees * BOLTZMANN)


class Energies(AbstractObserver):
    """Potential, kinetic and conserved energy, and the temperatures of atoms and bath.

    Attributes:
        thermometer: kinetic temperature of the atoms.
        reservoirs: reservoirs whose energies belong to the conserved one.
    """

    thermometer: Thermometer
    reservoirs: tuple[AbstractReservoir, ...] = ()
    summary: ClassVar[tuple[Mean, ...]] = (
        Mean("temperature_kelvin", "Temperature", "K", 1),
        Mean("potential_energy_ev", "Potential energy", "eV", 3),
    )
    progress: ClassVar[tuple[Reading, ...]] = (
        Reading("E_pot", ("potential_energy_ev",), "eV", 3),
        Reading("T", ("temperature_kelvin",), "K", 1),
    )

    @property
    def units(self) -> dict[str, str]:
        """Units of its columns by their names."""
        return {
            "potential_energy_ev": "eV",
            "kinetic_energy_ev": "eV",
            "conserved_energy_ev": "eV",
            "temperature_kelvin": "K",
            "bath_temperature_kelvin": "K",
        }

    def __call__(self, state: MDState) -> dict[str, PerSystem]:
        """Return energies in eV and temperatures in K."""
        kinetic, potential = state.kinetic_energy, state.potential_energy
        stored = sum((one.energy(state) for one in self.reservoirs), start=-state.heat)
        return {
            "potential_energy_ev": potential,
            "kinetic_energy_ev": kinetic,
            "conserved_energy_ev": potential + kinetic + stored,
            "temperature_kelvin": self.thermometer(state),
            "bath_temperature_kelvin": state.temperature,
        }

    @classmethod
    def of(cls, state: MDState, ensemble: Ensemble) -> "Energies":
        """Return the observer of a run in an ensemble."""
        return cls(Thermometer(ensemble.conserved_momenta), ensemble.reservoirs)
