"""Pressure and its tensor.

    P = (Σ p⊗p/m − dE/dε)/V

With multiple time steps dE/dε is the mean over a cycle. A structure without a cell in a batch
with others has no number.
"""

from typing import ClassVar

import jax.numpy as jnp

from sundog.engine.observers.base import AbstractObserver, Mean, Need, Reading
from sundog.engine.reservoirs.impulses import with_mean_virial
from sundog.engine.state import MDState
from sundog.typing import PerSystem
from sundog.units import BAR

VOIGT = {"xx": (0, 0), "yy": (1, 1), "zz": (2, 2), "yz": (1, 2), "xz": (0, 2), "xy": (0, 1)}
"""Row and column of the components of a symmetric tensor, in Voigt's order."""


class Pressure(AbstractObserver):
    """Pressure, a third of the trace of the pressure tensor, and the tensor's components."""

    needs: ClassVar[frozenset[Need]] = frozenset({"cell"})
    summary: ClassVar[tuple[Mean, ...]] = (Mean("pressure_bar", "Pressure", "bar", 0),)
    progress: ClassVar[tuple[Reading, ...]] = (Reading("P", ("pressure_bar",), "bar", 0),)

    @property
    def units(self) -> dict[str, str]:
        """Units of its columns by their names."""
        return dict.fromkeys(("pressure_bar", *(f"pressure_{name}_bar" for name in VOIGT)), "bar")

    def __call__(self, state: MDState) -> dict[str, PerSystem]:
        """Return pressures in bar."""
        volume = jnp.where(state.system.volume > 0, state.system.volume, jnp.nan)
        pressure = with_mean_virial(state).internal_pressure_volume / volume[:, None, None] / BAR
        return {
            "pressure_bar": pressure.trace(axis1=1, axis2=2) / 3,
            **{f"pressure_{name}_bar": pressure[:, i, j] for name, (i, j) in VOIGT.items()},
        }
