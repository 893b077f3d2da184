"""The Python door to simulations: one call, and the same run as at a prompt."""

import gc

import numpy as np
import pytest
from ase.build import molecule
from ase.constraints import FixAtoms

import sundog
from fixtures import small_force_field
from sundog.errors import InputError, RunDirectoryError
from sundog.runs.api import resume, simulate
from sundog.runs.relaxation import minimize

SHORT = {"steps": 20, "sample_every": 5, "frame_every": 10, "temperature_kelvin": 200.0}


@pytest.fixture(scope="module")
def force_field():
    return small_force_field("exact")


@pytest.fixture(scope="module")
def run(force_field, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    said = []
    atoms = molecule("CH3OH")
    made = simulate(
        atoms,
        folder=folder,
        force_field=force_field,
        report=said.append,
        trajectory="h5md",
        frame_extras=("momenta", "charges", "energy"),
        **SHORT,
    )
    assert said[0] == "6 atoms, charge +0, multiplicity 1"
    assert any(line.startswith("step 20/20") for line in said)
    return made


def test_energies_and_frames(run):
    assert run.energies["step"].tolist() == [5, 10, 15, 20]
    assert np.isfinite(run.energies["potential_energy_ev"]).all()
    assert [atoms.info["time_ps"] for atoms in run.frames] == [0.0, 0.005, 0.01]
    last, final = run.frames[-1], run.final
    np.testing.assert_allclose(last.positions, final.positions, atol=1e-5)
    np.testing.assert_allclose(last.get_momenta(), final.get_momenta(), rtol=1e-5, atol=1e-7)
    energy = run.energies["potential_energy_ev"][-1]
    assert last.info["energy"] == pytest.approx(energy, abs=1e-9)
    assert last.arrays["charges"].sum() == pytest.approx(0, abs=1e-5)
    assert run.settings["temperature_kelvin"] == 200.0


def test_a_resumed_run_is_the_run_in_one_piece(force_field, tmp_path):
    atoms = molecule("CH3OH")
    quiet = {"force_field": force_field, "report": lambda line: None}
    whole = simulate(atoms, folder=tmp_path / "whole", **quiet, **SHORT | {"steps": 40})
    half = simulate(atoms, folder=tmp_path / "half", **quiet, **SHORT)
    on = resume(half, steps=40, **quiet)
    np.testing.assert_array_equal(on.final.positions, whole.final.positions)
    for name, column in whole.energies.items():
        np.testing.assert_array_equal(on.energies[name], column, err_msg=name)
    with pytest.raises(InputError, match=r"^steps: there is nothing left"):
        resume(on.folder, **quiet)
    with pytest.raises(InputError, match=r"^timestep_fs: would change.*allow_change"):
        resume(on.folder, steps=80, timestep_fs=0.25, **quiet)


def test_without_a_folder_a_run_lasts_as_long_as_its_value(force_field):
    made = simulate(molecule("H2O"), force_field=force_field, report=lambda line: None, **SHORT)
    folder = made.folder
    assert len(made.frames) == 3
    assert folder.is_dir()
    del made
    gc.collect()
    assert not folder.exists()


def test_replicas(force_field, tmp_path):
    settings = SHORT | {"replicas": 2, "replica_temperatures_kelvin": (100.0, 400.0)}
    with pytest.raises(InputError, match=r"^temperature_kelvin: not used"):
        simulate(molecule("H2O"), force_field=force_field, **settings)
    del settings["temperature_kelvin"]
    made = simulate(
        molecule("H2O"), folder=tmp_path / "r", force_field=force_field, report=print, **settings
    )
    cold, hot = (made.replica(k).energies["kinetic_energy_ev"].mean() for k in (0, 1))
    assert cold < hot
    assert not np.array_equal(made.replica(0).final.positions, made.replica(1).final.positions)
    with pytest.raises(InputError, match="replica"):
        made.replica(2)


def test_nothing_is_written_where_something_is_refused(force_field, tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(InputError, match="temperature_kelvin is meant"):
        simulate(molecule("H2O"), folder=folder, force_field=force_field, temprature_kelvin=3)
    with pytest.raises(InputError, match=r'^momenta="structure"'):
        simulate(molecule("H2O"), folder=folder, force_field=force_field, momenta="structure")
    assert not folder.exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(RunDirectoryError, match="holds files"):
        simulate(molecule("H2O"), folder=tmp_path / "mine", force_field=force_field, report=print)


def test_many_structures_are_relaxed_together_as_one_by_one(force_field):
    structures = []
    for seed, name in enumerate(("H2O", "NH3", "CH4")):
        atoms = molecule(name)
        atoms.rattle(0.03, seed=seed)
        structures.append(atoms)
    together = minimize(structures, force_field=force_field, force_ev_per_angstrom=0.05)
    assert all(one.converged for one in together)
    assert sum(one.energy_change_ev for one in together) < -1e-3
    for atoms, one in zip(structures, together, strict=True):
        (alone,) = minimize([atoms], force_field=force_field, force_ev_per_angstrom=0.05)
        np.testing.assert_allclose(one.atoms.positions, alone.atoms.positions, atol=1e-9)
        largest = np.linalg.norm(one.atoms.get_forces(), axis=1).max()
        assert largest <= 0.05
        assert one.energy_change_ev <= 0
        prediction = sundog.predict(force_field, one.atoms)
        assert one.atoms.get_potential_energy() == pytest.approx(float(prediction.energy))


def test_fixed_atoms_stay_in_a_batch_and_outputs_keep_charge_and_no_labels(force_field):
    structures = [molecule("H2O"), molecule("OH")]
    for atoms in structures:
        atoms.rattle(0.05, seed=1)
        atoms.set_constraint(FixAtoms([0]))
    structures[0].info["REF_energy"] = -1.0
    structures[1].info["charge"] = -1
    said = []
    relaxed = minimize(
        structures, force_field=force_field, force_ev_per_angstrom=1e-4, report=said.append
    )
    for before, one in zip(structures, relaxed, strict=True):
        assert one.converged
        np.testing.assert_allclose(one.atoms.positions[0], before.positions[0], atol=1e-12)
        assert np.abs(one.atoms.positions[1] - before.positions[1]).max() > 1e-3
    assert relaxed[0].atoms.info == {"charge": 0, "spin": 1}
    assert relaxed[1].atoms.info == {"charge": -1, "spin": 1}
    assert said[0] == "Electrons: charge/multiplicity +0/1 in 1, -1/1 in 1 structures"
    assert "REF_energy" in said[1]


def test_masses_and_fixed_atoms_of_the_structure_are_those_of_the_run(force_field):
    atoms = molecule("H2O")
    atoms.set_masses([15.999, 2.014, 2.014])
    atoms.set_constraint(FixAtoms([0]))
    atoms.info["energy"] = -3.0
    said = []
    run = simulate(atoms, force_field=force_field, report=said.append, **SHORT)
    final = run.final
    energy = 0.5 * ((final.get_momenta() ** 2).sum(axis=1) / final.get_masses()).sum()
    assert energy == pytest.approx(run.energies["kinetic_energy_ev"][-1], rel=1e-9)
    assert final.get_masses().tolist() == [15.999, 2.014, 2.014]
    np.testing.assert_allclose(final.positions[0], atoms.positions[0], atol=1e-12)
    assert final.info == {"charge": 0, "spin": 1, "step": 20}
    assert any("2 atoms differ from the standard" in line for line in said)
    assert any("1 atoms that the structure holds fixed" in line for line in said)


def test_masses_that_a_setting_makes_are_in_the_outputs(force_field):
    quiet = {"force_field": force_field, "report": lambda line: None}
    run = simulate(molecule("H2O"), hydrogen_mass=3.0, **quiet, **SHORT)
    assert run.final.get_masses().round(3).tolist() == [12.015, 3.0, 3.0]
    assert not run.initial.has("masses")


def test_an_odd_number_of_electrons_is_warned_of(force_field):
    said = []
    radical = SHORT | {"steps": 5, "charge": 0, "allow_radicals": True}
    simulate(molecule("OH"), force_field=force_field, report=said.append, **radical)
    assert any("9 electrons, an odd number" in line for line in said)


def test_refusals_of_relaxations(force_field):
    with pytest.raises(InputError, match="no structures"):
        minimize([], force_field=force_field)
    with pytest.raises(InputError, match=r"^cell: only a single structure"):
        minimize([molecule("H2O")], force_field=force_field, cell="isotropic")
    with pytest.raises(InputError, match=r"^optimiser: a relaxation has no such"):
        minimize(molecule("H2O"), force_field=force_field, optimiser="fire")
