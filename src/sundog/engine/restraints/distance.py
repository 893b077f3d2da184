"""Flat-bottom restraints of distances, between atoms or centres of groups.

    E = ½ Σ k max(0, d − upper)² + ½ Σ k max(0, lower − d)²
    d = |X_b − X_a|,  X = Σ_i w_i R_i

w: weights of the atoms of a group, which add up to one. Groups are made whole when the
restraint is made and stay so, because positions are not wrapped; between groups the
shortest image counts, at any time.
"""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import ArrayLike

from sundog.elements import standard_masses
from sundog.engine.restraints.base import AbstractRestraint
from sundog.engine.restraints.checks import check_length, checked_atoms, checked_numbers
from sundog.engine.restraints.minimum_image import minimum_image
from sundog.errors import InputError
from sundog.numerics.heights import heights
from sundog.numerics.segments import sum_per_system
from sundog.system import System
from sundog.typing import Cells, PerSystem

Group = int | Sequence[int] | np.ndarray
"""One atom, or several of which the centre of mass counts."""


class Centres(eqx.Module):
    """Weighted centres of groups of atoms, padded to the longest group.

    Attributes:
        atoms: atoms of each group; the first one again in padding.
        weights: weights of the atoms; zero in padding.
        shift: lattice vectors to add to each atom, so that the group is whole.
    """

    atoms: Int[Array, "groups members"]
    weights: Float[Array, "groups members"]
    shift: Float[Array, "groups members 3"]

    def __call__(self, system: System) -> Float[Array, "groups 3"]:
        """Return the centres in Å."""
        cell = system.cell[system.system_index[self.atoms[:, 0]]]
        whole = system.positions[self.atoms] + jnp.einsum("gma,gab->gmb", self.shift, cell)
        return jnp.sum(self.weights[:, :, None] * whole, axis=1)


class DistanceRestraint(AbstractRestraint):
    """Distances that are free within bounds; made by `distance_restraint`.

    Attributes:
        first: groups where each distance begins.
        second: groups where it ends.
        lower: distance in Å below which there is a force.
        upper: distance in Å above which there is a force; may be infinite.
        force_constants: k in eV/Å².
        name: name of the energy.
    """

    first: Centres
    second: Centres
    lower: Float[Array, " distances"]
    upper: Float[Array, " distances"]
    force_constants: Float[Array, " distances"]
    name: str = eqx.field(static=True, default="distance_restraint")

    @property
    def conserves_momentum(self) -> bool:
        """The forces on the two ends cancel."""
        return True

    def check(self, system: System) -> None:
        """Raise `InputError` when it was not made for this system (host only)."""
        check_length(system, max(int(np.max(one.atoms)) for one in (self.first, self.second)))

    def distances(self, system: System, strain: Cells) -> Float[Array, " distances"]:
        """Return d in Å."""
        index = system.system_index[self.first.atoms[:, 0]]
        between = self.second(system) - self.first(system)
        vectors = minimum_image(between, system.cell[index], system.pbc[index])
        vectors = vectors + jnp.einsum("na,nab->nb", vectors, strain[index])
        squares = jnp.sum(vectors**2, axis=1)
        # Without a direction there is no force.
        return jnp.sqrt(jnp.where(squares > 0, squares, 1e-30))

    def energies(self, system: System, strain: Cells) -> PerSystem:
        """Return the energy of each structure in eV."""
        distances = self.distances(system, strain)
        outside = jnp.maximum(distances - self.upper, 0.0) + jnp.maximum(
            self.lower - distances, 0.0
        )
        index = system.system_index[self.first.atoms[:, 0]]
        energies = 0.5 * self.force_constants * outside**2
        return sum_per_system(energies, index, system.number_of_systems)


