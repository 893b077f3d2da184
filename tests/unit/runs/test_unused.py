"""Settings that nothing reads: which they are, and that they are not written."""

from dataclasses import fields

import pytest

from sundog.engine.ensembles import recipes
from sundog.engine.splitting import AbstractBarostat, AbstractThermostat
from sundog.errors import InputError
from sundog.runs.assembly import barostat_of, thermostat_of
from sundog.runs.job import Job
from sundog.runs.settings import HOMES, SimulationSettings
from sundog.runs.unused import NOT_READ_BY


@pytest.mark.parametrize("ensemble", ["nvt", "npt"])
@pytest.mark.parametrize("thermostat", [None, "langevin", "bussi", "nose-hoover"])
@pytest.mark.parametrize("barostat", ["rescaling", "mtk"])
def test_what_the_recipes_read_is_what_is_heard(ensemble, thermostat, barostat):
    told = {"ensemble": ensemble, "thermostat": thermostat}
    settings = SimulationSettings.of(**told | ({"barostat": barostat} if ensemble == "npt" else {}))
    try:
        chosen = [thermostat_of(settings)]
    except InputError:
        return  # they do not go together
    chosen += [barostat_of(settings)] if ensemble == "npt" else []
    read = {one.name for recipe in chosen for one in fields(recipe)}
    unheard = Job(settings).unread()
    for kind in (AbstractThermostat, AbstractBarostat):
        for recipe in recipes(kind).values():
            for one in fields(recipe):
                if one.name in HOMES:
                    assert (one.name in unheard) == (one.name not in read), one.name
    assert set(NOT_READ_BY) <= set(HOMES)


def test_the_settings_that_are_written_are_those_that_are_read():
    job = Job.of({"temperature_kelvin": 310.0})
    written = job.resolved(electrostatics="exact")
    unread = ("pressure_bar", "barostat", "minimize_steps", "ewald_accuracy", "cutoff_angstrom")
    assert not set(unread) & set(written)
    assert written["friction_per_ps"] == 1.0
    assert Job.of(written).settings == job.settings
    pressed = Job.of({"ensemble": "npt", "minimize": True}).resolved(electrostatics="ewald")
    assert set(unread) <= set(pressed)


@pytest.mark.parametrize(
    "told",
    [{"pressure_bar": 5.0}, {"ensemble": "nve", "friction_per_ps": 2.0}, {"minimize_steps": 9}],
)
def test_another_value_than_the_default_is_refused_wherever_it_comes_from(told):
    with pytest.raises(InputError, match="not used with these settings"):
        Job.of(told)
