"""The contract of every trajectory format, and what each one carries."""

import errno
import os
import struct
from collections import deque

import ase
import ase.io
import h5py
import mdtraj
import numpy as np
import pytest
from mdtraj.formats import DCDTrajectoryFile, XTCTrajectoryFile

from rows_of_water import waters
from sundog.errors import InputError, RunDirectoryError
from sundog.io.pdb import write_topology
from sundog.io.topologies import topology_from_atoms
from sundog.io.trajectories import WRITERS, held_up_to, open_trajectory
from sundog.io.trajectories.dcd import (
    FRAME_COUNT_OFFSETS,
    STEPS_OFFSET,
    TIMESTEP_OFFSET,
    TITLE,
)
from sundog.io.trajectories.frames import read_frames

FORMATS = sorted(WRITERS)
WITHOUT_ORIENTATION = [".dcd", ".xtc"]
"""Formats whose readers know lengths and angles of the cell only."""

PRECISION = {".xtc": 0.0051, ".dcd": 2e-6, ".extxyz": 0.0, ".h5md": 2e-6}
DISK = {".xtc": 3000, ".dcd": 3000, ".extxyz": 3000, ".h5md": 60_000}
"""Bytes that hold some frames, but not a hundred."""

TRICLINIC = np.array([[11.0, 0.0, 0.0], [2.0, 12.0, 0.0], [-3.0, 1.0, 13.0]])


def walk(atoms: ase.Atoms, frames: int) -> np.ndarray:
    steps = np.random.default_rng(0).normal(scale=0.1, size=(frames, len(atoms), 3))
    return atoms.positions + np.cumsum(steps, axis=0)


def write_frames(path, atoms, positions, first: int = 0, resume_at: int | None = None) -> list[int]:
    """Write frames half a picosecond and ten steps apart; return the position after each."""
    places = []
    with open_trajectory(path, atoms, resume_at) as writer:
        for i, frame in enumerate(positions, start=first):
            writer.write(frame, atoms.cell.array, 0.5 * i, 10 * i)
            places.append(writer.position)
        writer.flush()
    return places


def load(path, atoms) -> mdtraj.Trajectory:
    """Load a trajectory as a user does, with the topology beside it."""
    topology = path.with_name("topology.pdb")
    write_topology(topology, topology_from_atoms(atoms))
    cells = None
    if path.suffix == ".extxyz":
        frames = ase.io.read(path, index=":")
        positions = np.array([frame.positions for frame in frames])
        if frames[0].pbc.all():
            cells = np.array([frame.cell.array for frame in frames])
    elif path.suffix == ".h5md":
        with h5py.File(path) as file:
            positions = file["particles/atoms/position/value"][()]
            if "particles/atoms/box/edges" in file:
                cells = file["particles/atoms/box/edges/value"][()]
    else:
        return mdtraj.load(path, top=topology)
    trajectory = mdtraj.Trajectory(positions / 10, mdtraj.load_topology(topology))
    trajectory.unitcell_vectors = None if cells is None else cells / 10
    return trajectory


def contents(path) -> object:
    """Return what two files of the same frames have in common."""
    if path.suffix != ".h5md":
        return path.read_bytes()
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: found.update(
                {name: item[()].tolist()} if "shape" in dir(item) else {}
            )
        )
    return found


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("cell", [None, np.diag([20.0, 21.0, 22.0]), TRICLINIC])
def test_frames_and_cell_come_back(tmp_path, suffix, cell):
    atoms = waters(cell)
    positions = walk(atoms, 5)
    path = tmp_path / f"t{suffix}"
    write_frames(path, atoms, positions)
    trajectory = load(path, atoms)
    assert [residue.name for residue in trajectory.topology.residues] == ["HOH"] * 4
    np.testing.assert_allclose(10 * trajectory.xyz, positions, atol=PRECISION[suffix] + 2e-6)
    if cell is None:
        assert trajectory.unitcell_vectors is None
    else:
        np.testing.assert_allclose(10 * trajectory.unitcell_vectors[3], cell, atol=1e-4)


