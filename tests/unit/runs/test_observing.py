"""Observables along a run say what the analysis of its trajectory says, also when continued."""

import json

import numpy as np
import pytest
from ase.build import molecule

from sundog.analysis.carry_out import analyze
from sundog.analysis.choices import Choices
from sundog.analysis.liquids.rdf import RadialDistributions
from sundog.errors import InputError
from sundog.io.topologies import topology_from_atoms
from sundog.runs.directory import RunDirectory
from sundog.runs.observing import observed_names, observing
from sundog.runs.recorded import open_recordings
from sundog.runs.settings import SimulationSettings
from written_runs import written_run


def waters():
    one = molecule("H2O")
    other = one.copy()
    other.translate([3.5, 0.4, 0.2])
    atoms = one + other
    atoms.set_cell([9.0] * 3)
    atoms.pbc = True
    return atoms


ATOMS = waters()
POSITIONS = ATOMS.positions + 0.05 * np.random.default_rng(1).normal(size=(30, 6, 3))
SETTINGS = SimulationSettings.of(observe=("rdf,bonds",), trajectory="h5md")


def found(folder, name="bonds"):
    record = json.loads((folder / "observed" / "analysis.json").read_text())
    return record["results"][name], record["windows"]


@pytest.mark.parametrize("before", [0, 17])
def test_the_results_are_those_of_the_trajectory(before, tmp_path):
    # The frames before a resumption are read from the trajectory, the others are shown.
    folder = written_run(tmp_path / "run", ATOMS, POSITIONS[: max(before, 1)], suffix="h5md")
    directory = RunDirectory.open(folder)
    seen = observing(directory, ATOMS, topology_from_atoms(ATOMS), SETTINGS)
    if before:
        seen.catch_up()
    for k in range(before, 30):
        seen.add(POSITIONS[k], ATOMS.cell.array, 0.01 * k, {"term_energies": {"zbl": 1.0}})
    seen.write(directory)
    whole = written_run(tmp_path / "whole", ATOMS, POSITIONS, suffix="h5md")
    expected = analyze(open_recordings([whole]), ["bonds"], Choices(from_ps=0.0))
    (quantity,) = expected.results["bonds"]["whole"].quantities
    told, windows = found(folder)
    assert windows["run"]["frames"] == 30
    value = told["run"]["quantities"]["H-O_length_angstrom"]
    assert value["value"] == pytest.approx(quantity.value.mean, abs=1e-6)
    assert value["error"] == pytest.approx(quantity.value.error, abs=1e-6)
    assert (folder / "observed" / "rdf" / "g.png").is_file()
    seen.write(directory)  # again, in its place
    assert found(folder)[0] == told


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("rfd", "Perhaps rdf"),
        ("viscosity", "energies table"),
        ("dssp", "residues"),
        ("vdos", "velocities"),
    ],
)
def test_what_does_not_fit_is_refused_before_the_run(names, words):
    settings = SimulationSettings.of(observe=(names,))
    with pytest.raises(InputError, match=words):
        observing(None, ATOMS, topology_from_atoms(ATOMS), settings)


def test_nothing_is_observed_unless_it_is_asked_for():
    settings = SimulationSettings.of()
    assert observing(None, ATOMS, topology_from_atoms(ATOMS), settings) is None
    assert observed_names(("rdf, bonds", "msd")) == ["rdf", "bonds", "msd"]


def test_an_observable_that_refuses_a_frame_does_not_end_the_run(tmp_path, monkeypatch):
    folder = written_run(tmp_path / "run", ATOMS, POSITIONS[:1], suffix="h5md")
    directory = RunDirectory.open(folder)
    seen = observing(directory, ATOMS, topology_from_atoms(ATOMS), SETTINGS)

    def refuse(self, frames):
        raise InputError("rdf: this frame does not fit")

    monkeypatch.setattr(RadialDistributions, "update", refuse)
    for k in range(30):
        seen.add(POSITIONS[k], ATOMS.cell.array, 0.01 * k, {})
    seen.write(directory)
    record = json.loads((folder / "observed" / "analysis.json").read_text())
    assert record["results"].keys() == {"bonds"}
    assert "this frame does not fit" in record["left_out"]["rdf"]
