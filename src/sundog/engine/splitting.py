"""A step as a symmetric splitting, and the recipes by which baths take part in it.

    outer  kick  rescale  drift  middle  drift  force  kick  outer  last

Velocity Verlet is kick, drift, force, kick. A thermostat or a barostat fills in the other
places or changes what stands in them; its recipe is in the file of its propagators. `kick` and
`outer` stand on both sides, in reverse order on the second, so that the step is symmetric in
time; with nothing in the `middle` the two half drifts are one.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from sundog.engine.propagators.base import AbstractPropagator
from sundog.engine.reservoirs.base import AbstractReservoir
from sundog.engine.reservoirs.pressure import PressureBath
from sundog.names import Coupling
from sundog.units import BAR, MILLINEWTON_PER_METRE

Propagators = tuple[AbstractPropagator, ...]
"""Propagators in the order in which they are applied."""


@dataclass(frozen=True)
class Splitting:
    """A step in parts, before the force field is known.

    Attributes:
        timestep: dt in internal time units.
        conserved_momenta: momenta per structure that the dynamics keeps at rest.
        kick: change of the momenta by the forces over half a step.
        drift: returns the motion of the atoms over a time.
        outer: propagators at both ends of the symmetric part.
        rescale: propagators between the first kick and the drift, where positions and virial belong
            together and the momenta are those of the half step.
        middle: propagators between two half drifts.
        last: propagators after the symmetric part.
        reservoirs: reservoirs whose energies belong to the conserved one.
    """

    timestep: float
    conserved_momenta: int
    kick: Propagators
    drift: Callable[[float], AbstractPropagator]
    outer: Propagators = ()
    rescale: Propagators = ()
    middle: Propagators = ()
    last: Propagators = ()
    reservoirs: tuple[AbstractReservoir, ...] = ()

    def propagators(self, force: AbstractPropagator) -> Propagators:
        """Return the propagators of a step in order, with the evaluation of the forces."""
        half = self.drift(self.timestep / 2)
        motion = (half, *self.middle, half) if self.middle else (self.drift(self.timestep),)
        first = (*self.outer, *self.kick)
        return (*first, *self.rescale, *motion, force, *reversed(first), *self.last)


class AbstractThermostat(ABC):
    """The recipe of a thermostat of the atoms.

    A thermostat is one file in `engine/propagators/`, with its propagators and a frozen
    dataclass of this kind, and its `name` in `sundog.names.ThermostatName`. Its fields are its
    parameters, named as the settings that they are taken from.

    Attributes:
        name: choice in the settings.
        barostats: names of the barostats that it goes with.
        exchanges: whether replicas may exchange their temperatures: it has no variables that
            would have to be scaled with them.
    """

    name: ClassVar[str]
    barostats: ClassVar[tuple[str, ...]]
    exchanges: ClassVar[bool]

    @abstractmethod
    def added_to(self, step: Splitting) -> Splitting:
        """Return a step of velocity Verlet with the thermostat in it."""


@dataclass(frozen=True)
class AbstractBarostat(ABC):
    """The recipe of a barostat.

    A barostat is one file in `engine/propagators/`, with its propagators and a frozen dataclass
    of this kind, and its `name` in `sundog.names.BarostatName`. Its fields are its parameters,
    named as the settings that they are taken from.

    Attributes:
        name: choice in the settings.
        pressure_bar: pressure in bar; along z where there is a surface tension.
        barostat_time_fs: relaxation time of the volume in fs.
        coupling: name of the strains that the cell may make.
        surface_tension_mn_per_m: surface tension of each of the two interfaces of a membrane in
            mN/m.
    """

    name: ClassVar[str]

    pressure_bar: float = 1.0
    barostat_time_fs: float = 1000.0
    coupling: Coupling = "isotropic"
    surface_tension_mn_per_m: float = 0.0

    @property
    def bath(self) -> PressureBath:
        """Pressure bath of these parameters."""
        return PressureBath(
            pressure=self.pressure_bar * BAR,
            surface_tension=2 * self.surface_tension_mn_per_m * MILLINEWTON_PER_METRE,
            coupling=self.coupling,
        )

    @abstractmethod
    def added_to(self, step: Splitting) -> Splitting:
        """Return a step that has its thermostat already, with the barostat in it."""
