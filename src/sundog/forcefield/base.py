"""The contract between a force field and everything that uses one.

A force field says how far it sees (`cutoffs`, one per range), refuses what it cannot
describe (`check`), and maps a system and its pair lists to a `Prediction`. The
engine, the calculators and the tests see no more than that.
"""

from abc import abstractmethod
from collections.abc import Mapping

import equinox as eqx

from sundog.forcefield.prediction import Prediction
from sundog.neighbors.pairs import PairList
from sundog.system import System


class AbstractForceField(eqx.Module):
    """Energies and forces of a `System`."""

    @property
    @abstractmethod
    def cutoffs(self) -> dict[str, float]:
        """Å, by the name of the range; infinite for all pairs of a molecule."""

    @abstractmethod
    def check(self, system: System) -> None:
        """Raise `StructureError` when the system cannot be described (host only)."""

    @abstractmethod
    def __call__(self, system: System, pairs: Mapping[str, PairList]) -> Prediction:
        """Return the prediction (pure, jittable).

        Args:
            system: what to compute.
            pairs: for every range of `cutoffs`, a list that holds at least the pairs within
                its cutoff.
        """
