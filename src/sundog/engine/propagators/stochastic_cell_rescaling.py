"""Stochastic cell rescaling: the cell as an overdamped Langevin variable.

    h ← exp(A) h,  R ← exp(A) R,  p ← exp(−A) p
    A = Π[ m G dt + √(2 m kT dt) S ],   m = β_T/(3 τ V)

G: what drives the cell (`reservoirs.pressure`); S: a symmetric matrix of normal noise;
Π: the projection on the strains of the coupling; β_T: compressibility; τ: relaxation
time. The strain is the logarithm of the cell, in which the mobility m ∝ 1/V leaves no
spurious drift. Isotropic: Bernetti, Bussi, J. Chem. Phys. 153, 114107 (2020), eq. 5;
anisotropic: Del Tatto, Raiteri, Bernetti, Bussi, Appl. Sci. 12, 1139 (2022), eq. 8.

With multiple time steps the strain is drawn once per cycle of n steps, for n dt and from the mean
virial of the cycle before, and each step makes an n-th of it. So the cost of the strains, half of
which is taken from the impulse at either end of a cycle (n W_long of one step), is right: with
noise of its own in every step it would be n times that of one step instead of that of all.

Forces are stale afterwards. The change of the potential energy is not known before the
next force; half of it is taken from the virial before, half from that after the step.
"""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.engine.propagators.base import AbstractPropagator
from sundog.engine.reservoirs.base import AbstractReservoir
from sundog.engine.reservoirs.impulses import with_mean_virial
from sundog.engine.reservoirs.pressure import PressureBath
from sundog.engine.state import MDState
from sundog.numerics.matrix_functions import exponential
from sundog.typing import Cells, PerSystem
from sundog.units import BOLTZMANN

LAST_STRAIN = "last_strain"


class CellNoise(AbstractReservoir):
    """Remembers the strain of the last step, for the energy that it cost."""

    def variables(self, state: MDState) -> dict[str, Array]:
        """Return no strain."""
        return {LAST_STRAIN: jnp.zeros_like(state.system.cell)}

    def energy(self, state: MDState) -> PerSystem:
        """Return the half of the last strain's cost that is not booked as heat yet, in eV."""
        return -0.5 * jnp.sum(state.virial * state.extended[LAST_STRAIN], axis=(1, 2))


class StochasticCellRescaling(AbstractPropagator):
    """Barostat of first order.

    Attributes:
        timestep: in internal time units.
        relaxation_time: τ in internal time units.
        compressibility: β_T in Å³/eV; only the rate of relaxation depends on it.
        bath: what drives the cell.
        every: n.
    """

    timestep: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    relaxation_time: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    compressibility: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    bath: PressureBath
    every: int = eqx.field(static=True, default=1)

    def __call__(self, state: MDState) -> MDState:
        """Return the state in its new cell."""
        key, strain = self._next_strain(state)
        system = state.system
        of_atom = exponential(strain)[system.system_index]
        inverse = exponential(-strain)[system.system_index]
        after = replace(
            state,
            key=key,
            system=system.at(
                jnp.einsum("nab,nb->na", of_atom, system.positions),
                system.cell @ exponential(strain),
            ),
            momenta=jnp.einsum("nab,nb->na", inverse, state.momenta),
            extended=state.extended | {LAST_STRAIN: strain},
        )
        gained = after.kinetic_energy - state.kinetic_energy
        gained = gained + self.bath.energy(after) - self.bath.energy(state)
        cost = state.extended[LAST_STRAIN] + strain
        gained = gained + 0.5 * jnp.sum(state.virial * cost, axis=(1, 2))
        return replace(after, heat=state.heat + gained)

    def _next_strain(self, state: MDState) -> tuple[Array, Cells]:
        """Return the key to go on with and the strain of this step."""

        def drawn() -> tuple[Array, Cells]:
            key, draw = jax.random.split(state.key)
            return key, self.bath.project(self._strain(state, draw)) / self.every

        if self.every == 1:
            return drawn()
        begins = state.step % self.every == 0
        return jax.lax.cond(begins, drawn, lambda: (state.key, state.extended[LAST_STRAIN]))

    def _strain(self, state: MDState, key: Array) -> Cells:
        shape = state.system.cell.shape
        noise = jax.random.normal(key, shape, state.system.cell.dtype)
        noise = 0.5 * (noise + noise.swapaxes(1, 2))
        # A structure of padding has no volume and does not move.
        volume = jnp.where(state.system.volume > 0, state.system.volume, jnp.inf)
        mobility = self.compressibility / (3 * self.relaxation_time * volume)
        time = self.every * self.timestep
        width = jnp.sqrt(2 * mobility * BOLTZMANN * state.temperature * time)
        drift = mobility[:, None, None] * time * self.bath.drive(with_mean_virial(state))
        return drift + width[:, None, None] * noise
