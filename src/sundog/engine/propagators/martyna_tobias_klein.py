"""The equations of Martyna, Tobias and Klein for a cell with momentum, in three factors.

    CellKick       v_g ← v_g + dt Π[G + 2K/N_f] / W
    StrainedKick   p ← exp(−D dt) p + dt φ₁(−D dt) F,     D = v_g + tr(v_g)/N_f
    StrainedDrift  R ← exp(v_g dt) R + dt φ₁(v_g dt) p/m,  h ← exp(v_g dt) h

Each factor is exact, so that their symmetric product is reversible and keeps the
ensemble's measure. G: `reservoirs.pressure`; W, N_f: `reservoirs.cell_motion`; Π: the
projection on the coupling's strains. Sources: Martyna, Tobias, Klein, J. Chem. Phys.
101, 4177 (1994); Tuckerman, Alejandre, López-Rendón, Jochim, Martyna, J. Phys. A 39,
5629 (2006).
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.engine.cell_modes import NUMBER_OF_MODES
from sundog.engine.propagators.base import AbstractPropagator
from sundog.engine.reservoirs.cell_motion import CellMotion
from sundog.engine.reservoirs.chain import CellChain
from sundog.engine.reservoirs.pressure import PressureBath
from sundog.engine.splitting import AbstractBarostat, Splitting
from sundog.engine.state import MDState
from sundog.numerics.matrix_functions import exponential, phi_1
from sundog.typing import Cells, Positions
from sundog.units import FEMTOSECOND


class CellKick(AbstractPropagator):
    """Change of the rate of strain by the pressure; `timestep` in internal time units."""

    timestep: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    motion: CellMotion
    bath: PressureBath

    def __call__(self, state: MDState) -> MDState:
        """Return the state with another rate of strain."""
        share = 2 * state.kinetic_energy / self.motion.degrees(state)
        drive = self.bath.drive(state) + share[:, None, None] * jnp.eye(3)[None]
        kick = self.timestep * self.bath.project(drive) / self.motion.mass(state)[:, None, None]
        return self.motion.variables.put(state, cell_rate=self.motion.rate(state) + kick)


class StrainedKick(AbstractPropagator):
    """Change of the momenta by the present forces while the cell moves."""

    timestep: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    motion: CellMotion

    def __call__(self, state: MDState) -> MDState:
        """Return the state with other momenta."""
        x = -self.timestep * self.motion.drag(state)
        kick = self.timestep * _apply(phi_1(x), state.forces, state)
        momenta = _apply(exponential(x), state.momenta, state)
        return replace(state, momenta=momenta + jnp.where(state.mobile[:, None], kick, 0.0))


class StrainedDrift(AbstractPropagator):
    """Motion of atoms and cell together; forces are stale afterwards."""

    timestep: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    motion: CellMotion

    def __call__(self, state: MDState) -> MDState:
        """Return the state at other positions and in another cell."""
        x = self.timestep * self.motion.rate(state)
        growth, system = exponential(x), state.system
        velocities = state.momenta / state.masses[:, None]
        positions = _apply(growth, system.positions, state)
        positions = positions + self.timestep * _apply(phi_1(x), velocities, state)
        return replace(state, system=system.at(positions, system.cell @ growth))


class CellThermostat(AbstractPropagator):
    """Nosé–Hoover chain on the motion of the cell."""

    timestep: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    motion: CellMotion
    chain: CellChain

    def __call__(self, state: MDState) -> MDState:
        """Return the state with the links propagated and the rate of strain scaled."""
        state, factor = self.chain.act(state, self.motion.energy(state), self.timestep)
        rate = self.motion.rate(state) * factor[:, None, None]
        return self.motion.variables.put(state, cell_rate=rate)


@dataclass(frozen=True)
class MartynaTobiasKlein(AbstractBarostat):
    """A cell with momentum and a Nosé–Hoover chain of its own around the chain of the atoms.

        H N K S D F S K N H    reversible

    H chain of the cell, N chain of the atoms, K cell kick, S and D kick and drift in a moving
    cell, F force.
    """

    name: ClassVar[str] = "mtk"

    def added_to(self, step: Splitting) -> Splitting:
        """Return the step in a cell that moves."""
        half, bath = step.timestep / 2, self.bath
        time = self.barostat_time_fs * FEMTOSECOND
        motion = CellMotion(time, step.conserved_momenta)
        cell = CellChain(time, NUMBER_OF_MODES[self.coupling])
        return replace(
            step,
            outer=(CellThermostat(half, motion, cell), *step.outer),
            kick=(CellKick(half, motion, bath), StrainedKick(half, motion)),
            drift=lambda time: StrainedDrift(time, motion),
            reservoirs=(bath, motion, *step.reservoirs, cell),
        )


def _apply(matrices: Cells, vectors: Positions, state: MDState) -> Positions:
    """Return M v with the matrix of each atom's structure."""
    return jnp.einsum("nab,nb->na", matrices[state.system.system_index], vectors)
