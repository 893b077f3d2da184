"""The contract of every propagator, and that a thermostat of a user's own is one file."""

from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pytest

from added.andersen import Andersen, Collisions
from potentials import argon
from propagator_states import FORCE_FIELD, FREE, TEMPERATURE, rigid_water, two_crystals
from statistical.measuring import record
from sundog import bounds
from sundog.engine import propagators
from sundog.engine.ensembles import constrained, npt, nve, nvt, recipes, with_impulses
from sundog.engine.propagators.bussi import Bussi, StochasticRescaling
from sundog.engine.propagators.centre_of_mass import RemoveDrift
from sundog.engine.propagators.drift import Drift
from sundog.engine.propagators.exchange import ExchangeCounts, ReplicaExchange
from sundog.engine.propagators.force import Force, ImpulseForce
from sundog.engine.propagators.kick import Kick
from sundog.engine.propagators.martyna_tobias_klein import MartynaTobiasKlein
from sundog.engine.propagators.nose_hoover import NoseHoover, NoseHooverChain
from sundog.engine.propagators.ornstein_uhlenbeck import Langevin, OrnsteinUhlenbeck
from sundog.engine.propagators.stochastic_cell_rescaling import CellRescaling
from sundog.engine.propagators.temperature_ramp import TemperatureRamp
from sundog.engine.reservoirs.chain import AtomChain
from sundog.engine.splitting import AbstractBarostat, AbstractThermostat
from sundog.engine.state import initial_state, with_thermal_momenta
from sundog.errors import InputError
from sundog.names import BarostatName, ThermostatName
from sundog.runs import assembly
from sundog.runs.groups import Bath
from sundog.runs.settings import SimulationSettings
from sundog.testing.propagators import check_propagator
from sundog.units import FEMTOSECOND

DT = 4 * FEMTOSECOND
FAST = 20 * DT
EXACT = float("inf")


def of_recipe(barostat, thermostat, kind):
    ensemble = npt(FORCE_FIELD, 4.0, TEMPERATURE, thermostat, barostat)
    return next(one for one in ensemble.propagators if type(one).__name__ == kind)


def mtk(kind):
    return of_recipe(MartynaTobiasKlein(300.0, 100.0, "flexible"), NoseHooverChain(20.0), kind)


HEATED = {"counts_heat": True}
LISTED = {"force_field": FORCE_FIELD}
CASES = [
    (Kick(DT), {"preserves_volume": True, "reversible": True, "order": EXACT}),
    (Drift(DT), {"preserves_volume": True, "reversible": True, "order": EXACT}),
    (Force(FORCE_FIELD), LISTED),
    (OrnsteinUhlenbeck(DT, 1 / FAST), HEATED),
    (StochasticRescaling(DT, FAST, 3), HEATED),
    (NoseHoover(DT, AtomChain(FAST, 3)), {"reversible": True, "order": 4}),
    (RemoveDrift(1), HEATED),
    (TemperatureRamp(100.0, 200.0, 10), {}),
    (mtk("CellThermostat"), {"reversible": True}),
    (mtk("CellKick"), {"reversible": True}),
    (mtk("StrainedKick"), {"reversible": True, "order": EXACT}),
    (mtk("StrainedDrift"), {"reversible": True, "order": EXACT}),
    (of_recipe(CellRescaling(300.0, 100.0), Langevin(), "StochasticCellRescaling"), {}),
    (Collisions(DT, 1 / FAST), HEATED),
]


@pytest.mark.parametrize(("one", "claims"), CASES, ids=[type(one).__name__ for one, _ in CASES])
def test_contract(one, claims):
    state = two_crystals()
    if "StochasticCellRescaling" in type(one).__name__:
        ensemble = npt(FORCE_FIELD, 4.0, TEMPERATURE, Langevin(), CellRescaling(300.0, 100.0))
        state = replace(ensemble.entered(state), temperature=state.temperature)
    check_propagator(one, state, rigid=rigid_or_none(one), **claims)


def rigid_or_none(one):
    state = rigid_water()
    if type(one).__name__ == "StochasticCellRescaling":
        ensemble = npt(FREE, 4.0, TEMPERATURE, Langevin(), CellRescaling(300.0, 100.0))
        return constrained(ensemble).entered(state)
    return None if isinstance(one, Force) else state


def test_contract_of_impulses_and_exchange():
    ensemble = with_impulses(nve(FORCE_FIELD, 4.0), 2)
    (force,) = (one for one in ensemble.propagators if isinstance(one, ImpulseForce))
    state = ensemble.entered(two_crystals())
    check_propagator(force, state, force_field=FORCE_FIELD)
    assert force.cycle == 2
    counts = ExchangeCounts()
    state = two_crystals()
    own = counts.variables.arrays(state, counts.first(state))
    check_propagator(ReplicaExchange(1, 0.0), replace(state, extended=dict(own)))


def test_choices_in_settings_are_the_recipes_that_there_are():
    assert set(recipes(AbstractThermostat)) == set(get_args(ThermostatName))
    assert set(recipes(AbstractBarostat)) == set(get_args(BarostatName))
    for thermostat in recipes(AbstractThermostat).values():
        assert set(thermostat.barostats) <= set(get_args(BarostatName))


def test_a_thermostat_is_one_file_and_one_name(monkeypatch):
    folder = str(Path(__file__).parents[1] / "added")
    monkeypatch.setattr(propagators, "__path__", [*propagators.__path__, folder])
    names = Literal["langevin", "andersen"]
    monkeypatch.setattr(assembly, "ThermostatName", names)
    monkeypatch.setitem(Bath.__annotations__, "thermostat", names | None)
    monkeypatch.setattr(bounds, "_kinds", bounds._kinds.__wrapped__)
    settings = SimulationSettings.of(thermostat="andersen", friction_per_ps=7.0, ensemble="npt")
    found = assembly.thermostat_of(settings)
    assert (type(found).__name__, found.friction_per_ps) == ("Andersen", 7.0)
    assert type(found).__module__ == "sundog.engine.propagators.andersen"
    with pytest.raises(InputError, match="does not go with the barostat"):
        assembly.thermostat_of(settings.changed(barostat="mtk"))


def test_a_thermostat_of_ones_own_samples_its_temperature():
    state = with_thermal_momenta(initial_state(argon(2), FREE, seed=1), 100.0)
    _, samples = record(state, nvt(FREE, 4.0, TEMPERATURE, Andersen(50.0)), 2000, stride=10)
    later = samples["temperature_kelvin"][50:]
    # A standard error is T √(2/96) over the root of the collisions, of which one atom has 8 in
    # the time of a hundred samples.
    assert later.mean() == pytest.approx(TEMPERATURE, rel=0.1)
    np.testing.assert_allclose(np.ptp(samples["conserved_energy_ev"]), 0, atol=1e-9)


def test_thermostats_and_barostats_that_do_not_go_together_are_refused():
    with pytest.raises(InputError, match="does not go with the barostat"):
        npt(FREE, 4.0, TEMPERATURE, Bussi(), MartynaTobiasKlein())
    with pytest.raises(InputError, match="cannot be kept in this ensemble"):
        constrained(nvt(FREE, 4.0, TEMPERATURE, Andersen()))
