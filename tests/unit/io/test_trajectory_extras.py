"""Extras of frames: who can carry them, and what must be given."""

import ase
import ase.io
import h5py
import numpy as np
import pytest

from rows_of_water import waters
from sundog.errors import InputError
from sundog.io.trajectories import WRITERS, open_trajectory

FORMATS = sorted(WRITERS)


@pytest.mark.parametrize(("suffix", "extra"), [(".xtc", "forces"), (".dcd", "velocities")])
def test_extras_that_a_format_cannot_carry_are_refused(tmp_path, suffix, extra):
    with pytest.raises(InputError, match=rf"\{suffix}.*{extra}.*\.extxyz or \.h5md"):
        open_trajectory(tmp_path / f"t{suffix}", waters(), extras=["energy", extra])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", FORMATS)
def test_unknown_extras_are_refused(tmp_path, suffix):
    with pytest.raises(InputError, match=r"got speed.*velocities, momenta"):
        open_trajectory(tmp_path / f"t{suffix}", waters(), extras=["speed"])
    with (
        open_trajectory(tmp_path / f"t{suffix}", waters()) as writer,
        pytest.raises(InputError, match="got speed"),
    ):
        writer.write(waters().positions, np.zeros((3, 3)), 0.0, 0, {"speed": 1.0})


@pytest.mark.parametrize("suffix", [".extxyz", ".h5md"])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, r"lacks.*got none.*forces"),
        ({"forces": np.zeros((2, 3))}, r"forces.*got shape \(2, 3\).*\(12, 3\)"),
        ({"forces": {"zbl": 1.0}}, "got a mapping"),
    ],
)
def test_selected_extras_must_be_given(tmp_path, suffix, given, message):
    atoms = waters()
    with open_trajectory(tmp_path / f"t{suffix}", atoms, extras=["forces"]) as writer:
        with pytest.raises(InputError, match=message):
            writer.write(atoms.positions, np.zeros((3, 3)), 0.0, 0, given)
        assert writer.position == 0
        extras = {"forces": atoms.positions, "energy": 1.0}
        writer.write(atoms.positions, np.zeros((3, 3)), 0.0, 0, extras)
    if suffix == ".extxyz":
        assert ase.io.read(tmp_path / "t.extxyz").calc.results.keys() == {"forces"}
    else:
        with h5py.File(tmp_path / "t.h5md") as file:
            assert "observables" not in file


def test_extxyz_carries_every_extra_and_says_the_unit_of_velocities(tmp_path):
    atoms, random = waters(), np.random.default_rng(0)
    extras = {
        "velocities": random.normal(size=(12, 3)),
        "hirshfeld_ratios": random.normal(size=12),
        "term_energies": {"zbl": 1 / 3, "dispersion": -1 / 7},
        "dipole": random.normal(size=3),
    }
    with open_trajectory(tmp_path / "t.extxyz", atoms, extras=list(extras)) as writer:
        writer.write(atoms.positions, np.zeros((3, 3)), 0.0, 0, extras)
    read = ase.io.read(tmp_path / "t.extxyz")
    assert isinstance(read, ase.Atoms)
    assert read.info["velocities_unit"] == "Angstrom/fs"
    assert (read.info["energy_zbl"], read.info["energy_dispersion"]) == (1 / 3, -1 / 7)
    np.testing.assert_array_equal(read.arrays["velocities"], extras["velocities"])
    np.testing.assert_array_equal(read.arrays["hirshfeld_ratios"], extras["hirshfeld_ratios"])
    np.testing.assert_array_equal(read.get_dipole_moment(), extras["dipole"])


def test_charge_and_multiplicity_are_written(tmp_path):
    atoms = waters()
    atoms.info = {"charge": 0, "spin": 1}
    for suffix in (".extxyz", ".h5md"):
        path = tmp_path / f"t{suffix}"
        with open_trajectory(path, atoms) as writer:
            writer.write(atoms.positions, np.zeros((3, 3)), 0.0, 0)
    info = ase.io.read(tmp_path / "t.extxyz").info
    assert info == {"charge": 0, "spin": 1, "time_ps": 0.0, "step": 0}
    with h5py.File(tmp_path / "t.h5md") as file:
        assert (file["parameters/charge"][()], file["parameters/multiplicity"][()]) == (0, 1)
