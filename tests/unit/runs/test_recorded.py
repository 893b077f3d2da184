"""Runs opened for analysis: what is found, what is said, what is refused; nothing is changed."""

import numpy as np
import pytest

from sundog.analysis.carry_out import analyze
from sundog.analysis.choices import Choices
from sundog.errors import FileFormatError, InputError, RunDirectoryError
from sundog.locks import lock_folder
from sundog.runs.recorded import open_recordings
from written_runs import moving, waters, written_run


@pytest.fixture
def run(tmp_path):
    atoms = waters()
    return written_run(tmp_path / "run", atoms, moving(atoms))


def files_of(folder):
    return {one: one.stat().st_mtime_ns for one in [folder, *folder.rglob("*")]}


@pytest.mark.parametrize("suffix", ["xtc", "dcd", "h5md", "extxyz"])
def test_a_run_is_opened_and_not_changed(suffix, tmp_path):
    atoms = waters()
    positions = moving(atoms)
    folder = written_run(tmp_path / "run", atoms, positions, suffix=suffix)
    before = files_of(folder)
    (one,) = open_recordings([folder])
    (frames,) = one.frames()
    assert frames.positions == pytest.approx(positions, abs=6e-3)
    assert one.name == "run"
    assert one.wrapping == "unwrapped"
    assert one.temperature_kelvin == 300
    assert one.energies["time_ps"][-1] == pytest.approx(0.11)
    assert len(one.topology.bonds.first) == 6
    assert one.said == ()
    assert files_of(folder) == before


def test_marks_and_ends_are_said(tmp_path):
    atoms = waters()
    folder = written_run(
        tmp_path / "run", atoms, moving(atoms), resumed=[{"step": 40}, {"step": 80}], wrap=True
    )
    (folder / "final.extxyz").unlink()
    (one,) = open_recordings([folder])
    assert one.resumed_ps == pytest.approx((0.04, 0.08))
    assert one.wrapping == "molecules"
    assert any("has not ended" in line for line in one.said)
    assert any("continued at 0.04, 0.08 ps" in line for line in one.said)


def test_a_run_that_goes_on_is_refused_or_said(run):
    with lock_folder(run):
        with pytest.raises(RunDirectoryError, match="going on"):
            open_recordings([run])
        (one,) = open_recordings([run], unfinished=True)
        assert "going on" in one.said[0]
    (run / ".lock").touch()  # left by a run that was killed
    assert open_recordings([run])[0].said == ()


def test_bad_folders_are_refused(run, tmp_path):
    with pytest.raises(RunDirectoryError, match="no run here"):
        open_recordings([tmp_path])
    trajectory = run / "trajectory.xtc"
    whole = trajectory.read_bytes()
    trajectory.write_bytes(b"")
    with pytest.raises(FileFormatError, match="empty"):
        open_recordings([run])
    trajectory.write_bytes(whole[:-5])
    (one,) = open_recordings([run])
    with pytest.raises(FileFormatError, match=r"ends within a frame.*11 frames before"):
        list(one.frames())
    analyze([one], ["bonds"], Choices(from_ps=0.0, to_ps=0.1))
    with pytest.raises(FileFormatError, match="ends within a frame"):
        analyze([one], ["bonds"], Choices(from_ps=0.0))
    trajectory.unlink()
    with pytest.raises(FileFormatError, match="no trajectory"):
        open_recordings([run])
    (run / "input.xyz").unlink()
    with pytest.raises(RunDirectoryError, match="gone"):
        open_recordings([run])


def test_bare_trajectories_need_a_topology(run):
    with pytest.raises(InputError, match="does not name its atoms"):
        open_recordings([run / "trajectory.xtc"])
    (one,) = open_recordings([run / "trajectory.xtc"], run / "topology.pdb")
    assert one.wrapping == "unknown"
    assert len(one.topology) == 9
    with pytest.raises(FileFormatError, match="no such run or file"):
        open_recordings([run / "nothing"])


def test_structure_files_are_recordings_of_their_frames(run):
    (one,) = open_recordings([run / "topology.pdb"])
    assert sum(len(chunk) for chunk in one.frames()) == 1
    (several,) = open_recordings([run / "final.extxyz"])
    assert several.atoms.cell.rank == 3


def test_replicas_are_recordings_of_their_own(tmp_path):
    atoms = waters()
    folder = written_run(tmp_path / "run", atoms, moving(atoms), replicas=2)
    for k in range(2):
        own = folder / f"replica-{k:02d}"
        own.mkdir()
        for name in ("trajectory.xtc", "energies.csv"):
            (own / name).write_bytes((folder / name).read_bytes())
    assert [one.name for one in open_recordings([folder])] == ["run-00", "run-01"]


def test_molecules_that_the_input_tears_are_whole_in_the_run(tmp_path):
    atoms = waters()
    whole = moving(atoms)
    atoms.positions[1] += atoms.cell[0]  # one hydrogen of the input is a cell away
    folder = written_run(tmp_path / "run", atoms, whole)
    (one,) = open_recordings([folder])
    (frames,) = one.frames()
    placed = one.whole(frames)
    assert placed == pytest.approx(whole, abs=6e-3)
    assert np.linalg.norm(one.atoms.positions[1] - one.atoms.positions[0]) < 1.2
