"""A pressure bath: what drives the cell, and the work that the cell has done on it.

    G = P_int V − P₀ V + γ A (1 − n⊗n) m,   P_int V = Σ p⊗p/m − dE/dε
    energy = P₀ V − γ A m

G: the part of dE/dε that a barostat sees, 3×3, in eV; P₀: pressure; γ: surface
tension of each of m interfaces in the plane of the first two lattice vectors; A: area
of that plane, n: its normal. With a surface tension the pressure P₀ acts along n and
P₀ − γ m A/V in the plane.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from sundog.engine.cell_modes import project
from sundog.engine.reservoirs.base import AbstractReservoir
from sundog.engine.state import MDState
from sundog.names import Coupling
from sundog.typing import Cells, PerSystem


class PressureBath(AbstractReservoir):
    """Constant pressure, and for membranes constant surface tension.

    Attributes:
        pressure: P₀ in eV/Å³.
        surface_tension: γ m in eV/Å², of all interfaces of the cell together.
        coupling: name of the strains that the cell may make.
    """

    pressure: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    surface_tension: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    coupling: Coupling = eqx.field(static=True)

    def energy(self, state: MDState) -> PerSystem:
        """Return P₀ V − γ A m in eV."""
        area = jnp.linalg.norm(_area(state), axis=1)
        return self.pressure * state.system.volume - self.surface_tension * area

    def drive(self, state: MDState) -> Cells:
        """Return G in eV, all of it; `project` takes the part that the coupling allows."""
        identity = jnp.eye(3)[None]
        volume, area = state.system.volume, _area(state)
        size = jnp.linalg.norm(area, axis=1)[:, None, None]
        normal = area[:, :, None] * area[:, None, :] / jnp.maximum(size, 1e-30)
        tension = self.surface_tension * (size * identity - normal)
        outside = self.pressure * volume[:, None, None] * identity - tension
        return state.internal_pressure_volume - outside

    def project(self, tensor: Cells) -> Cells:
        """Return the part of a symmetric tensor that the cell follows."""
        return project(tensor, self.coupling)


def _area(state: MDState) -> Float[Array, "systems 3"]:
    """Return a × b, the area along its normal."""
    return jnp.cross(state.system.cell[:, 0], state.system.cell[:, 1])
