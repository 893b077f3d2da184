"""Force fields with exact answers, for tests of the engine, which knows nothing of SO3LR."""

from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.derivatives import energy_and_derivatives
from sundog.forcefield.prediction import Prediction
from sundog.neighbors.pairs import PairList, edges
from sundog.numerics.segments import sum_per_system
from sundog.system import System, make_system

ARGON = 18


class Harmonic(AbstractForceField):
    """Every atom on its own spring: E = ½ k Σ R²."""

    stiffness: float = eqx.field(static=True)

    @property
    def cutoffs(self) -> dict[str, float]:
        return {}

    def check(self, system: System) -> None:
        pass

    def __call__(self, system: System, pairs: Mapping[str, PairList]) -> Prediction:
        def energy(positions, strain):
            squares = 0.5 * self.stiffness * jnp.sum(positions**2, axis=1)
            energies = sum_per_system(squares, system.system_index, system.number_of_systems)
            return energies, energies

        return _prediction(system, energy, "harmonic")


class IdealGas(AbstractForceField):
    """Atoms that feel nothing, in a cell that likes to be a cube.

    E = ½ k (Σ h² / V^⅔ − 3): without it the shape of the cell would wander without end, to
    cells so flat that their volume is lost to rounding. E does not depend on the volume.
    """

    stiffness: float = eqx.field(static=True, default=0.0)

    @property
    def cutoffs(self) -> dict[str, float]:
        return {}

    def check(self, system: System) -> None:
        pass

    def __call__(self, system: System, pairs: Mapping[str, PairList]) -> Prediction:
        def energy(positions, strain):
            cell = system.cell + system.cell @ strain
            shape = jnp.sum(cell**2, axis=(1, 2)) / jnp.linalg.det(cell) ** (2 / 3) - 3
            energies = 0.5 * self.stiffness * shape
            return energies, energies

        return _prediction(system, energy, "shape")


class LennardJones(AbstractForceField):
    """Argon-like pairs, shifted in energy and force at the cutoff."""

    epsilon: float = eqx.field(static=True, default=0.0104)
    sigma: float = eqx.field(static=True, default=3.4)
    cutoff: float = eqx.field(static=True, default=8.0)

    @property
    def cutoffs(self) -> dict[str, float]:
        return {"pairs": self.cutoff}

    def check(self, system: System) -> None:
        pass

    def _pair(self, r):
        power = (self.sigma / r) ** 6
        return 4 * self.epsilon * (power**2 - power)

    def __call__(self, system: System, pairs: Mapping[str, PairList]) -> Prediction:
        rc = self.cutoff
        slope = 4 * self.epsilon * (6 * (self.sigma / rc) ** 6 - 12 * (self.sigma / rc) ** 12) / rc

        def energy(positions, strain):
            listed = pairs["pairs"]
            geometry = edges(system.at(positions), listed, strain, positions.dtype)
            r = geometry.distances
            shifted = self._pair(r) - self._pair(rc) - slope * (r - rc)
            halves = jnp.where(geometry.mask & (r < rc), 0.5 * shifted, 0.0)
            per_atom = listed.sum_over_senders(halves, positions.shape[0])
            energies = sum_per_system(per_atom, system.system_index, system.number_of_systems)
            return energies, energies

        return _prediction(system, energy, "lennard_jones")


def _prediction(system, energy, name) -> Prediction:
    total, forces, virial, energies = energy_and_derivatives(
        energy, system.positions, system.number_of_systems
    )
    return Prediction(
        energy=total,
        forces=forces,
        virial=virial,
        volume=system.volume,
        energies={name: energies},
    )


def argon(cells=3, spacing=5.4, seed=0) -> System:
    """A cube of solid argon whose atoms are a little out of place."""
    basis = spacing * np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    shifts = spacing * np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), -1)
    positions = (shifts.reshape(-1, 1, 3) + basis[None]).reshape(-1, 3)
    positions = positions + np.random.default_rng(seed).normal(scale=0.05, size=positions.shape)
    return make_system(
        positions, np.full(len(positions), ARGON), cell=cells * spacing * np.eye(3), pbc=True
    )
