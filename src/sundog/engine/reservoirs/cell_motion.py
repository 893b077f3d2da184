"""The cell as a variable with momentum, driven by a pressure bath (MTK).

    W = (N_f + 3) kT τ²/3,   energy = W/2 Σ v_g²

v_g: rate of strain of the cell, ḣ = v_g h, symmetric so that the cell does not turn;
N_f: degrees of freedom of the atoms; τ: relaxation time. For an isotropic cell v_g =
v_ε·1 and W Σ v_g²/2 is the usual (N_f + 3) kT τ² v_ε²/2. Source: Martyna, Tobias, Klein,
J. Chem. Phys. 101, 4177 (1994).
"""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.engine.reservoirs.base import AbstractReservoir, Variables
from sundog.engine.state import MDState
from sundog.typing import Cells, PerSystem
from sundog.units import BOLTZMANN


class CellRate(eqx.Module):
    """Variables of a moving cell.

    Attributes:
        cell_rate: v_g in inverse time units.
    """

    cell_rate: Cells


class CellMotion(AbstractReservoir):
    """Inertia of the cell.

    Attributes:
        relaxation_time: τ in internal time units.
        conserved: momenta of atoms per structure that the dynamics keeps at rest.
    """

    relaxation_time: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    conserved: int = eqx.field(static=True)
    variables: ClassVar[Variables[CellRate]] = Variables(CellRate, odd=("cell_rate",))

    def rate(self, state: MDState) -> Cells:
        """Return v_g in inverse time units."""
        return self.variables.of(state).cell_rate

    def degrees(self, state: MDState) -> PerSystem:
        """Return N_f."""
        return jnp.maximum(state.degrees - self.conserved, 1.0)

    def first(self, state: MDState) -> CellRate:
        """Return a cell at rest."""
        return CellRate(jnp.zeros_like(state.system.cell))

    def energy(self, state: MDState) -> PerSystem:
        """Return the kinetic energy of the cell in eV."""
        return 0.5 * self.mass(state) * jnp.sum(self.rate(state) ** 2, axis=(1, 2))

    def mass(self, state: MDState) -> PerSystem:
        """Return W in eV·(time unit)²."""
        return (
            (self.degrees(state) + 3) * BOLTZMANN * state.temperature * self.relaxation_time**2 / 3
        )

    def drag(self, state: MDState) -> Cells:
        """Return v_g + tr(v_g)/N_f, the friction of the momenta by the moving cell."""
        rate = self.rate(state)
        trace = jnp.trace(rate, axis1=1, axis2=2) / self.degrees(state)
        return rate + trace[:, None, None] * jnp.eye(3, dtype=rate.dtype)[None]
