from dataclasses import replace

import numpy as np
import pytest

from reported import water
from sundog.analysis.carry_out import analyze
from sundog.report.facts import facts_of
from sundog.report.verdict import judge


def verdict(**changes):
    """Return the verdict on a sound run whose table or settings were changed."""
    one = water("run")
    settings = {**one.settings, **changes.pop("settings", {})}
    one = replace(one, energies={**one.energies, **changes}, settings=settings)
    analysis = analyze([one], ["engine", "contacts"])
    return judge([one], [facts_of(one, None)], analysis)


def answers(found):
    return {one.question: one.level for one in found.answers}


def titles(found):
    return {one.title: one.level for one in found.findings}


STABLE, EQUILIBRATED = "Is it stable?", "Is it equilibrated?"


def test_a_sound_run_is_called_sound_and_its_means_are_trusted():
    found = verdict()
    assert answers(found)[STABLE] == "good"
    assert answers(found)[EQUILIBRATED] == "good"
    assert any(one.startswith("Temperature: ") for one in found.trusted)


def test_values_that_are_not_finite_are_bad():
    energies = water("run").energies["potential_energy_ev"].copy()
    energies[300:] = np.nan
    found = verdict(potential_energy_ev=energies)
    assert answers(found)[STABLE] == "bad"
    assert "not stable" in found.headline
    assert not found.trusted


def test_a_large_drift_is_bad_and_a_small_one_good():
    time = water("run").energies["time_ps"]
    # 1,000 and 1 µeV per atom and ps of 81 atoms; the first is 2.3 % of kT per atom in 0.6 ps.
    assert titles(verdict(conserved_energy_ev=0.081 * time))["Energy is not conserved."] == "bad"
    found = verdict(conserved_energy_ev=0.000081 * time)
    assert titles(found)["Energy is conserved."] == "good"


def test_another_temperature_than_the_bath_has_is_bad():
    found = verdict(settings={"temperature_kelvin": 200.0})
    assert titles(found)["The temperature is not that of the bath."] == "bad"
    assert answers(found)[EQUILIBRATED] == "bad"
    assert "take no means" in found.headline


@pytest.mark.parametrize("name", ["density_g_per_cm3", "potential_energy_ev"])
def test_a_series_that_still_moves_is_said(name):
    rows = len(water("run").energies["time_ps"])
    noise = np.random.default_rng(0).normal(scale=0.001, size=rows)
    found = verdict(**{name: np.linspace(1.2, 1.0, rows) + noise})
    assert answers(found)[EQUILIBRATED] == "caution"
    assert any("still moves" in title for title in titles(found))


def test_a_density_that_does_not_fit_is_said():
    noise = water("run").energies["pressure_bar"]
    found = verdict(pressure_bar=noise - 9000)
    assert titles(found)["The density does not fit."] == "caution"
    assert any("shrink" in one.text for one in found.findings)


def test_few_rows_are_too_short_to_tell():
    one = water("run")
    one = replace(one, energies={name: column[:20] for name, column in one.energies.items()})
    found = judge([one], [facts_of(one, None)], analyze([one], ["engine", "contacts"]))
    assert answers(found)[EQUILIBRATED] == "unknown"
    assert "too short" in found.headline
