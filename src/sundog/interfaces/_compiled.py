"""Compiled force field that an interface calls repeatedly.

Pair lists are kept between calls and rebuilt only when atoms have moved by half the skin; another
structure gets lists of its own. Single structures are padded to standard numbers of atoms, so that
molecules of similar size share a program.
"""

from dataclasses import replace

import equinox as eqx
import jax
import numpy as np

from sundog.errors import SimulationError
from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.prediction import Prediction
from sundog.neighbors.base import AbstractNeighbors
from sundog.numerics.lengths import standard_length
from sundog.numerics.precision import with_x64
from sundog.single_points.batches import GROWTH, LARGE
from sundog.single_points.predict import PER_SYSTEM
from sundog.system import System, pad

SKIN = 0.5
"""Reserve of the pair lists in Å: long optimisations and hot dynamics rebuild them seldom."""

FEWEST_ATOMS = 16
"""Number of atoms that smaller molecules are padded to; one program then serves all of them."""


@eqx.filter_jit
def _evaluate(
    force_field: AbstractForceField, system: System, neighbors: AbstractNeighbors
) -> tuple[Prediction, AbstractNeighbors]:
    neighbors = neighbors.update(system)
    return force_field(system, neighbors.pairs), neighbors


class Evaluator:
    """Force field with the pair lists of the structure that it computed last."""

    def __init__(self, force_field: AbstractForceField):
        """Keep `force_field`; nothing is compiled before the first call."""
        self.force_field = force_field
        self._system: System | None = None
        self._neighbors: AbstractNeighbors | None = None

    @with_x64
    def __call__(self, system: System) -> Prediction:
        """Return the prediction for one structure, as numpy arrays.

        Raises:
            StructureError: the force field cannot describe the structure, or atoms coincide.
            SimulationError: the energy is not a finite number.
        """
        atoms = system.number_of_atoms
        if system.number_of_systems == 1 and atoms <= LARGE:
            system = pad(system, max(FEWEST_ATOMS, standard_length(atoms, GROWTH)), 1)
        if self._neighbors is None or not self._same_structure(system):
            self.force_field.check(system)
            self._neighbors = self.force_field.allocate_neighbors(system, SKIN)
        else:
            system = self._from_same_origin(system)
        self._system = system
        prediction, neighbors = _evaluate(self.force_field, system, self._neighbors)
        if neighbors.overflow:
            # Whoever calls may have changed the cell by any factor: begin anew.
            self._neighbors = self.force_field.allocate_neighbors(system, SKIN)
            prediction, neighbors = _evaluate(self.force_field, system, self._neighbors)
        self._neighbors = neighbors
        if not np.isfinite(np.asarray(prediction.energy)).all():
            raise SimulationError(
                "energy: not a finite number",
                remedy="Look for overlapping atoms in the structure",
            )
        return _of_atoms(jax.device_get(prediction), atoms)

    def _same_structure(self, system: System) -> bool:
        return self._system is not None and all(
            np.array_equal(getattr(system, name), getattr(self._system, name))
            for name in ("numbers", "pbc", "system_index")
        )

    def _from_same_origin(self, system: System) -> System:
        """Return the structure with coordinates relative to the origin of the pair lists."""
        assert self._system is not None
        origin = self._system.origin
        moved = (system.origin - origin)[system.system_index]
        return replace(system, positions=system.positions + moved, origin=origin)


def _of_atoms(prediction: Prediction, atoms: int) -> Prediction:
    """Return a prediction without the entries of padding."""
    parts = {
        name: value
        if name in PER_SYSTEM
        else jax.tree.map(lambda leaf: np.asarray(leaf)[:atoms], value)
        for name, value in vars(prediction).items()
    }
    return Prediction(**parts)
