"""Harmonic restraints of positions.

    E = ½ Σ_i k_i |R_i − R_i⁰|²,   R_i⁰ = s_i · cell

R: unwrapped positions; s: fractional coordinates of the reference, which therefore goes
along with the cell where all three directions are periodic, and stays in place otherwise.
So a barostat sees only the displacements, not the distance from the origin.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import ArrayLike

from sundog.engine.restraints.base import AbstractRestraint
from sundog.engine.restraints.checks import check_length, checked_atoms, checked_numbers
from sundog.errors import InputError
from sundog.numerics.segments import sum_per_system
from sundog.system import System
from sundog.typing import Cells, PerSystem


class PositionRestraint(AbstractRestraint):
    """Springs from atoms to places; made by `position_restraint`.

    Attributes:
        atoms: atoms that are held.
        fractional: their places in fractional coordinates; zero where the cell does not matter.
        fixed: their places in Å relative to the origin of the structure; zero where `fractional` is
            used.
        force_constants: k in eV/Å².
        name: name of the energy.
    """

    atoms: Int[Array, " held"]
    fractional: Float[Array, "held 3"]
    fixed: Float[Array, "held 3"]
    force_constants: Float[Array, " held"]
    name: str = eqx.field(static=True, default="position_restraint")

    @property
    def conserves_momentum(self) -> bool:
        """The springs are fastened to the room."""
        return False

    def check(self, system: System) -> None:
        """Raise `InputError` when it was not made for this system (host only)."""
        check_length(system, int(np.max(self.atoms)))

    def energies(self, system: System, strain: Cells) -> PerSystem:
        """Return the energy of each structure in eV."""
        index = system.system_index[self.atoms]
        moving = jnp.einsum("na,nab->nb", self.fractional, system.cell[index])
        free = system.positions[self.atoms] - moving
        strained = free + jnp.einsum("na,nab->nb", free, strain[index])
        squares = jnp.sum((strained - self.fixed) ** 2, axis=1)
        return sum_per_system(0.5 * self.force_constants * squares, index, system.number_of_systems)


def position_restraint(
    system: System,
    atoms: ArrayLike,
    force_constant_ev_per_angstrom2: ArrayLike,
    reference: ArrayLike | None = None,
    name: str = "position_restraint",
) -> PositionRestraint:
    """Return springs that hold atoms in place (host only).

    Args:
        system: one or many structures.
        atoms: atoms to hold, counted from 0 over the whole batch.
        force_constant_ev_per_angstrom2: k in eV/Å², one or one per atom.
        reference: places in Å, [atoms, 3], in the user's coordinates; where the atoms are now
            by default.
        name: name of the energy.

    Raises:
        InputError: atoms, force constants or places that do not fit.
    """
    chosen = checked_atoms(system, atoms, "the atoms to hold")
    constants = checked_numbers(force_constant_ev_per_angstrom2, len(chosen), "force constant")
    index = np.asarray(system.system_index)[chosen]
    if reference is None:
        places = np.asarray(system.positions)[chosen]
    else:
        places = np.asarray(reference, dtype=np.float64)
        if places.shape != (len(chosen), 3) or not np.isfinite(places).all():
            raise InputError(
                "restraint: a finite place is needed for every atom",
                got=f"shape {places.shape}",
                expected=f"({len(chosen)}, 3)",
            )
        places = places - np.asarray(system.origin)[index]
    periodic = np.all(np.asarray(system.pbc), axis=1)
    cell = np.where(periodic[:, None, None], np.asarray(system.cell), np.eye(3))[index]
    scales = periodic[index][:, None]
    fractional = np.einsum("na,nab->nb", places, np.linalg.inv(cell))
    return PositionRestraint(
        atoms=jnp.asarray(chosen),
        fractional=jnp.asarray(np.where(scales, fractional, 0.0)),
        fixed=jnp.asarray(np.where(scales, 0.0, places)),
        force_constants=jnp.asarray(constants),
        name=name,
    )
