"""The contract of a restraint."""

from abc import abstractmethod

import equinox as eqx

from sundog.system import System
from sundog.typing import Cells, PerSystem


class AbstractRestraint(eqx.Module):
    """An energy of the positions that is added to a force field.

    It is differentiated with the force field, so that it contributes to forces and virial.

    Attributes:
        name: name of its energy; different for each restraint of a simulation.
    """

    name: eqx.AbstractVar[str]

    @property
    @abstractmethod
    def conserves_momentum(self) -> bool:
        """Whether it leaves the centre of mass of a structure alone."""

    @abstractmethod
    def check(self, system: System) -> None:
        """Raise `InputError` when it was not made for this system (host only)."""

    @abstractmethod
    def energies(self, system: System, strain: Cells) -> PerSystem:
        """Return the energy of each structure in eV (pure, jittable, differentiable).

        Args:
            system: positions and cells.
            strain: ε per structure, zero except to differentiate: what the restraint sees is
                what it would see with positions and cells multiplied by 1 + ε.
        """