@pytest.mark.parametrize("suffix", WITHOUT_ORIENTATION)
@pytest.mark.parametrize("handedness", [1, -1])
def test_a_turned_cell_keeps_distances_to_images(tmp_path, suffix, handedness):
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]
    cell = TRICLINIC @ (turn * np.sign(np.linalg.det(turn)))
    atoms = waters(cell if handedness > 0 else cell[[1, 0, 2]])
    assert atoms.cell.handedness == handedness
    path = tmp_path / f"t{suffix}"
    atoms.positions = walk(atoms, 1)[0]
    write_frames(path, atoms, [atoms.positions])
    trajectory = load(path, atoms)
    pairs = np.array([(i, j) for i in range(12) for j in range(i)])
    distances = mdtraj.compute_distances(trajectory, pairs)[0]
    expected = atoms.get_all_distances(mic=True)[pairs[:, 0], pairs[:, 1]]
    np.testing.assert_allclose(10 * distances, expected, atol=0.02)
    # A mirror image would have the same distances.
    chirality = np.linalg.det(np.diff(atoms.positions[[0, 1, 2, 4]], axis=0))
    found = np.linalg.det(10 * np.diff(trajectory.xyz[0, [0, 1, 2, 4]], axis=0))
    assert found == pytest.approx(chirality, abs=0.1)
    assert abs(chirality) > 0.5


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_resumed_file_is_the_file_of_one_run(tmp_path, suffix):
    atoms = waters(TRICLINIC)
    positions = walk(atoms, 6)
    whole, resumed = tmp_path / f"whole{suffix}", tmp_path / f"resumed{suffix}"
    write_frames(whole, atoms, positions)
    places = write_frames(resumed, atoms, positions[:5])
    write_frames(resumed, atoms, positions[3:], first=3, resume_at=places[2])
    assert contents(resumed) == contents(whole)


@pytest.mark.parametrize("suffix", FORMATS)
def test_resuming_from_nothing(tmp_path, suffix):
    atoms = waters()
    whole, resumed = tmp_path / f"whole{suffix}", tmp_path / f"resumed{suffix}"
    write_frames(whole, atoms, walk(atoms, 2))
    write_frames(resumed, atoms, walk(atoms, 1))
    write_frames(resumed, atoms, walk(atoms, 2), resume_at=0)
    assert contents(resumed) == contents(whole)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_that_lost_its_end_is_not_continued(tmp_path, suffix):
    atoms = waters()
    path = tmp_path / f"t{suffix}"
    (place,) = write_frames(path, atoms, walk(atoms, 1))
    assert held_up_to(path, place)
    before = path.read_bytes()[:-5]
    path.write_bytes(before)
    assert not held_up_to(path, place)
    assert held_up_to(path, 0)
    with pytest.raises(RunDirectoryError, match=f"shorter.*at least {place}"):
        open_trajectory(path, atoms, resume_at=place)
    assert path.read_bytes() == before


@pytest.mark.parametrize("suffix", FORMATS)
def test_how_much_is_held_is_told_without_touching_the_file(tmp_path, suffix):
    atoms = waters(TRICLINIC)
    path = tmp_path / f"t{suffix}"
    places = write_frames(path, atoms, walk(atoms, 3))
    before = path.read_bytes()
    assert all(held_up_to(path, place) for place in [0, *places])
    assert not held_up_to(path, places[-1] + 1)
    assert path.read_bytes() == before
    assert not held_up_to(tmp_path / f"nothing{suffix}", 0)


@pytest.mark.parametrize("suffix", FORMATS)
def test_writing_goes_on_after_a_full_disk(tmp_path, suffix, full_disk):
    atoms = waters(TRICLINIC)
    positions = walk(atoms, 100)
    path = tmp_path / f"t{suffix}"
    with open_trajectory(path, atoms) as writer:
        with full_disk(DISK[suffix]), pytest.raises(RunDirectoryError):
            deque(writer.write(frame, atoms.cell.array, 0.0, 0) for frame in positions)
        held = len(load(path, atoms))
        writer.write(positions[held], atoms.cell.array, 0.0, 0)
    trajectory = load(path, atoms)
    np.testing.assert_allclose(10 * trajectory.xyz, positions[: held + 1], atol=0.01)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_disk_that_fails_late_is_told_before_a_checkpoint(tmp_path, suffix, monkeypatch):
    def fail(_):
        raise OSError(errno.EIO, "Input/output error")

    atoms = waters()
    with open_trajectory(tmp_path / f"t{suffix}", atoms) as writer:
        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(RunDirectoryError, match=r"could not be written.*Input/output error"):
            write_and_flush(writer, atoms)


