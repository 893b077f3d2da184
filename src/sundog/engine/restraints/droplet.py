"""A soft spherical wall that keeps a cluster together in the gas phase.

    E = ½ k Σ_i max(0, |R_i − C| − radius)²

C: the centre of mass of the structure, or a fixed place.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float
from numpy.typing import ArrayLike

from sundog.elements import standard_masses
from sundog.engine.restraints.base import AbstractRestraint
from sundog.engine.restraints.checks import checked_atoms, checked_numbers
from sundog.errors import CellError, InputError
from sundog.numerics.segments import sum_per_system
from sundog.system import System
from sundog.typing import Cells, PerAtom, PerSystem


class DropletRestraint(AbstractRestraint):
    """A wall around each structure; made by `droplet_restraint`.

    Attributes:
        inside: atoms that feel the wall.
        weights: weights of the atoms in the centre of mass of their structure, which add up to one.
        centre: centre in Å relative to the origin of the structure, or None for the centre of mass.
        radius: radius for each structure in Å.
        force_constant: k in eV/Å², of each structure.
        name: name of the energy.
    """

    inside: Bool[Array, " atoms"]
    weights: PerAtom
    centre: Float[Array, "systems 3"] | None
    radius: PerSystem
    force_constant: PerSystem
    name: str = eqx.field(static=True, default="droplet_restraint")

    @property
    def conserves_momentum(self) -> bool:
        """A wall about the centre of mass goes along with it."""
        return self.centre is None

    def check(self, system: System) -> None:
        """Raise `InputError` when it was not made for this system (host only)."""
        _check_open(system)
        if self.inside.shape[0] != system.number_of_atoms:
            raise InputError(
                "restraint: it belongs to another structure",
                got=f"{self.inside.shape[0]} against {system.number_of_atoms} atoms",
                remedy="Make the restraint from the system that is simulated",
            )

    def energies(self, system: System, strain: Cells) -> PerSystem:
        """Return the energy of each structure in eV."""
        index, systems = system.system_index, system.number_of_systems
        positions = system.positions
        positions = positions + jnp.einsum("na,nab->nb", positions, strain[index])
        centre = self.centre
        if centre is None:
            centre = sum_per_system(self.weights[:, None] * positions, index, systems)
        squares = jnp.sum((positions - centre[index]) ** 2, axis=1)
        outside = self.inside & (squares > self.radius[index] ** 2)
        distances = jnp.sqrt(jnp.where(outside, squares, 1.0))
        excess = jnp.where(outside, distances - self.radius[index], 0.0)
        return sum_per_system(0.5 * self.force_constant[index] * excess**2, index, systems)


def droplet_restraint(
    system: System,
    radius_angstrom: ArrayLike,
    force_constant_ev_per_angstrom2: ArrayLike = 0.5,
    *,
    centre: ArrayLike | None = None,
    atoms: ArrayLike | None = None,
    name: str = "droplet_restraint",
) -> DropletRestraint:
    """Return a spherical wall around each structure (host only).

    Args:
        system: one or many structures, none of them periodic.
        radius_angstrom: radius in Å, one or one per structure.
        force_constant_ev_per_angstrom2: k in eV/Å², one or one per structure.
        centre: centre in Å, [3] or [systems, 3], in the user's coordinates; the centre of mass by
            default.
        atoms: atoms that feel the wall, counted from 0 over the whole batch; all by default.
        name: name of the energy.

    Raises:
        CellError: a periodic structure.
        InputError: radius, force constant, centre or atoms that do not fit.
    """
    _check_open(system)
    systems = system.number_of_systems
    radius = checked_numbers(radius_angstrom, systems, "radius")
    constant = checked_numbers(force_constant_ev_per_angstrom2, systems, "force constant")
    inside = np.asarray(system.is_atom).copy()
    if atoms is not None:
        chosen = checked_atoms(system, atoms, "the atoms that feel the wall")
        inside = np.zeros_like(inside)
        inside[chosen] = True
    place = None
    if centre is not None:
        given = np.asarray(centre, dtype=np.float64)
        if given.shape not in ((3,), (systems, 3)) or not np.isfinite(given).all():
            raise InputError(
                "restraint: the centre must be a finite place",
                got=f"shape {given.shape}",
                expected=f"three coordinates, or ({systems}, 3)",
            )
        place = jnp.asarray(given - np.asarray(system.origin))
    is_atom, index = np.asarray(system.is_atom), np.asarray(system.system_index)
    masses = np.where(is_atom, standard_masses()[np.asarray(system.numbers)], 0.0)
    total = np.bincount(index, masses, systems)
    return DropletRestraint(
        inside=jnp.asarray(inside),
        weights=jnp.asarray(masses / np.maximum(total[index], 1e-30)),
        centre=place,
        radius=jnp.asarray(radius),
        force_constant=jnp.asarray(constant),
        name=name,
    )


def _check_open(system: System) -> None:
    if np.asarray(system.pbc).any():
        raise CellError(
            "restraint: a droplet is for structures without periodic directions",
            got=f"pbc {np.asarray(system.pbc).tolist()}",
            remedy="Set pbc to false, or use distance restraints",
        )
