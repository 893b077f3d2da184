"""Stochastic velocity rescaling: the kinetic energy of each structure follows its own SDE.

    K ← α² K,   α² = c + (1 − c) (S + R²) kT/(2K) + 2 R √(c (1 − c) kT/(2K)),   c = exp(−dt/τ)

R ~ N(0, 1), S ~ χ²(N_f − 1); exact for any dt, canonical, and gentle on the dynamics. The
sign of α lets the velocities reverse. Source: Bussi, Donadio, Parrinello, J. Chem. Phys.
126, 014101 (2007), eq. A7; sign: Bussi, Parrinello, Comput. Phys. Commun. 179, 26 (2008).
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.engine.propagators.base import AbstractPropagator
from sundog.engine.splitting import AbstractThermostat, Splitting
from sundog.engine.state import MDState
from sundog.units import BOLTZMANN, FEMTOSECOND


class StochasticRescaling(AbstractPropagator):
    """Bussi's thermostat; the heat that it exchanges is added up in the state.

    Attributes:
        timestep: dt in internal time units.
        relaxation_time: τ in internal time units.
        conserved: momenta per structure that the dynamics keeps at rest.
    """

    timestep: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    relaxation_time: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    conserved: int = eqx.field(static=True)

    def __call__(self, state: MDState) -> MDState:
        """Return the state with rescaled momenta."""
        key, normal, gamma = jax.random.split(state.key, 3)
        kinetic, degrees = state.kinetic_energy, state.degrees - self.conserved
        one = jax.random.normal(normal, kinetic.shape, kinetic.dtype)
        rest = 2 * jax.random.gamma(
            gamma, jnp.maximum(0.5 * (degrees - 1), 0.5), dtype=kinetic.dtype
        )
        keep = jnp.exp(-self.timestep / self.relaxation_time)
        ratio = -jnp.expm1(-self.timestep / self.relaxation_time) * 0.5 * BOLTZMANN
        ratio = ratio * state.temperature / jnp.maximum(kinetic, 1e-30)
        square = keep + ratio * (rest + one**2) + 2 * one * jnp.sqrt(keep * ratio)
        factor = jnp.sqrt(square) * jnp.sign(one + jnp.sqrt(keep / ratio))
        # Momenta at rest cannot be scaled, and a structure of padding has none.
        factor = jnp.where((kinetic > 0) & (degrees > 1), factor, 1.0)
        momenta = state.momenta * factor[state.system.system_index][:, None]
        after = replace(state, key=key, momenta=momenta)
        return replace(after, heat=state.heat + after.kinetic_energy - kinetic)

    def constrained(self) -> "StochasticRescaling":
        """Return the propagator itself, which scales all momenta of a structure alike."""
        return self


@dataclass(frozen=True)
class Bussi(AbstractThermostat):
    """Stochastic velocity rescaling after each step of velocity Verlet.

    Attributes:
        thermostat_time_fs: relaxation time τ in fs.
    """

    name: ClassVar[str] = "bussi"
    barostats: ClassVar[tuple[str, ...]] = ("rescaling",)
    exchanges: ClassVar[bool] = True

    thermostat_time_fs: float = 100.0

    def added_to(self, step: Splitting) -> Splitting:
        """Return the step with the rescaling at its end."""
        time = self.thermostat_time_fs * FEMTOSECOND
        rescaling = StochasticRescaling(step.timestep, time, step.conserved_momenta)
        return replace(step, last=(*step.last, rescaling))
