"""A force field on atoms in spatial order.

Rows that are gathered together then lie together, and the long range goes from cluster to cluster
instead of from atom to atom. Positions are put in order before, and what belongs to atoms is put
back after every call; both cost next to nothing beside it.
"""

from dataclasses import replace
from math import isfinite

import equinox as eqx

from sundog.forcefield.base import AbstractForceField
from sundog.forcefield.formulations.plain import PlainForceField
from sundog.forcefield.prediction import Prediction
from sundog.longrange.plan import Plan
from sundog.longrange.planned import apart, with_plan
from sundog.neighbors.base import AbstractNeighbors, Pairs
from sundog.neighbors.ordered import Ordered, allocate_ordered
from sundog.system import System

ATOMS_WORTH_ORDER = 4096
"""Number of atoms from which on the lists are of clusters; fewer atoms make too few clusters to
occupy a GPU."""


class OrderedForceField(AbstractForceField):
    """A force field whose lists are of atoms in spatial order.

    Attributes:
        inner: computes them; its kernels can read clusters.
        least_atoms: smaller systems are left in the order in which they come.
    """

    inner: PlainForceField
    least_atoms: int = eqx.field(static=True, default=ATOMS_WORTH_ORDER)

    @property
    def formulation(self) -> str:
        """`gpu`: nothing else orders atoms."""
        return "gpu"

    @property
    def cutoffs(self) -> dict[str, float]:
        """Cutoffs in Å, by name of the range."""
        return self.inner.cutoffs

    def check(self, system: System) -> None:
        """Raise as the reference does (host only)."""
        self.inner.check(system)

    def plan(self, system: System) -> Plan | None:
        """Return the plan of the mesh with `ewald` (host only)."""
        return self.inner.plan(system)

    def allocate_neighbors(self, system: System, skin: float) -> AbstractNeighbors:
        """Return lists of ordered atoms, or of small systems and molecules the usual ones."""
        few = system.number_of_atoms < self.least_atoms
        if few or not isfinite(self.cutoffs["long"]):
            return self.inner.allocate_neighbors(system, skin)
        _, others = self.inner.long_terms()
        lists = allocate_ordered(system, self.cutoffs, skin, by_atoms=bool(others))
        return with_plan(lists, self.plan(system))

    def pairs_once(self, system: System, like: Pairs | None = None) -> Pairs:
        """Return the usual lists (host only)."""
        return self.inner.pairs_once(system, like)

    def weighted(self, weight: float) -> "OrderedForceField":
        """Return it with electrostatics and dispersion counted `weight` times in the forces."""
        return replace(self, inner=self.inner.weighted(weight))

    def __call__(self, system: System, pairs: Pairs) -> Prediction:
        """Return energies, forces, virial and atomic properties (pure, jittable)."""
        lists, plan = apart(pairs)
        if not isinstance(lists, Ordered):
            return self.inner(system, pairs)
        order = lists.order
        found = self.inner.predict(order.ordered(system), lists.pairs, plan)
        of_atoms = {name: order.restored(getattr(found, name)) for name in OF_ATOMS}
        return replace(found, **of_atoms)


OF_ATOMS = (
    "forces",
    "partial_charges",
    "hirshfeld_ratios",
    "polarizability",
    "c6",
    "features",
)
"""Fields of a `Prediction` with an entry for each atom."""
