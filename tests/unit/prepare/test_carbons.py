"""Nanotubes and the buckyball catcher."""

import numpy as np
import pytest

from sundog.io.topologies import topology_from_atoms
from sundog.prepare.carbons import buckyball_catcher, capped_nanotube, double_walled_nanotube


def test_the_double_walled_nanotube_has_the_published_formula():
    atoms = double_walled_nanotube().atoms
    assert atoms.get_chemical_formula("hill") == "C326H44"
    walls = [atoms[atoms.arrays["residuenumbers"] == k] for k in (1, 2)]
    radii = [np.linalg.norm(wall.positions[wall.numbers == 6, :2], axis=1) for wall in walls]
    assert radii[1].mean() - radii[0].mean() == pytest.approx(3.39, abs=0.02)
    assert max(r.std() for r in radii) < 0.01


def test_every_carbon_of_a_capped_tube_has_three_bonds():
    tube = capped_nanotube(4, 5)
    assert tube.get_chemical_formula() == "C40H16"
    pairs = topology_from_atoms(tube).pairs
    counts = np.bincount(pairs.ravel(), minlength=len(tube))
    assert set(counts[tube.numbers == 6]) == {3}
    assert set(counts[tube.numbers == 1]) == {1}


def test_the_ball_is_caught_between_open_bowls():
    pytest.importorskip("rdkit")
    built = buckyball_catcher()
    atoms = built.atoms
    assert atoms.get_chemical_formula("hill") == "C120H28"
    ball = atoms.positions[atoms.arrays["residuenames"] == "C60"]
    radii = np.linalg.norm(ball - ball.mean(axis=0), axis=1)
    assert radii.mean() == pytest.approx(3.5, abs=0.06)
    assert np.ptp(radii) < 0.1
    catcher = atoms.positions[atoms.arrays["residuenames"] == "BCC"]
    apart = np.linalg.norm(catcher[:, None] - ball, axis=2)
    assert 3.0 < apart.min() < 3.6
    # Concave faces: many atoms touch the ball, on two opposite sides of it.
    touching = catcher[apart.min(axis=1) < 4.0] - ball.mean(axis=0)
    assert len(touching) > 25
    directions = touching / np.linalg.norm(touching, axis=1)[:, None]
    assert (directions @ directions.T).min() < -0.8
    bonds = topology_from_atoms(atoms).pairs
    counts = np.bincount(bonds.ravel(), minlength=len(atoms))
    assert set(counts[atoms.numbers == 6]) == {3}