def write_and_flush(writer, atoms) -> None:
    writer.write(atoms.positions, np.zeros((3, 3)), 0.0, 0)
    writer.flush()


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_full_disk_leaves_whole_frames(tmp_path, suffix, full_disk):
    atoms = waters(TRICLINIC)
    positions = walk(atoms, 100)
    path = tmp_path / f"t{suffix}"
    message = r"could not be written.*holds the \d+ bytes"
    with full_disk(DISK[suffix]), pytest.raises(RunDirectoryError, match=message):
        write_frames(path, atoms, positions)
    assert 0 < path.stat().st_size <= DISK[suffix]
    trajectory = load(path, atoms)
    assert 0 < len(trajectory) < 100
    np.testing.assert_allclose(10 * trajectory.xyz[-1], positions[len(trajectory) - 1], atol=0.01)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_without_frames_is_empty(tmp_path, suffix):
    open_trajectory(tmp_path / f"t{suffix}", waters()).close()
    assert (tmp_path / f"t{suffix}").read_bytes() == b""


@pytest.mark.parametrize("suffix", FORMATS)
def test_frames_of_another_size_are_refused(tmp_path, suffix):
    with (
        open_trajectory(tmp_path / f"t{suffix}", waters()) as writer,
        pytest.raises(InputError, match=r"got 2 atoms.*12"),
    ):
        writer.write(np.zeros((2, 3)), np.zeros((3, 3)), 0.0, 0)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_folder_that_is_not_there(tmp_path, suffix):
    with pytest.raises(RunDirectoryError, match="No such file or directory"):
        open_trajectory(tmp_path / "nowhere" / f"t{suffix}", waters())


def test_an_unknown_suffix_says_what_is_accepted(tmp_path):
    with pytest.raises(InputError, match=r"t\.trr.*\.xtc or \.dcd or \.extxyz or \.h5md"):
        open_trajectory(tmp_path / "t.trr", waters())
    assert list(tmp_path.iterdir()) == []


def test_xtc_carries_time_and_step(tmp_path):
    atoms = waters()
    write_frames(tmp_path / "t.xtc", atoms, walk(atoms, 3))
    with XTCTrajectoryFile(str(tmp_path / "t.xtc")) as file:
        _, time, step, box = file.read()
    assert time.tolist() == [0.0, 0.5, 1.0]
    assert step.tolist() == [0, 10, 20]
    assert box is None


@pytest.mark.parametrize("cell", [None, TRICLINIC])
def test_dcd_is_what_mdtraj_would_have_written_at_once(tmp_path, cell):
    atoms = waters(cell)
    ours, theirs = tmp_path / "ours.dcd", tmp_path / "theirs.dcd"
    write_frames(ours, atoms, walk(atoms, 4))
    box = {}
    if cell is not None:
        cellpar = np.tile(atoms.cell.cellpar(), (4, 1)).astype(np.float32)
        box = {"cell_lengths": cellpar[:, :3], "cell_angles": cellpar[:, 3:]}
    with DCDTrajectoryFile(str(theirs), "w") as file:
        file.write(walk(atoms, 4).astype(np.float32), **box)
    assert struct.unpack_from("<i", ours.read_bytes(), 8) == (4,)
    mine, other = (bytearray(path.read_bytes()[: TITLE.start]) for path in (ours, theirs))
    for header in (mine, other):  # mdtraj writes no times
        header[STEPS_OFFSET : STEPS_OFFSET + 8] = bytes(8)
        header[TIMESTEP_OFFSET : TIMESTEP_OFFSET + 4] = bytes(4)
    assert mine == other
    assert ours.read_bytes()[TITLE.stop :] == theirs.read_bytes()[TITLE.stop :]


