"""Ensembles as recipes: each a symmetric Trotter splitting made of propagators.

    NVE             velocity Verlet        B A B            second order, symplectic
    NVT, Langevin   BAOAB                  B A O A B        configurations accurate to dt⁴ in
                                                            the harmonic limit

B kick, A drift, O Ornstein–Uhlenbeck. Sources: Swope et al., J. Chem. Phys. 76,
637 (1982); Leimkuhler, Matthews, J. Chem. Phys. 138, 174102 (2013).
"""

from typing import NamedTuple

from sundog.forcefield.base import AbstractForceField
from sundog.simulate.propagators.base import AbstractPropagator
from sundog.simulate.propagators.drift import Drift
from sundog.simulate.propagators.force import Force
from sundog.simulate.propagators.kick import Kick
from sundog.simulate.propagators.ornstein_uhlenbeck import OrnsteinUhlenbeck
from sundog.units import FEMTOSECOND


class Ensemble(NamedTuple):
    """A recipe and what an estimator of the temperature must know of it.

    Attributes:
        propagators: applied in order, once per step.
        conserved_momenta: degrees of freedom per structure that the dynamics keeps at rest.
    """

    propagators: tuple[AbstractPropagator, ...]
    conserved_momenta: int


def nve(force_field: AbstractForceField, timestep_fs: float) -> Ensemble:
    """Return velocity Verlet at constant energy and volume."""
    dt = timestep_fs * FEMTOSECOND
    return Ensemble((Kick(dt / 2), Drift(dt), Force(force_field), Kick(dt / 2)), 3)


def nvt_langevin(
    force_field: AbstractForceField,
    timestep_fs: float,
    temperature_kelvin: float,
    friction_per_ps: float,
) -> Ensemble:
    """Return BAOAB Langevin dynamics at constant temperature and volume."""
    dt = timestep_fs * FEMTOSECOND
    friction = friction_per_ps / (1000 * FEMTOSECOND)
    return Ensemble(
        (
            Kick(dt / 2),
            Drift(dt / 2),
            OrnsteinUhlenbeck(dt, temperature_kelvin, friction),
            Drift(dt / 2),
            Force(force_field),
            Kick(dt / 2),
        ),
        0,
    )
