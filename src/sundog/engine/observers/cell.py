"""Density, volume, lengths and angles of the cell.

A structure without a cell in a batch with others has no number.
"""

from typing import ClassVar

import jax.numpy as jnp

from sundog.engine.observers.base import AbstractObserver, Mean, Need, Reading
from sundog.engine.state import MDState
from sundog.typing import PerSystem
from sundog.units import GRAM_PER_CM3

LENGTHS = tuple(f"cell_{axis}_angstrom" for axis in "abc")
"""Columns of the lengths of the lattice vectors."""

ANGLES = {"cell_alpha_degrees": (1, 2), "cell_beta_degrees": (0, 2), "cell_gamma_degrees": (0, 1)}
"""Columns of the angles, and the two lattice vectors between which each lies."""


class Cell(AbstractObserver):
    """Size and shape of the cell, and the density of what is in it."""

    needs: ClassVar[frozenset[Need]] = frozenset({"cell"})
    summary: ClassVar[tuple[Mean, ...]] = (Mean("density_g_per_cm3", "Density", "g/cm³", 4),)
    progress: ClassVar[tuple[Reading, ...]] = (
        Reading("ρ", ("density_g_per_cm3",), "g/cm³", 3),
        Reading("box", LENGTHS, "Å", 2),
    )

    @property
    def units(self) -> dict[str, str]:
        """Units of its columns by their names."""
        return {
            "density_g_per_cm3": "g/cm³",
            "volume_angstrom3": "Å³",
            **dict.fromkeys(LENGTHS, "Å"),
            **dict.fromkeys(ANGLES, "°"),
        }

    def __call__(self, state: MDState) -> dict[str, PerSystem]:
        """Return density in g/cm³, volume in Å³, lengths in Å and angles in degrees."""
        cell = state.system.cell
        volume = jnp.where(state.system.volume > 0, state.system.volume, jnp.nan)
        mass = state.sum_over_atoms(jnp.where(state.system.is_atom, state.masses, 0.0))
        lengths = jnp.linalg.norm(cell, axis=2)
        cosines = {
            name: jnp.sum(cell[:, i] * cell[:, j], axis=1) / (lengths[:, i] * lengths[:, j])
            for name, (i, j) in ANGLES.items()
        }
        return {
            "density_g_per_cm3": mass / volume / GRAM_PER_CM3,
            "volume_angstrom3": volume,
            **{name: lengths[:, k] for k, name in enumerate(LENGTHS)},
            **{name: jnp.degrees(jnp.arccos(cosine)) for name, cosine in cosines.items()},
        }
