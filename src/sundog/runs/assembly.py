"""Ensemble that the settings describe: thermostat, barostat and further propagators of a step."""

from dataclasses import fields, replace
from typing import Any, TypeVar, get_args

import jax.numpy as jnp

from sundog.engine.ensembles import Ensemble, constrained, npt, nve, nvt, recipes, with_impulses
from sundog.engine.propagators.centre_of_mass import RemoveDrift
from sundog.engine.propagators.exchange import ExchangeCounts, ReplicaExchange
from sundog.engine.propagators.temperature_ramp import TemperatureRamp
from sundog.engine.splitting import AbstractBarostat, AbstractThermostat
from sundog.errors import InputError
from sundog.forcefield.base import AbstractForceField
from sundog.names import ThermostatName
from sundog.runs.mechanics import Mechanics
from sundog.runs.settings import SimulationSettings
from sundog.units import BAR

Recipe = TypeVar("Recipe", bound=AbstractThermostat | AbstractBarostat)


def thermostat_of(settings: SimulationSettings) -> AbstractThermostat:
    """Return the thermostat that the settings describe: by default the first that fits.

    Raises:
        InputError: the thermostat cannot be combined with the barostat, or with exchange of
            temperatures.
    """
    known, values = recipes(AbstractThermostat), settings.flat()
    names: list[str] = [*get_args(ThermostatName)]
    if settings.ensemble == "npt":
        names = [name for name in names if values["barostat"] in known[name].barostats]
    name = values["thermostat"] or names[0]
    if name not in names:
        raise InputError(
            "thermostat: it does not go with the barostat",
            got=name,
            expected=f'{" or ".join(names)} with barostat="{values["barostat"]}"',
        )
    if values["exchange_every"] and not known[name].exchanges:
        able = [one for one in names if known[one].exchanges]
        raise InputError(
            "exchange_every: temperatures cannot be exchanged under this thermostat",
            got=f'thermostat="{name}"',
            expected=f"a {' or '.join(able)} thermostat",
        )
    return _configured(known[name], values)


def barostat_of(settings: SimulationSettings) -> AbstractBarostat:
    """Return the barostat that the settings describe."""
    values = settings.flat()
    return _configured(recipes(AbstractBarostat)[values["barostat"]], values)


def ensemble_of(
    force_field: AbstractForceField, settings: SimulationSettings, mechanics: Mechanics
) -> Ensemble:
    """Return the ensemble that the settings describe.

    Args:
        force_field: force field with the restraints, if there are any.
        settings: settings of the run.
        mechanics: mechanics of the atoms; says whether bonds are rigid and momentum is conserved.

    Raises:
        InputError: the thermostat cannot be combined with the barostat or with exchange, or
            multiple time steps need a force field with a long range of its own.
    """
    # Structures with frozen atoms keep their drift, see `RemoveDrift`.
    at_rest = bool(settings.remove_drift_every) and mechanics.frozen is None
    ensemble = _recipe(force_field, settings, 3 if at_rest else mechanics.conserved_momenta)
    ensemble = with_impulses(ensemble, settings.long_range_every)
    if mechanics.constraints is not None:
        ensemble = constrained(ensemble)
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
    if settings.ensemble == "nve":
        return nve(force_field, settings.timestep_fs, conserved)
    temperature = jnp.asarray(settings.temperatures_kelvin, jnp.float64)
    common = (force_field, settings.timestep_fs, temperature, thermostat_of(settings))
    if settings.ensemble == "nvt":
        return nvt(*common, conserved)
    return npt(*common, barostat_of(settings), conserved)


def _configured(kind: type[Recipe], values: dict[str, Any]) -> Recipe:
    """Return a recipe whose parameters are the settings of their names."""
    own = [one.name for one in fields(kind)]  # pyright: ignore[reportArgumentType]
    return kind(**{name: values[name] for name in own if name in values})
