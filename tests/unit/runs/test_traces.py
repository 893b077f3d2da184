"""What a run that was killed at its start has left is not taken for one that had begun."""

import pytest
from ase.build import molecule

from sundog.errors import RunDirectoryError
from sundog.io.extxyz import write_extxyz
from sundog.io.pdb import write_topology
from sundog.io.topologies import topology_from_atoms
from sundog.io.trajectories import WRITERS, open_trajectory
from sundog.runs.directory import RunDirectory
from sundog.runs.traces import begun, find_checkpoint


@pytest.fixture
def started(tmp_path):
    """Return a run whose provenance, structure and settings are there."""
    run = RunDirectory.create(tmp_path / "run")
    run.write_provenance({"weights": {"sha256": ""}, "input": {"file": "input.extxyz"}})
    write_extxyz(run.path / "input.extxyz", molecule("H2O"))
    run.write_config({"steps": 10})
    run.release()
    return run


def write_frames(run, suffix, count):
    atoms = molecule("H2O")
    write_topology(run.topology, topology_from_atoms(atoms))
    with open_trajectory(run.trajectory(suffix), atoms) as writer:
        for number in range(count):
            writer.write(atoms.positions, atoms.cell.array, 0.5 * number, number)


@pytest.mark.parametrize("suffix", sorted(WRITERS))
def test_the_frame_of_the_start_is_no_progress_and_a_second_one_is(started, suffix):
    for count in (0, 1):
        write_frames(started, suffix, count)
        assert find_checkpoint(started, pytest.fail) is None
    write_frames(started, suffix, 2)
    assert begun(started) == started.trajectory(suffix)
    with pytest.raises(RunDirectoryError, match="the checkpoints are gone"):
        find_checkpoint(started, pytest.fail)


@pytest.mark.parametrize("suffix", sorted(WRITERS))
def test_a_trajectory_that_was_damaged_is_not_thrown_away(started, suffix):
    write_frames(started, suffix, 3)
    path = started.trajectory(suffix)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 5])
    assert begun(started) == path
