"""Settings of a run: groups, flat names, and what is refused."""

from dataclasses import fields

import pytest

from sundog.errors import InputError
from sundog.runs.job import SETTINGS, Job
from sundog.runs.settings import GROUPS, HOMES, SimulationSettings


def test_flat_names_are_unique_and_go_there_and_back():
    names = [one.name for kind in GROUPS.values() for one in fields(kind)]
    assert len(names) == len(set(names))
    settings = SimulationSettings.of(steps=70, temperature_kelvin=310.0, wrap=True)
    assert settings.bath.temperature_kelvin == 310.0
    assert settings.output.wrap
    assert SimulationSettings.of(**settings.flat()) == settings
    assert settings.flat().keys() == HOMES.keys()
    assert settings.changed(pressure_bar=2.0).flat() == settings.flat() | {"pressure_bar": 2.0}


def test_a_job_is_what_its_resolved_settings_say():
    job = Job.of({"steps": 20, "electrostatics": "wolf", "charge": -1.0, "freeze": "index 0"})
    assert Job.of(job.resolved()) == job
    again = Job.of(Job.of({"restrain_distances": ["0 1 1.0 2.0"]}).resolved())
    assert again.settings.restraints.restrain_distances == ("0 1 1.0 2.0",)
    assert set(SETTINGS.values()) == {"settings", "model", "electrons"}


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ({"temprature_kelvin": 3}, "temprature_kelvin.*temperature_kelvin is meant"),
        ({"steps": 0}, "^steps"),
        ({"timestep_fs": 9.0}, "^timestep_fs"),
        ({"temperature_kelvin": float("nan")}, "^temperature_kelvin"),
        ({"temperature_end_kelvin": float("inf")}, "^temperature_end_kelvin"),
        ({"ramp_steps": 10}, "^ramp_steps.*temperature_end_kelvin"),
        ({"frame_every": 15}, "^frame_every.*sample_every=10"),
        ({"replicas": 2, "replica_temperatures_kelvin": (300.0,)}, "^replica_temperatures_kelvin"),
        ({"exchange_every": 10}, "^exchange_every"),
        ({"long_range_every": 4, "steps": 10}, "^steps.*long_range_every=4"),
        ({"long_range_every": 40, "steps": 40}, "^long_range_every.*fs between"),
        ({"ensemble": "npt", "freeze": "index 0"}, "^freeze"),
        ({"ensemble": "npt", "surface_tension_mn_per_m": 3.0}, "^surface_tension.*coupling="),
        ({"thermostat_time_fs": 1.0}, "^thermostat_time_fs"),
        ({"paper": True, "cutoff_angstrom": 9.0}, "^cutoff_angstrom.*paper=True"),
        ({"electrostatics": "ewold"}, "^electrostatics.*ewald"),
        ({"cutoff_angstrom": float("nan")}, "^cutoff_angstrom"),
    ],
)
def test_refusals_name_the_field(told, named):
    with pytest.raises(InputError, match=named):
        Job.of(told)
