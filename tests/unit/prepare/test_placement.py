"""Places of atoms by length, angle and dihedral."""

import numpy as np
import pytest

from sundog.numerics.dihedrals import dihedral_angles
from sundog.prepare.peptides.placement import place, turned

A, B, C = np.array([[1.0, 1.0, 0.3], [0.0, 0.0, 0.0], [1.5, 0.0, 0.0]])


@pytest.mark.parametrize("dihedral", [-150.0, -60.0, 0.0, 50.0, 179.0])
def test_a_place_has_the_length_angle_and_dihedral_asked_for(dihedral):
    x = place(C, B, A, 1.1, 110.0, dihedral)
    assert np.linalg.norm(x - C) == pytest.approx(1.1)
    cosine = (x - C) @ (B - C) / 1.1 / 1.5
    assert np.degrees(np.arccos(cosine)) == pytest.approx(110.0)
    assert dihedral_angles(np.stack([x, C, B, A]), np.arange(4)) == pytest.approx(dihedral)


def test_a_turn_about_a_bond_adds_to_the_dihedral():
    x = place(C, B, A, 1.1, 110.0, 50.0)
    y = turned(x[None], B, C, 30.0)[0]
    assert dihedral_angles(np.stack([y, C, B, A]), np.arange(4)) == pytest.approx(80.0)
    assert np.linalg.norm(y - C) == pytest.approx(1.1)
