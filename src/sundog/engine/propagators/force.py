"""Force: bring pair lists, forces, virial and energies up to date with the positions."""

from sundog.engine.propagators.base import AbstractPropagator
from sundog.engine.reservoirs.impulses import with_physical_forces
from sundog.engine.state import MDState
from sundog.forcefield.base import AbstractForceField


class Force(AbstractPropagator):
    """Evaluate the force field. Propagates nothing, but every kick after a drift needs it."""

    force_field: AbstractForceField

    def __call__(self, state: MDState) -> MDState:
        """Return the state with the forces of its positions."""
        return state.evaluated(self.force_field)

    def entered(self, state: MDState) -> MDState:
        """Return the state with forces that count everything once (host only)."""
        return with_physical_forces(state, self.force_field)