def distance_restraint(
    system: System,
    pairs: Sequence[tuple[Group, Group]],
    force_constant_ev_per_angstrom2: ArrayLike,
    *,
    lower_angstrom: ArrayLike = 0.0,
    upper_angstrom: ArrayLike = np.inf,
    name: str = "distance_restraint",
) -> DistanceRestraint:
    """Return restraints of distances (host only).

    Args:
        system: one or many structures.
        pairs: pairs of atoms or groups, counted from 0 over the whole batch.
        force_constant_ev_per_angstrom2: k in eV/Å², one or one per pair.
        lower_angstrom: lower bound in Å, one or one per pair.
        upper_angstrom: upper bound in Å, one or one per pair; infinite for no bound.
        name: name of the energy.

    Raises:
        InputError: groups that share atoms or span structures, bounds in the wrong order, or
            beyond half the height of the cell, where images cannot be told apart.
    """
    count = len(pairs)
    if count == 0:
        raise InputError("restraint: no pairs were given")
    constants = checked_numbers(force_constant_ev_per_angstrom2, count, "force constant")
    lower = checked_numbers(lower_angstrom, count, "lower bound")
    upper = checked_numbers(upper_angstrom, count, "upper bound", finite=False)
    if (lower > upper).any():
        wrong = int(np.argmax(lower > upper))
        raise InputError(
            "restraint: the lower bound is above the upper one",
            got=f"{lower[wrong]} and {upper[wrong]} Å for pair {wrong}",
        )
    groups = [
        tuple(checked_atoms(system, group, "the atoms of a group") for group in pair)
        for pair in pairs
    ]
    for number, (a, b) in enumerate(groups):
        bound = upper[number] if np.isfinite(upper[number]) else lower[number]
        _check_pair(system, number, a, b, bound)
    first, second = (_centres(system, [pair[side] for pair in groups]) for side in (0, 1))
    return DistanceRestraint(
        first=first,
        second=second,
        lower=jnp.asarray(lower),
        upper=jnp.asarray(upper),
        force_constants=jnp.asarray(constants),
        name=name,
    )


def _check_pair(system: System, number: int, a: np.ndarray, b: np.ndarray, bound: float) -> None:
    index = np.asarray(system.system_index)[np.concatenate([a, b])]
    if len(np.unique(index)) > 1 or len(np.intersect1d(a, b)):
        raise InputError(
            "restraint: two groups must be of one structure and share no atom",
            got=f"pair {number}: {a.tolist()} and {b.tolist()}",
        )
    pbc = np.asarray(system.pbc)[index[0]]
    if not pbc.any():
        return
    cell = np.asarray(system.cell)[index[0]]
    height = _periodic_heights(cell, pbc).min()
    if bound >= height / 2:
        raise InputError(
            f"restraint: the bounds of pair {number} reach images of the same atoms",
            got=f"{bound:g} Å",
            expected=f"less than half the smallest height of the cell, {height / 2:.3f} Å",
            remedy="Use smaller bounds or a larger cell",
        )


def _periodic_heights(cell: np.ndarray, pbc: np.ndarray) -> np.ndarray:
    lattice = cell.copy()
    lattice[~pbc] = np.linalg.svd(cell[pbc])[2][pbc.sum() :]
    return heights(lattice)[pbc]


def _centres(system: System, groups: list[np.ndarray]) -> Centres:
    longest = max(len(group) for group in groups)
    masses = standard_masses()[np.asarray(system.numbers)]
    atoms = np.stack([np.append(g, np.full(longest - len(g), g[0])) for g in groups])
    weights, shift = np.zeros((len(groups), longest)), np.zeros((len(groups), longest, 3))
    for row, group in enumerate(groups):
        weights[row, : len(group)] = masses[group] / masses[group].sum()
        shift[row, : len(group)] = _whole(system, group)
    return Centres(jnp.asarray(atoms), jnp.asarray(weights), jnp.asarray(shift))


def _whole(system: System, group: np.ndarray) -> np.ndarray:
    """Return shifts that put each atom of a group beside the nearest one placed before it."""
    of_structure = int(system.system_index[group[0]])
    pbc, cell = np.asarray(system.pbc)[of_structure], np.asarray(system.cell)[of_structure]
    positions = np.asarray(system.positions)[group]
    shifts = np.zeros((len(group), 3))
    if not pbc.any():
        return shifts
    lattice = np.where(pbc[:, None], cell, 0.0)
    to_fractional = np.linalg.pinv(lattice)
    placed = positions[:1]
    best = np.full(len(group), np.inf)
    nearest = np.zeros((len(group), 3))
    waiting = np.arange(1, len(group))
    while len(waiting):
        # Prim's tree: only the atom placed last can be nearer than those before.
        vectors = positions[waiting] - placed[-1]
        steps = -np.round(vectors @ to_fractional)
        lengths = np.linalg.norm(vectors + steps @ lattice, axis=1)
        nearer = waiting[lengths < best[waiting]]
        nearest[nearer] = steps[lengths < best[waiting]]
        best[waiting] = np.minimum(best[waiting], lengths)
        chosen = waiting[np.argmin(best[waiting])]
        shifts[chosen] = nearest[chosen]
        placed = np.vstack([placed, positions[chosen] + nearest[chosen] @ lattice])
        waiting = waiting[waiting != chosen]
    return shifts
