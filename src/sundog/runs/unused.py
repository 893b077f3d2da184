"""Settings of a run that nothing reads, given the others.

Such a setting is refused rather than written into `config.yaml` as if it had been heard.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from typing import Any

from sundog.errors import InputError
from sundog.hamiltonian import ModelOptions
from sundog.runs.groups import Barostat
from sundog.runs.settings import SimulationSettings

NOT_READ_BY: Mapping[str, tuple[tuple[str, ...], str]] = {
    "friction_per_ps": (("bussi", "nose-hoover"), 'thermostat="langevin"'),
    "thermostat_time_fs": (("langevin",), 'thermostat="bussi"'),
    "compressibility_per_bar": (("mtk",), 'barostat="rescaling"'),
}
"""Thermostats and barostats that do not read a setting of theirs, and what does read it."""


def unread(settings: SimulationSettings, model: ModelOptions) -> dict[str, str]:
    """Return the names of the settings that change nothing, each with what alone reads it.

    Args:
        settings: settings of a run.
        model: choice of its force field.
    """
    return dict([*_baths(settings), *_others(settings), *unread_of_model(model).items()])


def refuse_unread(unheard: Mapping[str, str], given: Collection[str]) -> None:
    """Raise `InputError` when a setting that was given changes nothing.

    Args:
        unheard: result of `unread`.
        given: names of the settings that were given.
    """
    for name, needs in unheard.items():
        if name in given:
            raise InputError(
                f"{name}: not used with these settings",
                remedy=f"Leave it out; only {needs} uses it",
            )


def refuse_changed(unheard: Mapping[str, str], values: Mapping[str, Any]) -> None:
    """Raise `InputError` when a setting that changes nothing has another value than its default.

    Args:
        unheard: result of `unread`.
        values: all settings by name.
    """
    refuse_unread(unheard, [name for name in unheard if values[name] != DEFAULTS[name]])


def _baths(settings: SimulationSettings) -> Iterator[tuple[str, str]]:
    ensemble, ladder = settings.ensemble, settings.replicas.replica_temperatures_kelvin
    if ensemble != "npt":
        for one in fields(Barostat):
            yield one.name, 'ensemble="npt"'
    chosen = [settings.barostat.barostat] if ensemble == "npt" else []
    if ensemble == "nve":
        for name in ("thermostat", "friction_per_ps", "thermostat_time_fs"):
            yield name, 'ensemble="nvt" or ensemble="npt"'
    else:
        chosen.append(thermostat_name(settings))
    for name, (deaf, needs) in NOT_READ_BY.items():
        if set(deaf).intersection(chosen):
            yield name, needs
    if ladder:
        yield "temperature_kelvin", "a run without replica_temperatures_kelvin"
    elif ensemble == "nve" and settings.start.momenta == "structure":
        yield "temperature_kelvin", 'momenta="thermal" or ensemble="nvt"'


def thermostat_name(settings: SimulationSettings) -> str:
    """Return the name of the thermostat: the one given, else the first that fits the barostat."""
    chained = settings.ensemble == "npt" and settings.barostat.barostat == "mtk"
    return settings.bath.thermostat or ("nose-hoover" if chained else "langevin")


def _others(settings: SimulationSettings) -> Iterator[tuple[str, str]]:
    if not settings.start.minimize:
        yield "minimize_steps", "minimize=True"
        yield "minimize_force_ev_per_angstrom", "minimize=True"
    asked = settings.restraints
    if not asked.restrain and not asked.restrain_distances and not asked.droplet_radius_angstrom:
        yield "restraint_ev_per_angstrom2", "a restraint, as `restrain`"
    if settings.masses.freeze:
        yield "remove_drift_every", "a run without `freeze`"


def unread_of_model(model: ModelOptions) -> dict[str, str]:
    """Return what `unread` does for the choice of a force field alone, in any verb."""
    return dict(_treatments(model))


def _treatments(model: ModelOptions) -> Iterator[tuple[str, str]]:
    if model.electrostatics != "ewald":
        yield "ewald_accuracy", 'electrostatics="ewald"'
    if model.electrostatics == "exact":
        yield "cutoff_angstrom", 'a treatment with a cutoff, as electrostatics="truncated",'


DEFAULTS: dict[str, Any] = {
    **SimulationSettings().flat(),
    **{one.name: one.default for one in fields(ModelOptions)},
}
"""Defaults of all settings of a run and its force field, by name."""
