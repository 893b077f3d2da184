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

With rigid bonds the cell takes the centres of mass of the clusters along, and the inverse scaling
their momenta; the shape of the clusters and their inner motion stay.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.engine.propagators.base import AbstractPropagator, constraints_of
from sundog.engine.reservoirs.base import AbstractReservoir, Variables
from sundog.engine.reservoirs.impulses import with_mean_virial
from sundog.engine.reservoirs.pressure import PressureBath
from sundog.engine.splitting import AbstractBarostat, Splitting
from sundog.engine.state import MDState
from sundog.numerics.matrix_functions import exponential
from sundog.typing import Cells, PerSystem
from sundog.units import BAR, BOLTZMANN, FEMTOSECOND

WATER_COMPRESSIBILITY_PER_BAR = 4.5e-5
"""Isothermal compressibility of liquid water at 300 K in 1/bar."""


class LastStrain(eqx.Module):
    """Variables of cell rescaling.

    Attributes:
        last_strain: A of the last step.
    """

    last_strain: Cells


class CellNoise(AbstractReservoir):
    """Memory of the strain of the last step, for the energy that it cost."""

    variables: ClassVar[Variables[LastStrain]] = Variables(LastStrain)

    def first(self, state: MDState) -> LastStrain:
        """Return no strain."""
        return LastStrain(jnp.zeros_like(state.system.cell))

    def energy(self, state: MDState) -> PerSystem:
        """Return the half of the last strain's cost that does not count as heat yet, in eV."""
        strain = self.variables.of(state).last_strain
        return -0.5 * jnp.sum(state.virial * strain, axis=(1, 2))


class StochasticCellRescaling(AbstractPropagator):
    """Barostat of first order.

    Attributes:
        timestep: dt in internal time units.
        relaxation_time: τ in internal time units.
        compressibility: β_T in Å³/eV; only the rate of relaxation depends on it.
        bath: pressure bath that drives the cell.
        every: n, steps of a cycle.
    """

    timestep: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    relaxation_time: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    compressibility: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    bath: PressureBath
    every: int = eqx.field(static=True, default=1)

    @property
    def cycle(self) -> int:
        """Number of steps for which a strain is drawn."""
        return self.every

    def __call__(self, state: MDState) -> MDState:
        """Return the state in its new cell."""
        key, strain = self._next_strain(state)
        system = state.system
        of_atom = exponential(strain)[system.system_index]
        inverse = exponential(-strain)[system.system_index]
        last = CellNoise.variables.of(state).last_strain
        after = replace(
            CellNoise.variables.put(state, last_strain=strain),
            key=key,
            system=system.at(
                jnp.einsum("nab,nb->na", of_atom, system.positions),
                system.cell @ exponential(strain),
            ),
            momenta=jnp.einsum("nab,nb->na", inverse, state.momenta),
        )
        gained = after.kinetic_energy - state.kinetic_energy
        gained = gained + self.bath.energy(after) - self.bath.energy(state)
        cost = last + strain
        gained = gained + 0.5 * jnp.sum(state.virial * cost, axis=(1, 2))
        return replace(after, heat=state.heat + gained)

    def constrained(self) -> "WholeClusterRescaling":
        """Return the rescaling that leaves clusters as they are."""
        return WholeClusterRescaling(self)

    def with_impulses(self, every: int) -> "StochasticCellRescaling":
        """Return the rescaling by a strain that is drawn once in `every` steps."""
        return replace(self, every=every)

    def _next_strain(self, state: MDState) -> tuple[Array, Cells]:
        """Return the key to go on with and the strain of this step."""

        def kept() -> tuple[Array, Cells]:
            return state.key, CellNoise.variables.of(state).last_strain

        def drawn() -> tuple[Array, Cells]:
            key, draw = jax.random.split(state.key)
            return key, self.bath.project(self._strain(state, draw)) / self.every

        if self.every == 1:
            return drawn()
        begins = state.step % self.every == 0
        return jax.lax.cond(
            begins, drawn, lambda: (state.key, CellNoise.variables.of(state).last_strain)
        )

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


class WholeClusterRescaling(AbstractPropagator):
    """Stochastic cell rescaling that leaves clusters of rigid bonds as they are.

    Attributes:
        rescaling: cell rescaling of single atoms.
    """

    rescaling: StochasticCellRescaling

    @property
    def cycle(self) -> int:
        """Number of steps for which a strain is drawn."""
        return self.rescaling.cycle

    def __call__(self, state: MDState) -> MDState:
        """Return the state in its new cell."""
        rigid, after = constraints_of(state), self.rescaling(state)
        positions = rigid.moved_whole(state.system, after.system, state.masses)
        momenta = rigid.moving_whole(state.momenta, after.momenta, state.masses)
        whole = replace(after, system=after.system.at(positions), momenta=momenta)
        # The heat so far is that of atoms.
        heat = after.heat + whole.kinetic_energy - after.kinetic_energy
        return replace(whole, heat=heat)

    def constrained(self) -> "WholeClusterRescaling":
        """Return the propagator itself."""
        return self


@dataclass(frozen=True)
class CellRescaling(AbstractBarostat):
    """Stochastic cell rescaling after the first kick of a step.

    Attributes:
        compressibility_per_bar: compressibility of the material in 1/bar; it sets the rate of
            relaxation.
    """

    name: ClassVar[str] = "rescaling"

    compressibility_per_bar: float = WATER_COMPRESSIBILITY_PER_BAR

    def added_to(self, step: Splitting) -> Splitting:
        """Return the step with the rescaling after its first kick."""
        bath = self.bath
        rescaling = StochasticCellRescaling(
            step.timestep,
            self.barostat_time_fs * FEMTOSECOND,
            self.compressibility_per_bar / BAR,
            bath,
        )
        return replace(
            step,
            rescale=(*step.rescale, rescaling),
            reservoirs=(bath, CellNoise(), *step.reservoirs),
        )
