"""H5MD: its layout, what it carries, and that no kill costs a frame."""

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

import killed_writers
from sundog.errors import InputError
from sundog.io.trajectories import open_trajectory
from sundog.units import FEMTOSECOND, KCAL_PER_MOL

CELL = np.array([[11.0, 0.0, 0.0], [2.0, 12.0, 0.0], [-3.0, 1.0, 13.0]])


def water(**cell) -> Atoms:
    atoms = molecule("H2O", **cell)
    atoms.info = {"charge": -1, "spin": 2}
    return atoms


def every_extra(random: np.random.Generator) -> dict:
    return {
        "velocities": random.normal(size=(3, 3)),
        "momenta": random.normal(size=(3, 3)),
        "forces": random.normal(size=(3, 3)),
        "charges": random.normal(size=3),
        "hirshfeld_ratios": random.normal(size=3),
        "energy": -1 / 3,
        "term_energies": {"zbl": 1 / 7, "dispersion": -1 / 9},
        "dipole": random.normal(size=3),
        "stress": random.normal(size=(3, 3)),
    }


def test_the_layout_is_that_of_the_specification(tmp_path):
    path, atoms = tmp_path / "t.h5md", water(cell=CELL, pbc=[True, True, False])
    with open_trajectory(path, atoms) as writer:
        for i in range(3):
            writer.write(atoms.positions + i, CELL, 0.5 * i, 10 * i)
    with h5py.File(path) as file:
        assert file["h5md"].attrs["version"].tolist() == [1, 1]
        assert file["h5md/creator"].attrs["name"] == "sundog"
        assert file["h5md/modules/units"].attrs["version"].tolist() == [1, 0]
        group = file["particles/atoms"]
        assert group["species"][()].tolist() == [8, 1, 1]
        np.testing.assert_allclose(group["mass"], atoms.get_masses())
        assert group["box"].attrs["dimension"] == 3
        assert group["box"].attrs["boundary"].tolist() == [b"periodic", b"periodic", b"none"]
        np.testing.assert_array_equal(group["box/edges/value"], [CELL] * 3)
        for element in ("position", "box/edges"):
            assert group[f"{element}/value"].attrs["unit"] == "Angstrom"
            assert group[f"{element}/step"][()].tolist() == [0, 10, 20]
            assert group[f"{element}/time"][()].tolist() == [0.0, 0.5, 1.0]
            assert group[f"{element}/time"].attrs["unit"] == "ps"
        np.testing.assert_allclose(group["position/value"][2], atoms.positions + 2, rtol=1e-6)
        assert file["parameters/charge"][()] == -1
        assert file["parameters/multiplicity"][()] == 2


def test_a_structure_without_a_cell_has_a_box_without_edges(tmp_path):
    with open_trajectory(tmp_path / "t.h5md", water()) as writer:
        writer.write(np.zeros((3, 3)), np.zeros((3, 3)), 0.0, 0)
    with h5py.File(tmp_path / "t.h5md") as file:
        assert file["particles/atoms/box"].attrs["boundary"].tolist() == [b"none"] * 3
        assert "edges" not in file["particles/atoms/box"]


def test_every_extra_comes_with_its_unit(tmp_path):
    path, extras = tmp_path / "t.h5md", every_extra(np.random.default_rng(0))
    with open_trajectory(path, water(), extras=list(extras)) as writer:
        writer.write(np.zeros((3, 3)), np.zeros((3, 3)), 0.0, 0, extras)
    kj_per_mol = 4.184 / KCAL_PER_MOL
    expected = {
        "particles/atoms/velocity": (extras["velocities"], "Angstrom fs-1"),
        "particles/atoms/momentum": (extras["momenta"] * FEMTOSECOND, "u Angstrom fs-1"),
        "particles/atoms/force": (extras["forces"] * kj_per_mol, "kJ mol-1 Angstrom-1"),
        "particles/atoms/charge": (extras["charges"], "e"),
        "particles/atoms/hirshfeld_ratio": (extras["hirshfeld_ratios"], None),
        "observables/potential_energy": (-1 / 3, "eV"),
        "observables/energy_zbl": (1 / 7, "eV"),
        "observables/energy_dispersion": (-1 / 9, "eV"),
        "observables/dipole": (extras["dipole"], "e Angstrom"),
        "observables/stress": (extras["stress"], "eV Angstrom-3"),
    }
    with h5py.File(path) as file:
        for name, (value, unit) in expected.items():
            precision = 2e-7 if name.startswith("particles") else 0
            np.testing.assert_allclose(file[f"{name}/value"][0], value, rtol=precision)
            assert file[f"{name}/value"].attrs.get("unit") == unit
            assert file[f"{name}/step"] == file["particles/atoms/position/step"]


@pytest.mark.parametrize("resume", [False, True])
def test_all_frames_carry_the_same(tmp_path, resume):
    path, frame = tmp_path / "t.h5md", (np.zeros((3, 3)), np.zeros((3, 3)), 0.0, 0)
    writer = open_trajectory(path, water())
    writer.write(*frame, {"energy": 1.0})
    if resume:
        writer.close()
        writer = open_trajectory(path, water(), resume_at=1)
    with pytest.raises(InputError, match=r"carry the same \(got forces\).*potential_energy"):
        writer.write(*frame, {"forces": np.zeros((3, 3))})
    writer.write(*frame, {"energy": 2.0})
    writer.close()
    with h5py.File(path) as file:
        assert file["observables/potential_energy/value"][()].tolist() == [1.0, 2.0]


def test_long_trajectories_resumed_in_the_middle(tmp_path):
    path, atoms = tmp_path / "t.h5md", water(cell=CELL, pbc=True)
    for start, stop in [(None, 270), (250, 260), (3, 5), (5, 20)]:
        with open_trajectory(path, atoms, resume_at=start) as writer:
            for i in range(start or 0, stop):
                writer.write(np.full((3, 3), i), CELL, i, i)
        with h5py.File(path) as file:
            assert file["particles/atoms/position/step"][()].tolist() == list(range(stop))
            assert file["particles/atoms/position/value"][:, 2, 1].tolist() == list(range(stop))


@pytest.mark.parametrize(("suffix", "trials"), [(".h5md", 25), (".dcd", 5)])
def test_no_kill_costs_a_frame(tmp_path, suffix, trials):
    command = [sys.executable, killed_writers.__file__, str(tmp_path / f"t{suffix}"), str(trials)]
    source = Path(__file__).parents[3] / "src"
    run = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": str(source)})
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{trials} writers killed" in run.stdout
