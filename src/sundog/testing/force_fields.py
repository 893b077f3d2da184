"""`check_force_field`: the contract of a force field, checked on a structure at hand.

F = −dE/dR,   virial = dE/dε              by central differences along random directions
E(R T) = E(R),   F(R T) = F(R) T          for translations, rotations, inversion, permutations
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from sundog.errors import InputError
from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.prediction import Prediction
from sundog.neighbors.base import AbstractNeighbors, Pairs
from sundog.numerics.precision import with_x64
from sundog.system import System, concatenate, pad
from sundog.testing.contract import require, require_close

ForceFieldContract = Literal["derivatives", "symmetries", "batches", "weighted"]
"""Part of the contract of a force field, to be left out of a check."""

DIRECTIONS = 3
"""Number of random directions along which the atoms are displaced."""

SKIN = 0.5
"""Distance in Å beyond the cutoffs that the lists hold while atoms are displaced."""

TRANSLATION = (1.7, -0.3, 22.0)
"""Displacement of all atoms in Å."""

PADDING = (5, 2)
"""Numbers of atoms and structures of padding."""


@with_x64
def check_force_field(
    force_field: AbstractForceField,
    system: System,
    *,
    skip: Collection[ForceFieldContract] = (),
    step: float = 1e-4,
    tolerance: float = 1e-6,
    rounding: float = 1e-9,
) -> None:
    """Check that a force field keeps the contract of `AbstractForceField`.

    Energies add up; forces and virial are derivatives; lists with and without a skin, rotated,
    inverted, moved and permuted structures give the same; so do structures in a batch with
    padding; `weighted`, where there is one, counts the long range as often as it says.

    Args:
        force_field: force field, in float64 for the tolerances given as defaults.
        system: structures that it can describe, without padding.
        skip: parts that are not promised: `symmetries` of a force field with walls or an external
            field, `batches` where there is but one structure.
        step: displacement in Å, and strain, of the central differences.
        tolerance: largest error of derivatives, relative to the largest component or 1 eV/Å.
        rounding: largest deviation of forces between two ways to compute the same, relative
            likewise; energies may deviate by a hundredth of it, relative to the largest.

    Raises:
        ContractError: a promise is not kept; it says which, by how much, and what is allowed.
    """
    case = _Case(force_field, system, rounding)
    _check_sums(case)
    if "derivatives" not in skip:
        _check_forces(case, step, tolerance)
        _check_virial(case, step, tolerance)
    if "symmetries" not in skip:
        _check_moved(case)
        _check_turned(case)
    if "batches" not in skip:
        _check_batch(case)
    if "weighted" not in skip:
        _check_weighted(case)


@eqx.filter_jit
def _followed(
    force_field: AbstractForceField, system: System, neighbors: AbstractNeighbors
) -> tuple[Prediction, Bool[Array, ""]]:
    updated = neighbors.update(system)
    return force_field(system, updated.pairs), updated.overflow


@eqx.filter_jit
def _called(force_field: AbstractForceField, system: System, pairs: Pairs) -> Prediction:
    return force_field(system, pairs)


class _Case:
    """A force field and a structure, with lists that follow it and its prediction."""

    def __init__(self, force_field: AbstractForceField, system: System, rounding: float):
        force_field.check(system)
        self.force_field, self.system, self.rounding = force_field, system, rounding
        self.neighbors = force_field.allocate_neighbors(system, SKIN)
        self.found = self.predict(system)
        self.scale = max(1.0, float(jnp.max(jnp.abs(self.found.forces), initial=0.0)))

    def predict(self, system: System) -> Prediction:
        """Return the prediction of another state of the structure, by lists that follow."""
        found, overflow = _followed(self.force_field, system, self.neighbors)
        if bool(overflow):
            neighbors = self.force_field.allocate_neighbors(system, SKIN)
            found, _ = _followed(self.force_field, system, neighbors)
        return found

    def require_same(
        self, found: Prediction, expected: Prediction, what: str, *, factor: float = 1.0
    ) -> None:
        """Refuse a prediction that is not another one but for rounding.

        Args:
            found: prediction.
            expected: prediction that it should be.
            what: change that should make no difference, for the message.
            factor: factor on the rounding that is allowed.
        """
        rounding = factor * self.rounding
        allowed = rounding * self.scale
        energy = max(1.0, float(jnp.max(jnp.abs(expected.energy))))
        pairs = {
            "energy": (found.energy, expected.energy, 0.01 * rounding * energy),
            "terms": (found.energies, expected.energies, 0.01 * rounding * energy),
            "forces": (found.forces, expected.forces, allowed),
            "virial": (found.virial, expected.virial, 10 * allowed),
            "charges": (found.partial_charges, expected.partial_charges, rounding),
            "ratios": (found.hirshfeld_ratios, expected.hirshfeld_ratios, rounding),
            "dipole": (found.dipole, expected.dipole, 10 * allowed),
        }
        for name, (one, other, bound) in pairs.items():
            require_close(one, other, allowed=bound, what=f"{what}: {name}")


def _check_sums(case: _Case) -> None:
    found, system = case.found, case.system
    require(found.forces.shape == system.positions.shape, "forces: three for each atom")
    require(found.virial.shape == system.cell.shape, "virial: a matrix for each structure")
    leaves = jax.tree.leaves(eqx.filter(found, eqx.is_inexact_array))
    finite = all(bool(jnp.isfinite(one).all()) for one in leaves)
    require(finite, "prediction: all numbers are finite")
    allowed = 1e-12 * max(1.0, float(jnp.max(jnp.abs(found.energy))))
    summed = sum(found.energies.values(), start=jnp.zeros_like(found.energy))
    require_close(summed, found.energy, allowed=allowed, what="energies: terms add up to `energy`")
    transposed = found.virial.swapaxes(-1, -2)
    require_close(transposed, found.virial, allowed=0.0, what="virial: it is symmetric")


def _difference(case: _Case, moved: Callable[[float], System], step: float) -> float:
    """Return the derivative of the summed energy by central differences."""
    up, down = (float(jnp.sum(case.predict(moved(sign * step)).energy)) for sign in (1, -1))
    return (up - down) / (2 * step)


def _check_forces(case: _Case, step: float, tolerance: float) -> None:
    system, forces = case.system, np.asarray(case.found.forces)
    rng = np.random.default_rng(0)
    for _ in range(DIRECTIONS):
        direction = rng.uniform(-1, 1, forces.shape)
        slope = _difference(case, lambda h, d=direction: system.at(system.positions + h * d), step)
        allowed = tolerance * case.scale * float(np.linalg.norm(direction))
        what = "forces in eV/Å: the negative gradient of the energy, along a random direction"
        require_close(-np.sum(forces * direction), slope, allowed=allowed, what=what)


def _check_virial(case: _Case, step: float, tolerance: float) -> None:
    system = case.system
    virial = np.asarray(case.found.virial).sum(axis=0)
    scale = max(case.scale, float(np.max(np.abs(virial))))
    for a in range(3):
        for b in range(a, 3):
            strain = np.zeros((3, 3))
            strain[a, b] += 0.5
            strain[b, a] += 0.5

            def strained(h: float, strain: Float[np.ndarray, "3 3"] = strain) -> System:
                deformation = jnp.asarray(np.eye(3) + h * strain)
                return system.at(system.positions @ deformation, system.cell @ deformation)

            slope = _difference(case, strained, step)
            what = f"virial in eV: the derivative by the strain {'xyz'[a]}{'xyz'[b]}"
            require_close(virial[a, b], slope, allowed=tolerance * scale, what=what)


def _check_moved(case: _Case) -> None:
    system, expected = case.system, case.found
    moved = case.predict(system.at(system.positions + jnp.asarray(TRANSLATION)[None]))
    # With a charge it depends on the origin.
    case.require_same(replace(moved, dipole=expected.dipole), expected, "translated structure")
    total = jnp.zeros((system.number_of_systems, 3)).at[system.system_index].add(expected.forces)
    allowed = case.rounding * case.scale * system.number_of_atoms
    require_close(total, jnp.zeros_like(total), allowed=allowed, what="forces: they add up to zero")
    order = np.arange(system.number_of_atoms)
    rng, index = np.random.default_rng(1), np.asarray(system.system_index)
    for number in range(system.number_of_systems):
        order[index == number] = rng.permutation(order[index == number])
    fragments = system.fragment_index
    permuted = replace(
        system,
        positions=system.positions[order],
        numbers=system.numbers[order],
        fragment_index=None if fragments is None else fragments[order],
    )
    case.require_same(case.predict(permuted), _part(expected, order), "permuted structure")


def _check_turned(case: _Case) -> None:
    system, pairs = case.system, case.force_field.pairs_once(case.system)
    expected = _called(case.force_field, system, pairs)
    case.require_same(expected, case.found, "lists without a skin", factor=0.1)
    matrix, _ = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))
    for name, turn in {"turned": matrix * np.linalg.det(matrix), "inverted": -np.eye(3)}.items():
        turned = replace(
            system.at(system.positions @ jnp.asarray(turn), system.cell @ jnp.asarray(turn)),
            origin=system.origin @ jnp.asarray(turn),
        )
        lists = case.force_field.pairs_once(turned, like=pairs)
        found = _called(case.force_field, turned, lists)
        rotated = replace(
            expected,
            forces=expected.forces @ turn,
            virial=turn.T @ expected.virial @ turn,
            dipole=None if expected.dipole is None else expected.dipole @ turn,
        )
        case.require_same(found, rotated, f"{name} structure", factor=10.0)


def _check_batch(case: _Case) -> None:
    system = case.system
    shifts = np.random.default_rng(3).normal(scale=0.02, size=system.positions.shape)
    members = system, system.at(system.positions + jnp.asarray(shifts))
    both = concatenate(members)
    atoms, systems = both.number_of_atoms, both.number_of_systems
    batch = pad(both, atoms + PADDING[0], systems + PADDING[1])
    found = _called(case.force_field, batch, case.force_field.pairs_once(batch))
    half, structures = system.number_of_atoms, system.number_of_systems
    for number, member in enumerate(members):
        expected = case.found if number == 0 else case.predict(member)
        own = slice(number * structures, (number + 1) * structures)
        mine = _part(found, slice(number * half, (number + 1) * half), own)
        case.require_same(mine, expected, f"structure {number} of a batch with padding")
    rest = (found.energy[systems:], found.virial[systems:], found.forces[atoms:])
    require_close(rest, (0.0, 0.0, 0.0), allowed=0.0, what="padding: no energy, force or virial")


def _part(
    prediction: Prediction, atoms: np.ndarray | slice, structures: slice = slice(None)
) -> Prediction:
    """Return a prediction of some of its atoms, in some order, and of some of its structures."""
    of_atoms = ("forces", "partial_charges", "hirshfeld_ratios", "polarizability", "c6", "features")
    of_structures = ("energy", "virial", "volume", "energies", "dipole")
    chosen = dict.fromkeys(of_atoms, atoms) | dict.fromkeys(of_structures, structures)
    parts = {
        name: jax.tree.map(lambda one, index=index: one[index], getattr(prediction, name))
        for name, index in chosen.items()
    }
    return Prediction(**parts)


def _check_weighted(case: _Case) -> None:
    """Compare weights 0, 1 and 2, between which forces and virial are linear."""
    try:
        none, twice = (case.force_field.weighted(weight) for weight in (0.0, 2.0))
    except InputError:
        return
    once = case.found
    short, double = (_followed(one, case.system, case.neighbors)[0] for one in (none, twice))
    allowed = case.rounding * case.scale
    for name in ("forces", "virial"):
        none, one, two = (getattr(each, name) for each in (short, once, double))
        what = f"weighted(2): {name} count the long range twice"
        require_close(two - one, one - none, allowed=10 * allowed, what=what)
    what = "weighted(2): the energies stay what they are"
    require_close(double.energies, once.energies, allowed=allowed, what=what)
    require(set(short.energies) <= set(once.energies), "weighted(0): its terms are among all")
    of_short = {name: once.energies[name] for name in short.energies}
    what = "weighted(0): the energies of the short range stay what they are"
    require_close(short.energies, of_short, allowed=allowed, what=what)
