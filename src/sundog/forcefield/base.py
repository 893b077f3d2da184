"""The contract between a force field and everything that uses one.

A force field says how far it sees (`cutoffs`, one per range), refuses what it cannot
describe (`check`), makes the pair lists it wants (`allocate_neighbors`), and maps a
system and these lists to a `Prediction`. The
engine, the calculators and the tests see no more than that.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import equinox as eqx

from sundog.errors import InputError
from sundog.forcefield.prediction import Prediction
from sundog.longrange.plan import Plan
from sundog.longrange.planned import Planned, apart, with_plan
from sundog.neighbors.base import AbstractNeighbors, Pairs
from sundog.neighbors.neighbors import allocate_neighbors, check_no_overlap
from sundog.neighbors.pairs import PairList
from sundog.neighbors.reference import reference_pairs
from sundog.numerics.lengths import standard_length
from sundog.numerics.precision import packed, unpacked
from sundog.system import System


class AbstractForceField(eqx.Module):
    """Energies and forces of a `System`."""

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields for a pickle or a deep copy, with all digits."""
        return {name: packed(value) for name, value in vars(self).items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({name: unpacked(value) for name, value in state.items()})

    @property
    def formulation(self) -> str:
        """Name of the way in which it is computed, for records; by default that of the class."""
        return type(self).__name__

    @property
    @abstractmethod
    def cutoffs(self) -> dict[str, float]:
        """Cutoffs in Å, by name of the range; infinite for all pairs of a molecule."""

    @abstractmethod
    def check(self, system: System) -> None:
        """Raise `StructureError` when the system cannot be described (host only)."""

    def plan(self, system: System) -> Plan | None:
        """Return the plan of the sum in reciprocal space, if there is one (host only)."""
        return None

    def allocate_neighbors(self, system: System, skin: float) -> AbstractNeighbors:
        """Return the pair lists that this force field is called with (host only).

        Args:
            system: structures, as concrete arrays.
            skin: distance beyond every cutoff that is listed too, in Å.

        Raises:
            CellError: an infinite cutoff in a periodic cell.
            CoincidentAtomsError: atoms that are all but at one place.
        """
        return with_plan(allocate_neighbors(system, self.cutoffs, skin), self.plan(system))

    def pairs_once(self, system: System, like: Pairs | None = None) -> Pairs:
        """Return pair lists for one evaluation (host only).

        Their lengths are standard ones, so that many systems compile few programs.

        Args:
            system: structures, as concrete arrays.
            like: lists of another batch with as many atoms and structures: these get at least as
                much room, so that both share a program.

        Raises:
            CellError: an infinite cutoff in a periodic cell.
            CoincidentAtomsError: atoms that are all but at one place.
        """
        known = None if like is None else apart(like)[0]
        pairs = list_once(system, self.cutoffs, known if isinstance(known, Mapping) else {})
        plan = self.plan(system)
        return pairs if plan is None else Planned(pairs, plan)

    def weighted(self, weight: float) -> "AbstractForceField":
        """Return the force field with its long range counted `weight` times in the derivatives.

        Its forces and virial are those of E_short + weight · E_long, by one evaluation. The
        energies stay what they are; with weight 0 those of the long range are neither computed
        nor among them.

        Args:
            weight: zero or more; 1 is the force field itself.

        Raises:
            InputError: a force field that has no long range of its own.
        """
        raise InputError(
            "long_range_every: this force field has no long range to evaluate less often",
            got=type(self).__name__,
            expected="one with electrostatics and dispersion",
            remedy="Use long_range_every=1",
        )

    @abstractmethod
    def __call__(self, system: System, pairs: Pairs) -> Prediction:
        """Return the prediction (pure, jittable).

        Args:
            system: structures.
            pairs: `pairs` of its lists, up to date for the system.
        """


def list_once(
    system: System, cutoffs: Mapping[str, float], like: Mapping[str, PairList]
) -> dict[str, PairList]:
    """Return pair lists of standard lengths for one evaluation (host only).

    Args:
        system: structures, as concrete arrays.
        cutoffs: cutoffs in Å, by name of the range.
        like: lists, some of which have the least room to give to those of the same range.

    Raises:
        CellError: an infinite cutoff in a periodic cell.
        CoincidentAtomsError: atoms that are all but at one place.
    """
    exact = {name: reference_pairs(system, cutoff) for name, cutoff in cutoffs.items()}
    check_no_overlap(system, exact)
    pairs = {}
    for name, cutoff in cutoffs.items():
        room = standard_length(len(exact[name].i), 1.3)
        if name in like:
            room = max(room, len(like[name].i))
        pairs[name] = reference_pairs(system, cutoff, capacity=room)
    return pairs
