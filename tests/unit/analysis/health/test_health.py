"""Drift, widths against theory, contacts, protons that move, charges by element."""

import numpy as np
import pytest
from ase import Atoms

from recordings import correlated, recording, result_of, values_of
from sundog.analysis.carry_out import analyze
from sundog.analysis.choices import Choices
from sundog.analysis.health.contacts import CloseContacts
from sundog.analysis.health.engine import Engine
from sundog.analysis.health.model import ModelHealth
from sundog.analysis.statistics import estimate
from sundog.errors import InputError
from sundog.units import BOLTZMANN

KELVIN, DEGREES, SAMPLES, APART = 300.0, 57, 8000, 0.01


def run(width=1.0, drift=0.0, offset=0.0, **settings):
    """Return a run of 20 atoms whose kinetic energy has a known width and drift."""
    thermal = BOLTZMANN * KELVIN
    kinetic = 0.5 * DEGREES * thermal + width * np.sqrt(DEGREES / 2) * thermal * correlated(
        SAMPLES, 10.0, 1
    )
    time = APART * np.arange(SAMPLES)
    table = {
        "time_ps": time,
        "kinetic_energy_ev": kinetic,
        "temperature_kelvin": 2 * kinetic / (DEGREES * BOLTZMANN) + offset,
        "potential_energy_ev": -5 + 0.1 * correlated(SAMPLES, 10.0, 2),
        "conserved_energy_ev": drift * 20e-6 * time + 1e-4 * correlated(SAMPLES, 10.0, 3),
    }
    atoms = Atoms(np.full(20, 18), 4.0 * np.arange(20)[:, None] * np.array([1.0, 0, 0]))
    settings = {"ensemble": "nvt", "temperature_kelvin": KELVIN} | settings
    return recording(atoms, atoms.positions[None], energies=table, settings=settings)


def test_the_drift_is_found():
    (one,) = [q for q in result_of(Engine.name, run(drift=3.0)).quantities if "drift" in q.name]
    assert one.value.mean == pytest.approx(3.0, abs=4 * one.value.error)
    assert one.value.error < 0.3


def test_a_canonical_run_has_the_canonical_width():
    result = result_of(Engine.name, run(), from_ps=0.0)
    (one,) = [q for q in result.quantities if q.name == "kinetic_width_ratio"]
    assert one.value.mean == pytest.approx(1, abs=4 * one.value.error)
    assert not any("canonical" in note for note in result.notes)


def test_a_run_that_is_too_cold_inside_is_told():
    """Berendsen's thermostat makes the kinetic energy too narrow."""
    assert any("not the canonical" in n for n in result_of(Engine.name, run(width=0.6)).notes)
    assert any("not that of the bath" in n for n in result_of(Engine.name, run(offset=20.0)).notes)


def test_a_short_run_with_a_slow_bath_raises_no_alarm():
    """Kinetic and potential energy swap heat quickly, and get it slowly from the bath."""
    thermal = BOLTZMANN * KELVIN
    half = np.sqrt(DEGREES / 4) * thermal
    wrong = {"before": 0, "now": 0}
    for seed in range(40):
        swapped = half * correlated(900, 3.0, seed)
        heat = half * correlated(900, 400.0, 100 + seed)
        kinetic = 0.5 * DEGREES * thermal + heat + swapped
        kelvin = 2 * kinetic / (DEGREES * BOLTZMANN)
        table = {
            "time_ps": APART * np.arange(900),
            "kinetic_energy_ev": kinetic,
            "temperature_kelvin": kelvin,
            "potential_energy_ev": heat - swapped,
        }
        atoms = Atoms(np.full(20, 18), 4.0 * np.arange(20)[:, None] * np.array([1.0, 0, 0]))
        told = {"ensemble": "nvt", "temperature_kelvin": KELVIN}
        one = recording(atoms, atoms.positions[None], energies=table, settings=told)
        result = result_of(Engine.name, one, from_ps=0.0)
        wrong["now"] += any("not" in note and "bath" in note for note in result.notes)
        alone = estimate(kelvin)
        wrong["before"] += abs(alone.mean - KELVIN) > 4 * alone.error
    assert wrong["now"] == 0
    assert wrong["before"] >= 3


def test_the_rows_that_count_are_told_where_no_frame_is_looked_at():
    window = analyze([run()], [Engine.name], Choices(from_ps=10.0)).windows["run"]
    assert window.text().startswith("7000 rows of the energies table from 10 to 79.99 ps")
    assert window.before == 1000


def test_correlation_times_are_those_of_the_series():
    table = result_of(Engine.name, run(), from_ps=0.0).tables["means"]
    place = table["quantity"].tolist().index("potential_energy_ev")
    assert table["correlation_time_ps"][place] == pytest.approx(0.5 * 9 * APART, rel=0.25)


def test_a_proton_that_moves_is_a_bond_broken_and_one_formed():
    symbols = "OHHOHH"
    waters = np.array(
        [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0], [2.6, 0, 0], [2.84, 0.93, 0], [3.0, -0.87, 0.0]]
    )
    frames = np.repeat(waters[None], 12, 0)
    frames[6:, 1, 0] = 1.6
    result = result_of(CloseContacts.name, recording(Atoms(symbols, waters), frames))
    assert any("bond broken, O0–H1" in note for note in result.notes)
    assert any("bond formed, H1–O3" in note for note in result.notes)
    still = result_of(CloseContacts.name, recording(Atoms(symbols, waters), frames[:6]))
    assert still.notes == ("No bond broke or formed in the 6 frames looked at",)


def test_a_contact_that_is_too_close_is_told():
    # The hydrogen belongs to the nearer of two oxygens.
    three = Atoms("OHO", [[0, 0, 0], [0.96, 0, 0], [2.06, 0, 0]])
    result = result_of(CloseContacts.name, recording(three, np.repeat(three.positions[None], 5, 0)))
    assert any("contact of 1.13" in note for note in result.notes)


def test_charges_and_forces_by_element():
    atoms = Atoms("OHH", [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])
    charges = np.tile([-0.8, 0.4, 0.4], (20, 1))
    forces = np.zeros((20, 3, 3))
    forces[:, 0, 0] = 3.0
    forces[7, 1, 1] = 30.0
    extras = {"charges": charges, "forces": forces}
    one = recording(
        atoms,
        np.repeat(atoms.positions[None], 20, 0),
        extras=extras,
    )
    result = result_of(ModelHealth.name, one)
    assert values_of(result)["charges_O"] == pytest.approx(-0.8)
    assert values_of(result)["forces_O"] == pytest.approx(3.0)
    assert any("Sum of the charges: +0.0000" in note for note in result.notes)
    assert any("30.0 eV/Å was reached" in note for note in result.notes)


def test_runs_without_anything_are_refused():
    atoms = Atoms("Ar2", [[0, 0, 0], [4, 0, 0]])
    with pytest.raises(InputError, match="charges"):
        result_of(ModelHealth.name, recording(atoms, atoms.positions[None]))
    with pytest.raises(InputError, match="energies"):
        result_of(Engine.name, recording(atoms, atoms.positions[None]))
