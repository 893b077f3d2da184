"""Distances in cells of all shapes against brute force over images."""

from itertools import product

import numpy as np
import pytest

from recordings import CELLS
from sundog.analysis.geometry import count_pairs, neighbours
from sundog.numerics.heights import heights


def brute(first, second, cell, reach):
    shifts = np.array(list(product(range(-3, 4), repeat=3))) @ cell
    apart = second[None, :, None] + shifts[None, None] - first[:, None, None]
    return np.linalg.norm(apart, axis=-1)


@pytest.mark.parametrize("shape", CELLS)
def test_pairs_are_those_of_all_images(shape):
    cell = CELLS[shape]
    random = np.random.default_rng(1)
    first, second = (random.uniform(-2, 3, (n, 3)) @ cell for n in (20, 30))
    edges = np.linspace(0.01, 0.9 * heights(cell).min(), 12)
    wrapped = [(f - np.floor(f)) @ cell for f in (x @ np.linalg.inv(cell) for x in (first, second))]
    expected = np.histogram(brute(*wrapped, cell, edges[-1]), edges)[0]
    assert count_pairs(first, second, cell, edges) == pytest.approx(expected)
    i, j, apart = neighbours(first, second, cell, edges[-1])
    lengths = np.linalg.norm(apart, axis=1)
    assert len(i) == (brute(*wrapped, cell, edges[-1]) <= edges[-1]).sum()
    # Each vector leads from the one to an image of the other.
    images = (second[j] - first[i] - apart) @ np.linalg.inv(cell)
    assert np.abs(images - np.round(images)).max() < 1e-9
    assert lengths.max() <= edges[-1]


def test_without_a_cell_there_are_no_images():
    first = np.array([[0.0, 0, 0], [5, 0, 0]])
    i, j, apart = neighbours(first, first, None, 5.5)
    assert sorted(zip(i.tolist(), j.tolist(), strict=True)) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert np.abs(apart).max() == 5
