"""Tetrahedral order of diamond's lattice and of random places."""

import numpy as np
import pytest

from recordings import CELLS
from sundog.analysis.liquids.tetrahedral import tetrahedral_order


def test_the_lattice_of_diamond_is_perfect():
    half = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    places = 6.4 * np.vstack([half, half + 0.25])
    assert tetrahedral_order(places, 6.4 * np.eye(3)) == pytest.approx(np.ones(8))


@pytest.mark.parametrize("shape", CELLS)
def test_random_places_have_no_order(shape):
    cell = CELLS[shape]
    places = np.random.default_rng(1).uniform(size=(3000, 3)) @ cell
    assert tetrahedral_order(places, cell).mean() == pytest.approx(0, abs=0.03)
