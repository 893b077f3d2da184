"""Force fields with exact answers, for tests of the engine, which knows nothing of SO3LR."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.derivatives import energy_and_derivatives
from sundog.forcefield.prediction import Prediction
from sundog.neighbors.pairs import PairList, edges
from sundog.numerics.segments import sum_per_system
from sundog.system import System, make_system
from sundog.typing import Cells, PerSystem

ARGON = 18


class Potential(AbstractForceField):
    """One term for any atoms, by default without pair lists."""

    name: ClassVar[str]

    @property
    def cutoffs(self) -> dict[str, float]:
        return {}

    def check(self, system: System) -> None:
        pass

    @abstractmethod
    def energies(
        self, system: System, pairs: Mapping[str, PairList], strain: Cells
    ) -> PerSystem: ...

    def __call__(self, system: System, pairs: Mapping[str, PairList]) -> Prediction:
        def energy(positions, strain):
            energies = self.energies(system.at(positions), pairs, strain)
            return energies, energies

        total, forces, virial, energies = energy_and_derivatives(
            energy, system.positions, system.number_of_systems
        )
        return Prediction(
            energy=total,
            forces=forces,
            virial=virial,
            volume=system.volume,
            energies={self.name: energies},
        )


class Harmonic(Potential):
    """Every atom on its own spring: E = ½ k Σ R²."""

    name: ClassVar[str] = "harmonic"

    stiffness: float = eqx.field(static=True)

    def energies(self, system: System, pairs: Mapping[str, PairList], strain: Cells) -> PerSystem:
        squares = 0.5 * self.stiffness * jnp.sum(system.positions**2, axis=1)
        return sum_per_system(squares, system.system_index, system.number_of_systems)


class IdealGas(Potential):
    """Atoms that feel nothing, in a cell that likes to be a cube.

    E = ½ k (Σ h² / V^⅔ − 3): without it the shape of the cell would wander without end, to
    cells so flat that their volume is lost to rounding. E does not depend on the volume.
    """

    name: ClassVar[str] = "shape"

    stiffness: float = eqx.field(static=True, default=0.0)

    def energies(self, system: System, pairs: Mapping[str, PairList], strain: Cells) -> PerSystem:
        cell = system.cell + system.cell @ strain
        shape = jnp.sum(cell**2, axis=(1, 2)) / jnp.linalg.det(cell) ** (2 / 3) - 3
        return 0.5 * self.stiffness * shape


class Soft(Potential):
    """Smooth repulsion of all atoms of one right-angled cell: E = Σ A exp(−r²/2σ²)."""

    name: ClassVar[str] = "soft"

    height: float = eqx.field(static=True, default=0.5)
    width: float = eqx.field(static=True, default=0.9)

    def energies(self, system: System, pairs: Mapping[str, PairList], strain: Cells) -> PerSystem:
        i, j = np.triu_indices(system.number_of_atoms, 1)
        edge = jnp.diagonal(system.cell[0])[None]
        r = system.positions[j] - system.positions[i]
        r = r - edge * jnp.round(r / edge)
        squares = jnp.sum((r + r @ strain[0]) ** 2, axis=1)
        return self.height * jnp.sum(jnp.exp(-squares / (2 * self.width**2)))[None]


class LennardJones(Potential):
    """Argon-like pairs, shifted in energy and force at the cutoff."""

    name: ClassVar[str] = "lennard_jones"

    epsilon: float = eqx.field(static=True, default=0.0104)
    sigma: float = eqx.field(static=True, default=3.4)
    cutoff: float = eqx.field(static=True, default=8.0)

    @property
    def cutoffs(self) -> dict[str, float]:
        return {"pairs": self.cutoff}

    def _unshifted(self, r):
        power = (self.sigma / r) ** 6
        return 4 * self.epsilon * (power**2 - power)

    def pair(self, r):
        """Energy of a pair within the cutoff at a distance in Å."""
        rc = self.cutoff
        slope = 4 * self.epsilon * (6 * (self.sigma / rc) ** 6 - 12 * (self.sigma / rc) ** 12) / rc
        return self._unshifted(r) - self._unshifted(rc) - slope * (r - rc)

    def energies(self, system: System, pairs: Mapping[str, PairList], strain: Cells) -> PerSystem:
        listed = pairs["pairs"]
        geometry = edges(system, listed, strain, system.positions.dtype)
        r = geometry.distances
        halves = jnp.where(geometry.mask & (r < self.cutoff), 0.5 * self.pair(r), 0.0)
        per_atom = listed.sum_over_senders(halves, system.number_of_atoms)
        return sum_per_system(per_atom, system.system_index, system.number_of_systems)


class ListlessLennardJones(LennardJones):
    """The same of all pairs at their minimum image, in cells wider than two cutoffs.

    A program of dynamics with pair lists takes several times as long to compile, nearly all of it
    for the lists. For tests in which these play no part.
    """

    name: ClassVar[str] = "listless_lennard_jones"

    cutoff: float = eqx.field(static=True, default=4.7)

    @property
    def cutoffs(self) -> dict[str, float]:
        return {}

    def energies(self, system: System, pairs: Mapping[str, PairList], strain: Cells) -> PerSystem:
        empty = system.volume == 0  # structures of padding have no cell
        cell = jnp.where(empty[:, None, None], jnp.eye(3), system.cell)[system.system_index]
        r = system.positions[None] - system.positions[:, None, :]
        images = jnp.round(jnp.einsum("ijx,ixc->ijc", r, jnp.linalg.inv(cell)))
        r = r - jnp.einsum("ijc,icx->ijx", images, cell)
        r = r + jnp.einsum("ijx,ixy->ijy", r, strain[system.system_index])
        index = system.system_index
        structure = jnp.where(system.is_atom, index, -1 - jnp.arange(len(index), dtype=index.dtype))
        met = (structure[:, None] == structure[None]) & ~jnp.eye(len(index), dtype=bool)
        distances = jnp.sqrt(jnp.where(met, jnp.sum(r**2, axis=2), self.cutoff**2))
        halves = jnp.where(distances < self.cutoff, 0.5 * self.pair(distances), 0.0)
        return sum_per_system(jnp.sum(halves, axis=1), index, system.number_of_systems)


class Split(AbstractForceField):
    """Two potentials, of which the far one need not be evaluated in every step."""

    near: Potential
    far: Potential
    weight: float = eqx.field(static=True, default=1.0)

    @property
    def cutoffs(self) -> dict[str, float]:
        return self.near.cutoffs | self.far.cutoffs

    def check(self, system: System) -> None:
        pass

    def weighted(self, weight: float) -> "Split":
        return replace(self, weight=float(weight))

    def __call__(self, system: System, pairs: Mapping[str, PairList]) -> Prediction:
        near = self.near(system, pairs)
        near = replace(near, energies={"near": near.energy})
        if self.weight == 0:
            return near
        far = self.far(system, pairs)
        return replace(
            near,
            energy=near.energy + far.energy,
            forces=near.forces + self.weight * far.forces,
            virial=near.virial + self.weight * far.virial,
            energies=near.energies | {"far": far.energy},
        )


def argon(cells=2, spacing=5.4, noise=0.05, seed=0, strain=None) -> System:
    """Return an fcc crystal of argon atoms around their sites.

    Args:
        cells: unit cells along each direction, one number or three.
        spacing: lattice constant in Å.
        noise: standard deviation of the displacements in Å.
        seed: of the displacements.
        strain: symmetric 3x3 by which crystal and cell are deformed.
    """
    counts = np.broadcast_to(cells, (3,))
    basis = spacing * np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    sites = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), -1).reshape(-1, 1, 3)
    positions = (spacing * sites + basis).reshape(-1, 3)
    positions = positions + np.random.default_rng(seed).normal(scale=noise, size=positions.shape)
    deform = np.eye(3) + (np.zeros((3, 3)) if strain is None else np.asarray(strain))
    cell = spacing * np.diag(counts)
    return make_system(
        positions @ deform, np.full(len(positions), ARGON), cell=cell @ deform, pbc=True
    )
