"""A force field with restraints: E = E_forcefield + Σ E_restraint."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sundog.engine.restraints.base import AbstractRestraint
from sundog.errors import InputError
from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.derivatives import energy_and_derivatives
from sundog.forcefield.prediction import Prediction
from sundog.neighbors.base import AbstractNeighbors
from sundog.system import System
from sundog.typing import Cells, PerSystem, Positions


class RestrainedForceField(AbstractForceField):
    """Any force field, with restraints added; made by `restrained`.

    Attributes:
        force_field: force field that the restraints are added to.
        restraints: restraints in float64, whatever the precision of the force field.
    """

    force_field: AbstractForceField
    restraints: tuple[AbstractRestraint, ...]

    @property
    def cutoffs(self) -> dict[str, float]:
        """Cutoffs of the force field in Å, by range."""
        return self.force_field.cutoffs

    @property
    def conserves_momentum(self) -> bool:
        """Whether all restraints leave the centre of mass of a structure alone."""
        return all(one.conserves_momentum for one in self.restraints)

    def check(self, system: System) -> None:
        """Raise as the force field does, or when a restraint is of another system (host only)."""
        self.force_field.check(system)
        for one in self.restraints:
            one.check(system)

    def allocate_neighbors(self, system: System, skin: float) -> AbstractNeighbors:
        """Return the force field's own lists (host only)."""
        return self.force_field.allocate_neighbors(system, skin)

    def pairs_once(self, system: System, like: Any = None) -> Any:
        """Return the force field's own lists for one evaluation (host only)."""
        return self.force_field.pairs_once(system, like)

    def weighted(self, weight: float) -> "RestrainedForceField":
        """Return it with the long range counted `weight` times; restraints always count once."""
        return replace(self, force_field=self.force_field.weighted(weight))

    def __call__(self, system: System, pairs: Any) -> Prediction:
        """Return the force field's prediction with the restraints in it (pure, jittable)."""
        prediction = self.force_field(system, pairs)

        def energy(positions: Positions, strain: Cells) -> tuple[PerSystem, dict[str, PerSystem]]:
            here = system.at(positions)
            terms = {one.name: one.energies(here, strain) for one in self.restraints}
            first, *others = terms.values()
            return sum(others, start=first), terms

        total, forces, virial, terms = energy_and_derivatives(
            energy, system.positions, system.number_of_systems
        )
        return replace(
            prediction,
            energy=prediction.energy + total.astype(prediction.energy.dtype),
            forces=prediction.forces + forces.astype(prediction.forces.dtype),
            virial=prediction.virial + virial.astype(prediction.virial.dtype),
            energies=prediction.energies | terms,
        )


def restrained(
    force_field: AbstractForceField, restraints: Sequence[AbstractRestraint]
) -> AbstractForceField:
    """Return the force field with restraints added, or itself when there are none.

    Raises:
        InputError: two restraints of one name.
    """
    if not restraints:
        return force_field
    twice = [name for name, count in Counter(one.name for one in restraints).items() if count > 1]
    if twice:
        raise InputError(
            "restraint: names must be different, energies are reported under them",
            got=f"{twice[0]} more than once",
            remedy="Give each restraint a name of its own",
        )
    return RestrainedForceField(force_field, tuple(restraints))
