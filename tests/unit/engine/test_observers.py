"""What a run measures: the columns of its observers, and one of a user's own."""

import io
from contextlib import redirect_stderr
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
import pytest
from ase import Atoms

from potentials import Harmonic, argon
from statistical.measuring import record
from sundog.cli.show.run import summarize
from sundog.engine.ensembles import nve
from sundog.engine.observers.base import AbstractObserver, Mean, Need, Reading
from sundog.engine.run import run
from sundog.engine.samples import STANDARD, means, observers_of, readings
from sundog.engine.state import initial_state, with_thermal_momenta
from sundog.errors import InputError
from sundog.io.table import read_table
from sundog.io.topologies import topology_from_atoms
from sundog.runs.assembly import ensemble_of
from sundog.runs.directory import RunDirectory
from sundog.runs.mechanics import mechanics_of
from sundog.runs.progress import Progress
from sundog.runs.session import prepare, simulate
from sundog.runs.settings import SimulationSettings
from sundog.system import make_system

SPRINGS = Harmonic(0.5)
NAME = "gyration_radius_angstrom"


class GyrationRadius(AbstractObserver):
    """Radius of gyration, as a user would write it."""

    summary: ClassVar[tuple[Mean, ...]] = (Mean(NAME, "Radius of gyration", "Å", 3),)
    progress: ClassVar[tuple[Reading, ...]] = (Reading("Rg", (NAME,), "Å", 3),)

    @property
    def units(self):
        return {NAME: "Å"}

    def __call__(self, state):
        weights = jnp.where(state.system.is_atom, state.masses, 0.0)
        mass = state.sum_over_atoms(weights)
        moment = state.sum_over_atoms(weights[:, None] * state.system.positions)
        centre = (moment / mass[:, None])[state.system.system_index]
        squares = jnp.sum((state.system.positions - centre) ** 2, axis=1)
        return {NAME: jnp.sqrt(state.sum_over_atoms(weights * squares) / mass)}


class Wrong(GyrationRadius):
    """One that does not give what it announces."""

    def __call__(self, state):
        return {NAME: state.momenta}


class Charged(GyrationRadius):
    """One that needs charges."""

    needs: ClassVar[frozenset[Need]] = frozenset({"charges"})


class Taken(GyrationRadius):
    """One whose column there is already."""

    @property
    def units(self):
        return {"volume_angstrom3": "Å³"}

    def __call__(self, state):
        return {"volume_angstrom3": state.system.volume}


def cluster():
    system = make_system(np.random.default_rng(1).normal(size=(5, 3)), np.full(5, 18))
    return with_thermal_momenta(initial_state(system, SPRINGS, seed=1), 50.0)


def test_standard_columns_are_those_of_the_observers_that_a_structure_allows():
    open_state = cluster()
    crystal = initial_state(argon(1), SPRINGS, seed=1)
    for state, has_cell in ((open_state, False), (crystal, True)):
        observers = observers_of(state, nve(SPRINGS, 1.0))
        _, samples = record(state, nve(SPRINGS, 1.0), 1)
        names = {name for one in observers for name in one.names}
        assert set(samples) == names | {"step"}
        assert ("volume_angstrom3" in names) == ("pressure_xy_bar" in names) == has_cell
        assert "energy_harmonic_ev" in names
        assert not any(name.startswith("dipole") for name in names)
        for one in observers:
            shown = {mean.name: mean.unit for mean in one.summary}
            shown |= {name: part.unit for part in one.progress for name in part.names}
            assert shown.items() <= one.units.items()
    assert len(means()) == sum(len(kind.summary) for kind in STANDARD) == 4
    assert [part.symbol for part in readings()] == ["E_pot", "T", "P", "ρ", "box"]


@pytest.mark.parametrize(
    ("observer", "words"),
    [
        (Charged(), "Charged needs what this simulation does not have"),
        (Wrong(), "Wrong must return a real number for each structure"),
        (Taken(), "volume_angstrom3 more than once"),
    ],
)
def test_observers_that_cannot_observe_a_run_are_refused(observer, words):
    crystal = initial_state(argon(1), SPRINGS, seed=1)
    plan = {"steps": 1, "sample_every": 1, "frame_every": 1}
    with pytest.raises(InputError, match=words):
        next(run(crystal, nve(SPRINGS, 1.0), observers=[observer], **plan))


def test_an_observer_of_ones_own_is_in_the_table_the_summary_and_the_progress_line(tmp_path):
    settings = SimulationSettings.of(
        ensemble="nvt", steps=80, sample_every=2, frame_every=10, trajectory="extxyz"
    )
    state = cluster()
    atoms = Atoms(numbers=state.system.numbers)
    atoms.positions = np.asarray(state.system.positions) + np.asarray(state.system.origin[0])
    topology = topology_from_atoms(atoms)
    mechanics = mechanics_of(state.system, settings, topology)
    begin = prepare(state.system, SPRINGS, atoms, settings, mechanics, print)
    directory = RunDirectory.create(tmp_path / "run")
    observers, said = [GyrationRadius()], []
    progress = Progress(said.append, observers)
    progress.begin(settings, 0)
    ensemble = ensemble_of(SPRINGS, settings, mechanics)
    with redirect_stderr(io.StringIO()):
        for chunk in simulate(
            begin, SPRINGS, ensemble, atoms, topology, directory, settings, observers=observers
        ):
            progress.update(chunk)
    table = read_table(directory.energies)
    assert len(table[NAME]) == 40
    last = chunk.state.system
    centred = np.asarray(last.positions) - np.asarray(last.positions).mean(axis=0)
    assert table[NAME][-1] == pytest.approx(np.sqrt(np.mean(np.sum(centred**2, axis=1))))
    assert f"Rg {table[NAME][-1]:.3f} Å" in said[-1]
    lines = list(summarize(table, len(atoms), observers))
    assert any(line.startswith("  Radius of gyration ") for line in lines)
    assert not any("Pressure" in line for line in lines)
