"""From settings to an ensemble: which recipe, and what else happens in its steps."""

from dataclasses import replace

import jax.numpy as jnp

from sundog.engine import ensembles
from sundog.engine.ensembles import Barostat, Ensemble
from sundog.engine.propagators.centre_of_mass import RemoveDrift
from sundog.engine.propagators.exchange import ExchangeCounts, ReplicaExchange
from sundog.engine.propagators.temperature_ramp import TemperatureRamp
from sundog.forcefield.base import AbstractForceField
from sundog.runs.mechanics import Mechanics
from sundog.runs.settings import SimulationSettings
from sundog.units import BAR


def ensemble_of(
    force_field: AbstractForceField, settings: SimulationSettings, mechanics: Mechanics
) -> Ensemble:
    """Return the ensemble that the settings describe.

    Args:
        force_field: with the restraints, if there are any.
        settings: of the run.
        mechanics: says whether bonds are rigid and momentum is conserved.

    Raises:
        InputError: multiple time steps of a force field without a long range of its own.
    """
    # Structures with frozen atoms keep their drift, see `RemoveDrift`.
    at_rest = bool(settings.remove_drift_every) and mechanics.frozen is None
    ensemble = _recipe(force_field, settings, 3 if at_rest else mechanics.conserved_momenta)
    ensemble = ensembles.with_impulses(ensemble, settings.long_range_every)
    if mechanics.constraints is not None:
        ensemble = ensembles.constrained(ensemble)
    before, after = [], []
    reservoirs = ensemble.reservoirs
    if settings.bath.temperature_end_kelvin is not None:
        begin, end = settings.bath.temperature_kelvin, settings.bath.temperature_end_kelvin
        before.append(TemperatureRamp(begin, end, settings.bath.ramp_steps or settings.steps))
    if settings.remove_drift_every:
        after.append(RemoveDrift(settings.remove_drift_every))
    if settings.replicas.exchange_every:
        pressure = settings.barostat.pressure_bar * BAR if settings.ensemble == "npt" else 0.0
        after.append(ReplicaExchange(settings.replicas.exchange_every, pressure))
        reservoirs = (*reservoirs, ExchangeCounts())
    return replace(
        ensemble,
        propagators=(*before, *ensemble.propagators, *after),
        reservoirs=reservoirs,
        conserved_momenta=3 if at_rest else ensemble.conserved_momenta,
    )


def _recipe(
    force_field: AbstractForceField, settings: SimulationSettings, conserved: int
) -> Ensemble:
    dt, thermostat = settings.timestep_fs, settings.thermostat_in_use
    temperature = jnp.asarray(settings.temperatures_kelvin, jnp.float64)
    if settings.ensemble == "nve":
        return ensembles.nve(force_field, dt, conserved)
    slow, friction = settings.bath.thermostat_time_fs, settings.bath.friction_per_ps
    if settings.ensemble == "npt":
        barostat = Barostat(
            settings.barostat.pressure_bar,
            settings.barostat.barostat_time_fs,
            settings.barostat.coupling,
            settings.barostat.compressibility_per_bar,
            settings.barostat.surface_tension_mn_per_m,
        )
        if settings.barostat.barostat == "mtk":
            return ensembles.npt_martyna_tobias_klein(
                force_field, dt, temperature, barostat, slow, conserved
            )
        assert thermostat != "nose-hoover"  # refused by the settings
        return ensembles.npt_rescaling(
            force_field,
            dt,
            temperature,
            barostat,
            thermostat=thermostat,
            friction_per_ps=friction,
            relaxation_time_fs=slow,
            conserved_momenta=conserved,
        )
    match thermostat:
        case "langevin":
            return ensembles.nvt_langevin(force_field, dt, temperature, friction)
        case "bussi":
            return ensembles.nvt_bussi(force_field, dt, temperature, slow, conserved)
        case "nose-hoover":
            return ensembles.nvt_nose_hoover(force_field, dt, temperature, slow, conserved)
