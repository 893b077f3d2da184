import numpy as np

from random_cells import random_cell
from sundog.numerics.heights import heights


def test_heights_are_volume_over_face():
    cell = random_cell(np.random.default_rng(1))
    faces = np.linalg.norm(np.cross(np.roll(cell, -1, axis=0), np.roll(cell, -2, axis=0)), axis=1)
    np.testing.assert_allclose(heights(cell), abs(np.linalg.det(cell)) / faces)
