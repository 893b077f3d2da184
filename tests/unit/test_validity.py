"""Numbers that are no structure are refused."""

import numpy as np
import pytest

from sundog.errors import CellError, StructureError
from sundog.validity import FARTHEST, check_atoms, check_cell

ALL = np.ones(3, bool)


@pytest.mark.parametrize("value", [1e9, -1e30, 2 * FARTHEST])
def test_coordinates_that_overflow(value):
    positions = np.zeros((2, 3))
    positions[1, 2] = value
    with pytest.raises(StructureError, match=r"1 atom\(s\) are too far from the origin.*atom 1"):
        check_atoms(positions, np.array([1, 1]))


def test_coordinates_up_to_the_bound():
    check_atoms(np.full((1, 3), FARTHEST), np.array([1]))


@pytest.mark.parametrize(
    ("cell", "pbc", "words"),
    [
        (np.diag([1e200, 10, 10]), ALL, "too long"),
        (np.diag([10, 10, 0.9]), ALL, r"too thin along c.*0\.9 Å.*at least 1 Å"),
        ([[12, 0, 0], [1200, 0.01, 0], [0, 0, 12]], ALL, r"too thin along a"),
        (np.diag([0.02, 10, 10]), np.array([True, False, False]), r"too thin along a"),
        (np.diag([10, 10, 0]), ALL, "no volume"),
        (np.diag([10, np.nan, 10]), ALL, "three finite"),
    ],
)
def test_cells_that_cannot_be_repeated(cell, pbc, words):
    with pytest.raises(CellError, match=words):
        check_cell(np.array(cell, np.float64), pbc)


def test_directions_that_are_not_periodic_may_be_flat():
    check_cell(np.diag([10.0, 10.0, 0.0]), np.array([True, True, False]))
    check_cell(np.diag([0.1, 0.1, 0.1]), np.zeros(3, bool))
    check_cell(np.array([[4.0, 0, 0], [3.9, 1.1, 0], [0, 0, 5]]), ALL)
