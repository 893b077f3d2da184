import mdtraj
import numpy as np
import pytest

from sundog.numerics.dihedrals import dihedral_angles


def test_dihedral_angles_are_those_of_mdtraj():
    positions = np.random.default_rng(2).normal(size=(5, 8, 3))
    four = np.array([[0, 1, 2, 3], [4, 5, 6, 7], [7, 3, 1, 0]])
    trajectory = mdtraj.Trajectory(positions.astype(np.float32), None)
    expected = np.degrees(mdtraj.compute_dihedrals(trajectory, four, periodic=False))
    assert dihedral_angles(positions, four) == pytest.approx(expected, abs=1e-2)
    assert dihedral_angles(positions[0], four[0]) == pytest.approx(expected[0, 0], abs=1e-2)
