import jax.numpy as jnp
import numpy as np
import pytest

from random_cells import PERIODICITIES, random_cell
from sundog.neighbors.lattice import complete_lattice, inverse, transform


@pytest.mark.parametrize("pbc", PERIODICITIES)
def test_a_completed_lattice_keeps_the_periodic_rows_and_encloses_the_atoms(pbc):
    rng = np.random.default_rng(0)
    cell, periodic = random_cell(rng), np.array(pbc)
    positions = rng.normal(scale=20, size=(9, 3))
    lattice, corner = complete_lattice(np.where(periodic[:, None], cell, 0.0), periodic, positions)
    np.testing.assert_array_equal(lattice[periodic], cell[periodic])
    others = lattice[~periodic]
    np.testing.assert_allclose(others @ lattice[periodic].T, 0, atol=1e-10)
    np.testing.assert_allclose(others @ others.T, np.diag(np.sum(others**2, axis=1)), atol=1e-10)
    fractional = (positions - corner) @ np.linalg.inv(lattice)
    assert np.all(fractional[:, ~periodic] > 0)
    assert np.all(fractional[:, ~periodic] < 1)
    np.testing.assert_allclose(corner @ lattice[periodic].T, 0, atol=1e-9)


def test_a_structure_without_atoms_has_a_lattice():
    lattice, _ = complete_lattice(np.zeros((3, 3)), np.zeros(3, bool), np.zeros((0, 3)))
    np.testing.assert_allclose(np.abs(np.linalg.det(lattice)), 1)


def test_inverse_and_transform_are_those_of_matrices():
    rng = np.random.default_rng(2)
    cells = np.stack([random_cell(rng) for _ in range(4)])
    np.testing.assert_allclose(inverse(jnp.asarray(cells)), np.linalg.inv(cells), atol=1e-13)
    vectors = rng.normal(size=(4, 3))
    np.testing.assert_allclose(
        transform(jnp.asarray(vectors), jnp.asarray(cells)),
        np.einsum("na,nab->nb", vectors, cells),
        atol=1e-13,
    )
