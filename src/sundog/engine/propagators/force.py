"""Force: pair lists, forces, virial and energies brought up to date with the positions.

In multiple time steps the long range is an impulse, every so many steps:

    F = F_short             in between
    F = F_short + n F_long  in every n-th step

With it, (kick, drift, force, kick) n times is Tuckerman's splitting
exp(½ n dt L_long) [exp(½ dt L_short) exp(dt L_R) exp(½ dt L_short)]ⁿ exp(½ n dt L_long):
kicks by F_short and by n F_long at the same positions are one kick. E_long is an energy of the
positions, through the network's charges and ratios as well, and F_long its whole derivative, so
that the splitting is symplectic and reversible. A backward pass is linear in what it starts from:
n F_long is had with F_short, by the evaluation of one weighted energy.

Error: (n dt)². A vibration that the long range acts on resonates with the impulses when n dt is
half its period, 5 fs for bonds of hydrogens of 1 amu. Sources: Grubmüller, Heller, Windemuth,
Schulten, Mol. Simul. 6, 121 (1991); Tuckerman, Berne, Martyna, J. Chem. Phys. 97, 1990 (1992),
doi:10.1063/1.463137.
"""

import equinox as eqx
import jax
import jax.numpy as jnp

from sundog.engine.propagators.base import AbstractPropagator
from sundog.engine.reservoirs.impulses import Impulses, weight_of, with_physical_forces
from sundog.engine.state import Forces, MDState, evaluate
from sundog.errors import InputError
from sundog.forcefield.base import AbstractForceField


class Force(AbstractPropagator):
    """Evaluation of the force field. It propagates nothing, but every kick after a drift needs it.

    Attributes:
        force_field: force field whose forces act.
    """

    force_field: AbstractForceField

    def __call__(self, state: MDState) -> MDState:
        """Return the state with the forces of its positions."""
        return state.evaluated(self.force_field)

    def entered(self, state: MDState) -> MDState:
        """Return the state with forces that count everything once (host only)."""
        return with_physical_forces(state, self.force_field)

    def constrained(self) -> "Force":
        """Return the propagator itself."""
        return self

    def with_impulses(self, every: int) -> "ImpulseForce":
        """Return the evaluation with the long range in every `every`-th step.

        Raises:
            InputError: the force field has no long range of its own.
        """
        self.force_field.weighted(every)  # refuses where it cannot
        return ImpulseForce(self.force_field, every)


class ImpulseForce(AbstractPropagator):
    """Evaluation of the short range, and in every `every`-th step of the long range as well.

    Attributes:
        force_field: both ranges together.
        every: n, steps of a cycle, at least 2.
    """

    force_field: AbstractForceField
    every: int = eqx.field(static=True)

    @property
    def cycle(self) -> int:
        """Number of steps after which the long range has been evaluated."""
        return self.every

    def __call__(self, state: MDState) -> MDState:
        """Return the state with the forces of its step; energies of the long range may be old."""
        state = state.with_lists()
        phase = (state.step + 1) % self.every
        short, whole = (self.force_field.weighted(weight) for weight in (0, self.every))
        forces = jax.lax.cond(
            phase == 0,
            lambda: state.forces_by(whole),
            lambda: _with_old_energies(state, state.forces_by(short)),
        )
        # A new cycle begins after its impulse.
        so_far = jnp.where(phase == 1, 0.0, Impulses.variables.of(state).mean_virial)
        return Impulses.variables.put(
            state.with_forces(forces),
            long_range_weight=jnp.where(phase == 0, self.every, 0).astype(jnp.int64),
            mean_virial=so_far + forces.virial / self.every,
        )

    def entered(self, state: MDState) -> MDState:
        """Return the state with the forces that a cycle begins with (host only).

        Raises:
            InputError: the state is in the middle of a cycle.
        """
        if int(state.step) % self.every:
            raise InputError(
                "long_range_every: impulses are due at multiples of it, and the run is elsewhere",
                got=f"step {int(state.step)}",
                expected=f"a multiple of {self.every}",
            )
        if weight_of(state) == self.every:
            return state
        physical = with_physical_forces(state, self.force_field)
        return Impulses.variables.put(
            evaluate(physical, self.force_field.weighted(self.every)),
            long_range_weight=jnp.asarray(self.every, jnp.int64),
            mean_virial=physical.virial,
        )

    def constrained(self) -> "ImpulseForce":
        """Return the propagator itself."""
        return self


def _with_old_energies(state: MDState, forces: Forces) -> Forces:
    return forces._replace(energies=state.energies | forces.energies)
