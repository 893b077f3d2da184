"""Frames as arrays from every format, and files that are damaged."""

import numpy as np
import pytest
from ase import Atoms

from sundog.errors import FileFormatError
from sundog.io.trajectories import open_trajectory
from sundog.io.trajectories.chunks import read_chunks
from sundog.io.trajectories.extras import EXTRAS

CELL = np.array([[9.0, 0, 0], [1.0, 8.0, 0], [-1.0, 2.0, 10.0]])
ATOMS = Atoms("OHHAr", np.random.default_rng(1).uniform(0, 8, (4, 3)), cell=CELL, pbc=True)
FRAMES = 11


def written(path, extras=False, frames=FRAMES, atoms=ATOMS):
    random = np.random.default_rng(2)
    held = []
    with open_trajectory(path, atoms) as file:
        for k in range(frames):
            positions = atoms.positions + random.normal(size=(len(atoms), 3))
            cell = CELL * (1 + 0.01 * k)
            more = {
                "velocities": random.normal(size=(len(atoms), 3)),
                "charges": random.normal(size=len(atoms)),
                "energy": float(k),
                "dipole": random.normal(size=3),
                "forces": random.normal(size=(len(atoms), 3)),
                "term_energies": {"zbl": float(2 * k)},
            }
            file.write(positions, cell, 0.5 * k, 10 * k, more if extras else {})
            held.append((positions, cell, more))
    return held


@pytest.mark.parametrize("suffix", ["xtc", "dcd", "h5md", "extxyz"])
@pytest.mark.parametrize("size", [1, 4, 100, None])
def test_all_frames_with_their_times_and_cells(suffix, size, tmp_path):
    path = tmp_path / f"trajectory.{suffix}"
    held = written(path)
    chunks = list(read_chunks(path, ATOMS, size))
    assert [len(one) for one in chunks] == (
        [1] * 11 if size == 1 else [4, 4, 3] if size == 4 else [11]
    )
    positions = np.concatenate([one.positions for one in chunks])
    assert positions == pytest.approx(np.stack([one for one, _, _ in held]), abs=6e-3)
    assert np.concatenate([one.times for one in chunks]) == pytest.approx(0.5 * np.arange(11))
    cells = np.concatenate([one.cells for one in chunks])
    assert cells == pytest.approx(np.stack([one for _, one, _ in held]), abs=1e-3)


@pytest.mark.parametrize("suffix", ["h5md", "extxyz"])
def test_extras_are_what_was_written(suffix, tmp_path):
    path = tmp_path / f"trajectory.{suffix}"
    held = written(path, extras=True)
    (one,) = read_chunks(path, ATOMS)
    assert set(one.extras) >= {"velocities", "charges", "energy", "dipole", "forces", "energy_zbl"}
    assert set(one.extras) <= {*EXTRAS, "energy_zbl"}
    for name in ("velocities", "charges", "energy", "dipole", "forces"):
        expected = np.stack([np.asarray(more[name]) for _, _, more in held])
        assert one.extras[name] == pytest.approx(expected, abs=1e-5)
    assert one.extras["energy_zbl"] == pytest.approx(2.0 * np.arange(FRAMES))
    some = one[np.array([1, 3])]
    assert some.extras["energy"].tolist() == [1, 3]


@pytest.mark.parametrize("suffix", ["xtc", "dcd", "extxyz"])
def test_a_file_that_ends_within_a_frame_is_refused(suffix, tmp_path):
    path = tmp_path / f"trajectory.{suffix}"
    written(path)
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(FileFormatError, match="damaged"):
        list(read_chunks(path, ATOMS))


@pytest.mark.parametrize("suffix", ["xtc", "dcd", "h5md", "extxyz"])
def test_other_atoms_are_refused(suffix, tmp_path):
    path = tmp_path / f"trajectory.{suffix}"
    written(path)
    with pytest.raises(FileFormatError, match="not of this structure"):
        list(read_chunks(path, ATOMS[:2]))


def test_a_changing_number_of_atoms_is_refused(tmp_path):
    path = tmp_path / "trajectory.extxyz"
    written(path)
    first = path.read_text()
    written(path, atoms=ATOMS[:3])
    path.write_text(first + path.read_text())
    with pytest.raises(FileFormatError, match=r"frame 11.*3 atoms"):
        list(read_chunks(path, ATOMS, 4))


@pytest.mark.parametrize("suffix", ["xtc", "dcd", "h5md", "extxyz"])
def test_an_empty_file_has_no_frames(suffix, tmp_path):
    path = tmp_path / f"trajectory.{suffix}"
    path.touch()
    assert list(read_chunks(path, ATOMS)) == []


def test_what_is_no_trajectory_is_refused(tmp_path):
    with pytest.raises(FileFormatError, match="no such trajectory"):
        list(read_chunks(tmp_path / "a.xtc", ATOMS))
    (tmp_path / "a.trr").write_text("x")
    with pytest.raises(FileFormatError, match="sundog writes no such"):
        list(read_chunks(tmp_path / "a.trr", ATOMS))