@pytest.mark.parametrize("resumed_after", [None, 1, 2])
def test_dcd_says_the_times_of_its_frames(tmp_path, resumed_after):
    atoms = waters()
    path = tmp_path / "t.dcd"
    frames = walk(atoms, 4)
    places = write_frames(path, atoms, frames)
    if resumed_after is not None:
        at = places[resumed_after - 1]
        write_frames(path, atoms, frames[resumed_after:], resumed_after, resume_at=at)
    header = path.read_bytes()
    assert struct.unpack_from("<2i", header, STEPS_OFFSET) == (10, 10)
    (timestep,) = struct.unpack_from("<f", header, TIMESTEP_OFFSET)
    assert timestep * 48.88821 == pytest.approx(50, rel=1e-6)
    write_topology(tmp_path / "topology.pdb", topology_from_atoms(atoms))
    times = [one.info["time_ps"] for one in read_frames(path, atoms)]
    assert times == pytest.approx([0.0, 0.5, 1.0, 1.5], rel=1e-6)


@pytest.mark.parametrize("step", [2**31 - 1, 2**31, 2**40 + 5])
def test_xtc_counts_long_runs_from_0_again(tmp_path, step):
    atoms = waters()
    with open_trajectory(tmp_path / "t.xtc", atoms) as writer:
        writer.write(atoms.positions, atoms.cell.array, 1e-3 * step, step)
    with XTCTrajectoryFile(str(tmp_path / "t.xtc")) as file:
        assert file.read()[2].tolist() == [step % 2**31]


def test_dcd_counts_its_frames_as_soon_as_it_is_cut(tmp_path):
    atoms = waters(TRICLINIC)
    path = tmp_path / "t.dcd"
    places = write_frames(path, atoms, walk(atoms, 5))
    with open_trajectory(path, atoms, resume_at=places[1]):
        counts = [struct.unpack_from("<i", path.read_bytes(), at)[0] for at in FRAME_COUNT_OFFSETS]
        assert counts == [2, 2]
        assert len(load(path, atoms)) == 2


def test_dcd_is_not_cut_inside_a_frame(tmp_path):
    atoms = waters(TRICLINIC)
    path = tmp_path / "t.dcd"
    places = write_frames(path, atoms, walk(atoms, 3))
    before = path.read_bytes()
    with pytest.raises(RunDirectoryError, match="do not end where the checkpoint says"):
        open_trajectory(path, atoms, resume_at=places[1] - 4)
    assert path.read_bytes() == before


def test_extxyz_carries_exact_numbers_and_results(tmp_path):
    atoms = waters(TRICLINIC)
    atoms.info = {"charge": -1, "spin": 2, "energy_of_the_input": -3.0}
    random = np.random.default_rng(3)
    positions, forces, momenta = random.normal(size=(3, 12, 3))
    stress = random.normal(size=(3, 3))
    extras = {
        "energy": -1 / 3,
        "stress": stress + stress.T,
        "forces": forces,
        "momenta": momenta,
        "charges": np.arange(12) / 7,
    }
    with open_trajectory(tmp_path / "t.extxyz", atoms) as writer:
        writer.write(positions, TRICLINIC / 3, 1 / 3, 7, extras)
    read = ase.io.read(tmp_path / "t.extxyz")
    assert isinstance(read, ase.Atoms)
    assert read.info == {"charge": -1, "spin": 2, "time_ps": 1 / 3, "step": 7}
    assert read.get_potential_energy() == -1 / 3
    np.testing.assert_array_equal(read.positions, positions)
    np.testing.assert_array_equal(read.cell.array, TRICLINIC / 3)
    np.testing.assert_array_equal(read.get_forces(), forces)
    np.testing.assert_array_equal(read.get_momenta(), momenta)
    np.testing.assert_array_equal(read.get_charges(), np.arange(12) / 7)
    np.testing.assert_array_equal(read.get_stress(voigt=False), stress + stress.T)
