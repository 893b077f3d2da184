"""Ensembles as recipes: each a splitting made of propagators, symmetric in time.

    NVE                    B A B                second order, symplectic
    NVT  Langevin          B A O A B            BAOAB: configurations accurate to dt⁴ in the
                                                harmonic limit
         Bussi             B A B V              stochastic velocity rescaling
         Nosé–Hoover       N B A B N            reversible
    NPT  rescaling         B C A O A B          stochastic cell rescaling, with Langevin
                           B C A B V            … or with Bussi
         MTK               H N K S D S K N H    Martyna–Tobias–Klein, reversible

B kick, A drift, O Ornstein–Uhlenbeck, V velocity rescaling, N Nosé–Hoover chain of the
atoms and H of the cell, C cell rescaling, K cell kick, S and D kick and drift in a moving
cell. The force is evaluated after the last drift. The cell is rescaled where positions
and virial belong together and the momenta are those of the half step, whose kinetic
energy has no error of second order. Sources: Swope et al., J. Chem. Phys. 76, 637 (1982);
Leimkuhler, Matthews, J. Chem. Phys. 138, 174102 (2013); the others with their propagators.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from sundog.engine.cell_modes import NUMBER_OF_MODES
from sundog.engine.propagators.base import AbstractPropagator
from sundog.engine.propagators.bussi import StochasticRescaling
from sundog.engine.propagators.centre_of_mass import RemoveDrift
from sundog.engine.propagators.constrained import (
    ConstrainedDrift,
    ConstrainedKick,
    WholeClusterRescaling,
)
from sundog.engine.propagators.drift import Drift
from sundog.engine.propagators.exchange import ReplicaExchange
from sundog.engine.propagators.force import Force
from sundog.engine.propagators.impulse_force import ImpulseForce
from sundog.engine.propagators.kick import Kick
from sundog.engine.propagators.martyna_tobias_klein import (
    CellKick,
    CellThermostat,
    StrainedDrift,
    StrainedKick,
)
from sundog.engine.propagators.nose_hoover import NoseHoover
from sundog.engine.propagators.ornstein_uhlenbeck import OrnsteinUhlenbeck
from sundog.engine.propagators.stochastic_cell_rescaling import (
    CellNoise,
    StochasticCellRescaling,
)
from sundog.engine.propagators.temperature_ramp import TemperatureRamp
from sundog.engine.reservoirs.base import AbstractReservoir
from sundog.engine.reservoirs.cell_motion import CellMotion
from sundog.engine.reservoirs.chain import AtomChain, CellChain
from sundog.engine.reservoirs.impulses import Impulses
from sundog.engine.reservoirs.pressure import PressureBath
from sundog.engine.state import MDState
from sundog.errors import InputError
from sundog.forcefield.base import AbstractForceField
from sundog.names import Coupling
from sundog.units import BAR, FEMTOSECOND, MILLINEWTON_PER_METRE

WATER_COMPRESSIBILITY_PER_BAR = 4.5e-5


class Ensemble(eqx.Module):
    """A recipe and what belongs to it.

    Attributes:
        propagators: applied in order, once per step.
        temperature: of the baths in K, one or one per structure; None without a bath.
        reservoirs: whose energies belong to the conserved one.
        conserved_momenta: momenta per structure that the dynamics keeps at rest.
    """

    propagators: tuple[AbstractPropagator, ...]
    temperature: Float[Array, "..."] | None = None
    reservoirs: tuple[AbstractReservoir, ...] = ()
    conserved_momenta: int = eqx.field(static=True, default=3)

    @property
    def cycle(self) -> int:
        """Steps after which all forces have been evaluated; states in between are not samples."""
        return max(
            (one.every for one in self.propagators if isinstance(one, ImpulseForce)), default=1
        )

    def entered(self, state: MDState) -> MDState:
        """Return the state with this ensemble's temperatures, variables and forces (host only).

        What the state has of them already stays: the variables of the baths, and the
        temperatures also where replicas have exchanged them.

        Raises:
            InputError: the state has constraints that the recipe does not keep, or is in the
                middle of a cycle.
        """
        drifts = any(isinstance(one, Drift) for one in self.propagators)
        if state.constraints is not None and drifts:
            raise InputError(
                "constraints: the state has rigid bonds, but the recipe would not keep them",
                remedy="Use constrained(ensemble)",
            )
        if self.temperature is not None:
            temperature = jnp.broadcast_to(self.temperature, state.heat.shape)
            if not np.array_equal(np.sort(temperature), np.sort(state.temperature)):
                state = replace(state, temperature=temperature)
        for one in self.propagators:
            if isinstance(one, Force | ImpulseForce):
                state = one.entered(state)
        first = {k: v for one in self.reservoirs for k, v in one.variables(state).items()}
        return replace(state, extended={k: state.extended.get(k, v) for k, v in first.items()})


CONSTRAINED: dict[type[AbstractPropagator], Callable[[Any], AbstractPropagator]] = {
    Drift: lambda one: ConstrainedDrift(one.timestep),
    Kick: lambda one: ConstrainedKick(one.timestep),
    StochasticCellRescaling: WholeClusterRescaling,
    **{
        kind: lambda one: one  # these scale all momenta alike, or draw them from the state
        for kind in (
            Force,
            ImpulseForce,
            OrnsteinUhlenbeck,
            StochasticRescaling,
            NoseHoover,
            RemoveDrift,
            TemperatureRamp,
            ReplicaExchange,
        )
    },
}
"""What stands for each propagator where bonds are rigid."""


def constrained(ensemble: Ensemble) -> Ensemble:
    """Return the recipe for a state `with_constraints`.

    Raises:
        InputError: a propagator that knows no constraints, as Martyna–Tobias–Klein's.
    """
    for one in ensemble.propagators:
        if type(one) not in CONSTRAINED:
            raise InputError(
                "constraints: they cannot be kept in this ensemble",
                got=f"a recipe with {type(one).__name__}",
                expected="nve, nvt, or npt with stochastic cell rescaling",
                remedy="Choose another barostat, or leave the constraints out",
            )
    rigid = tuple(CONSTRAINED[type(one)](one) for one in ensemble.propagators)
    return replace(ensemble, propagators=rigid)


def with_impulses(ensemble: Ensemble, every: int) -> Ensemble:
    """Return the recipe with the long range in every `every`-th step (multiple time steps).

    The recipe is not `constrained` yet. A run of it begins and is sampled at multiples of
    `every` steps.

    Raises:
        InputError: the force field has no long range of its own.
    """
    if every == 1:
        return ensemble
    kinds: dict[type[AbstractPropagator], Callable[[Any], AbstractPropagator]] = {
        Force: lambda one: ImpulseForce(one.force_field, every),
        StochasticCellRescaling: lambda one: replace(one, every=every),
    }
    for one in ensemble.propagators:
        if isinstance(one, Force):
            one.force_field.weighted(every)  # refuses what it cannot
    propagators = (kinds.get(type(one), lambda one: one)(one) for one in ensemble.propagators)
    reservoirs = (*ensemble.reservoirs, Impulses())
    return replace(ensemble, propagators=tuple(propagators), reservoirs=reservoirs)


class Barostat(NamedTuple):
    """What the cell is subject to.

    Attributes:
        pressure_bar: in bar; along z where there is a surface tension.
        relaxation_time_fs: of the volume, in fs.
        coupling: which strains the cell may make.
        compressibility_per_bar: of the material, in 1/bar; sets the rate of cell rescaling.
        surface_tension_mn_per_m: of each of the two interfaces of a membrane, in mN/m.
    """

    pressure_bar: float = 1.0
    relaxation_time_fs: float = 1000.0
    coupling: Coupling = "isotropic"
    compressibility_per_bar: float = WATER_COMPRESSIBILITY_PER_BAR
    surface_tension_mn_per_m: float = 0.0

    @property
    def bath(self) -> PressureBath:
        """The pressure bath."""
        return PressureBath(
            pressure=self.pressure_bar * BAR,
            surface_tension=2 * self.surface_tension_mn_per_m * MILLINEWTON_PER_METRE,
            coupling=self.coupling,
        )


def nve(
    force_field: AbstractForceField, timestep_fs: float, conserved_momenta: int = 3
) -> Ensemble:
    """Return velocity Verlet at constant energy and volume."""
    dt = timestep_fs * FEMTOSECOND
    steps = (Kick(dt / 2), Drift(dt), Force(force_field), Kick(dt / 2))
    return Ensemble(steps, conserved_momenta=conserved_momenta)


def nvt_langevin(
    force_field: AbstractForceField,
    timestep_fs: float,
    temperature_kelvin: ArrayLike,
    friction_per_ps: float,
) -> Ensemble:
    """Return BAOAB Langevin dynamics at constant temperature and volume."""
    dt = timestep_fs * FEMTOSECOND
    propagators = (
        Kick(dt / 2),
        Drift(dt / 2),
        OrnsteinUhlenbeck(dt, friction_per_ps / (1000 * FEMTOSECOND)),
        Drift(dt / 2),
        Force(force_field),
        Kick(dt / 2),
    )
    # The noise pushes the centre of mass as well.
    return Ensemble(propagators, jnp.asarray(temperature_kelvin, jnp.float64), conserved_momenta=0)


def nvt_bussi(
    force_field: AbstractForceField,
    timestep_fs: float,
    temperature_kelvin: ArrayLike,
    relaxation_time_fs: float,
    conserved_momenta: int = 3,
) -> Ensemble:
    """Return velocity Verlet with stochastic velocity rescaling."""
    dt = timestep_fs * FEMTOSECOND
    propagators = (
        Kick(dt / 2),
        Drift(dt),
        Force(force_field),
        Kick(dt / 2),
        StochasticRescaling(dt, relaxation_time_fs * FEMTOSECOND, conserved_momenta),
    )
    temperature = jnp.asarray(temperature_kelvin, jnp.float64)
    return Ensemble(propagators, temperature, conserved_momenta=conserved_momenta)


def nvt_nose_hoover(
    force_field: AbstractForceField,
    timestep_fs: float,
    temperature_kelvin: ArrayLike,
    relaxation_time_fs: float,
    conserved_momenta: int = 3,
) -> Ensemble:
    """Return velocity Verlet with a Nosé–Hoover chain."""
    dt = timestep_fs * FEMTOSECOND
    chain = AtomChain(relaxation_time_fs * FEMTOSECOND, conserved_momenta)
    thermostat = NoseHoover(dt / 2, chain)
    verlet = (Kick(dt / 2), Drift(dt), Force(force_field), Kick(dt / 2))
    return Ensemble(
        (thermostat, *verlet, thermostat),
        jnp.asarray(temperature_kelvin, jnp.float64),
        (chain,),
        conserved_momenta,
    )


def npt_rescaling(
    force_field: AbstractForceField,
    timestep_fs: float,
    temperature_kelvin: ArrayLike,
    barostat: Barostat,
    *,
    thermostat: Literal["langevin", "bussi"] = "langevin",
    friction_per_ps: float = 1.0,
    relaxation_time_fs: float = 100.0,
    conserved_momenta: int = 3,
) -> Ensemble:
    """Return stochastic cell rescaling with a thermostat.

    Args:
        force_field: the force field.
        timestep_fs: fs.
        temperature_kelvin: K, one or one per structure.
        barostat: what the cell is subject to.
        thermostat: of the atoms.
        friction_per_ps: of Langevin's, in 1/ps.
        relaxation_time_fs: of Bussi's, in fs.
        conserved_momenta: momenta per structure that Bussi's dynamics keeps at rest.
    """
    bath = barostat.bath
    rescaling = StochasticCellRescaling(
        timestep_fs * FEMTOSECOND,
        barostat.relaxation_time_fs * FEMTOSECOND,
        barostat.compressibility_per_bar / BAR,
        bath,
    )
    if thermostat == "langevin":
        at_constant_volume = nvt_langevin(
            force_field, timestep_fs, temperature_kelvin, friction_per_ps
        )
    else:
        at_constant_volume = nvt_bussi(
            force_field, timestep_fs, temperature_kelvin, relaxation_time_fs, conserved_momenta
        )
    kick, *rest = at_constant_volume.propagators
    return replace(
        at_constant_volume,
        propagators=(kick, rescaling, *rest),
        reservoirs=(bath, CellNoise()),
    )


def npt_martyna_tobias_klein(
    force_field: AbstractForceField,
    timestep_fs: float,
    temperature_kelvin: ArrayLike,
    barostat: Barostat,
    relaxation_time_fs: float,
    conserved_momenta: int = 3,
) -> Ensemble:
    """Return Martyna–Tobias–Klein dynamics, with one chain for the atoms and one for the cell.

    Args:
        force_field: the force field.
        timestep_fs: fs.
        temperature_kelvin: K, one or one per structure.
        barostat: what the cell is subject to; its compressibility is not used.
        relaxation_time_fs: of the atoms' chain; the cell's has that of the barostat.
        conserved_momenta: momenta per structure that the dynamics keeps at rest.
    """
    dt = timestep_fs * FEMTOSECOND
    bath = barostat.bath
    slow = barostat.relaxation_time_fs * FEMTOSECOND
    motion = CellMotion(slow, conserved_momenta)
    atoms = AtomChain(relaxation_time_fs * FEMTOSECOND, conserved_momenta)
    cell = CellChain(slow, NUMBER_OF_MODES[barostat.coupling])
    first = (
        CellThermostat(dt / 2, motion, cell),
        NoseHoover(dt / 2, atoms),
        CellKick(dt / 2, motion, bath),
        StrainedKick(dt / 2, motion),
    )
    return Ensemble(
        (*first, StrainedDrift(dt), Force(force_field), *reversed(first)),
        jnp.asarray(temperature_kelvin, jnp.float64),
        (bath, motion, atoms, cell),
        conserved_momenta,
    )
