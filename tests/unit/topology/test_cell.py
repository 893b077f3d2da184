"""Cells completed, and turned to the orientation that files expect."""

import numpy as np
import pytest
from ase.cell import Cell

from fixtures import CELLS
from sundog.errors import CellError
from sundog.topology.cell import completed, standard_orientation


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("kept", [(1, 1, 1), (1, 0, 1), (0, 1, 0), (0, 0, 0)])
def test_missing_vectors_are_unit_vectors_at_right_angles(name, kept):
    given = np.array(kept, bool)
    cell = CELLS[name] * given[:, None]
    lattice = completed(cell)
    np.testing.assert_array_equal(lattice[given], cell[given])
    added = lattice[~given]
    np.testing.assert_allclose(added @ added.T, np.eye(len(added)), atol=1e-12)
    np.testing.assert_allclose(added @ cell[given].T, 0, atol=1e-9)


def test_a_flat_cell_is_refused():
    with pytest.raises(CellError, match="linearly dependent"):
        completed(np.array([[5.0, 0, 0], [0, 5.0, 0], [5.0, 5.0, 1e-12]]))


@pytest.mark.parametrize("name", CELLS)
def test_turned_structures_keep_distances_angles_and_handedness(name):
    cell, random = CELLS[name], np.random.default_rng(1)
    positions = random.normal(size=(6, 3))
    turned, box = standard_orientation(positions, cell)
    assert box is not None
    assert not np.triu(box, 1).any() or np.abs(np.triu(box, 1)).max() < 1e-12
    assert (np.diag(box) > 0).all()
    np.testing.assert_allclose(turned @ turned.T, positions @ positions.T, atol=1e-12)
    volume, after = (np.linalg.det(three[:3]) for three in (positions, turned))
    np.testing.assert_allclose(volume, after)
    np.testing.assert_allclose(np.abs(Cell(box).cellpar()[:3]), Cell(cell).cellpar()[:3])
    # Fractional coordinates, and with them which atoms are images, are kept up to a sign.
    fractions, others = (a @ np.linalg.inv(b) for a, b in ((positions, cell), (turned, box)))
    np.testing.assert_allclose(fractions, np.sign(np.linalg.det(cell)) * others, atol=1e-9)


def test_a_cell_without_volume_cannot_be_told():
    positions = np.ones((1, 3))
    same, box = standard_orientation(positions, np.diag([9.0, 9.0, 0.0]))
    assert box is None
    assert same is positions
