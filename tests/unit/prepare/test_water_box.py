"""Boxes of water: density, whole molecules, room between them."""

import numpy as np
import pytest

from sundog.errors import InputError
from sundog.prepare.water import water_box
from sundog.units import GRAM_PER_CM3

COUNTS = (1, 7, 64, 100, 216, 512, 1000)


def closest_contact(atoms) -> float:
    """Return the smallest distance between atoms of different molecules, images included."""
    edge = atoms.cell[0, 0]
    molecule = np.arange(len(atoms)) // 3
    smallest = np.inf
    for i in range(0, len(atoms), 300):
        delta = atoms.positions[i : i + 300, None] - atoms.positions
        delta -= edge * np.round(delta / edge)
        distances = np.linalg.norm(delta, axis=-1)
        distances[molecule[i : i + 300, None] == molecule] = np.inf
        smallest = min(smallest, distances.min())
    return smallest


@pytest.mark.parametrize("count", COUNTS)
def test_molecules_are_whole_and_keep_apart(count):
    atoms = water_box(count)
    assert atoms.get_chemical_symbols() == ["O", "H", "H"] * count
    molecules = atoms.positions.reshape(count, 3, 3)
    bonds = molecules[:, 1:] - molecules[:, :1]
    np.testing.assert_allclose(np.linalg.norm(bonds, axis=-1), 0.9572, rtol=1e-12)
    cosines = (bonds[:, 0] * bonds[:, 1]).sum(axis=-1) / 0.9572**2
    np.testing.assert_allclose(np.degrees(np.arccos(cosines)), 104.52, rtol=1e-10)
    assert closest_contact(atoms) >= 1.5


@pytest.mark.parametrize("density", [0.5, 0.997, 1.1])
def test_density(density):
    atoms = water_box(64, density)
    assert atoms.pbc.all()
    assert atoms.cell.angles().tolist() == [90.0, 90.0, 90.0]
    found = atoms.get_masses().sum() / atoms.get_volume() / GRAM_PER_CM3
    assert found == pytest.approx(density, rel=1e-12)


def test_orientations_are_random():
    positions = water_box(1000).positions.reshape(-1, 3, 3)
    axes = positions[:, 1:].mean(axis=1) - positions[:, 0]
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    # The mean of n random unit vectors has a length of about n^-1/2.
    assert np.linalg.norm(axes.mean(axis=0)) < 4 / np.sqrt(1000)


def test_the_seed_makes_the_box():
    np.testing.assert_array_equal(
        water_box(100, seed=1).positions, water_box(100, seed=1).positions
    )
    assert (water_box(100, seed=1).positions != water_box(100, seed=2).positions).any()


def test_the_charge_is_said():
    assert water_box(2).info == {"charge": 0}


@pytest.mark.parametrize("count", [0, -3, 2.5])
def test_bad_counts(count):
    with pytest.raises(InputError, match="molecules: must be a positive integer"):
        water_box(count)


@pytest.mark.parametrize("density", [0.0, -1.0, np.nan, np.inf])
def test_bad_densities(density):
    with pytest.raises(InputError, match="density_g_per_cm3: must be positive"):
        water_box(8, density)


def test_a_density_that_leaves_no_room():
    with pytest.raises(InputError, match=r"cannot be kept apart \(got 5.*lower density"):
        water_box(8, 5.0)
