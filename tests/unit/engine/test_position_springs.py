"""Springs that hold atoms in place, with energies worked out by hand."""

import jax.numpy as jnp
import numpy as np
import pytest

from fixtures import moved
from sundog.engine.restraints.position import position_restraint
from sundog.errors import InputError
from sundog.system import make_system

CELL = np.array([[6.0, 0, 0], [1.0, 5.0, 0], [0.5, 0.2, 7.0]])
PLACES = np.array([[0.5, 0.1, 0.2], [3.0, 2.0, 1.0], [1.0, 4.0, 5.0]])
UNSTRAINED = jnp.zeros((1, 3, 3))


def three_atoms(**kwargs):
    return make_system(PLACES, [8, 1, 1], **kwargs)


@pytest.mark.parametrize("cell", [{}, {"cell": CELL, "pbc": True}], ids=["free", "periodic"])
def test_energies_are_those_of_springs(cell):
    system = three_atoms(**cell)
    springs = position_restraint(system, [0, 2], [2.0, 10.0])
    shift = np.array([[0.1, 0, 0], [3.0, 3.0, 3.0], [0, 0.2, -0.1]])
    np.testing.assert_allclose(springs.energies(system, UNSTRAINED), [0], atol=1e-20)
    found = springs.energies(moved(system, shift), UNSTRAINED)
    np.testing.assert_allclose(found, [0.5 * 2 * 0.01 + 0.5 * 10 * 0.05], rtol=1e-9)


def test_places_go_along_with_a_periodic_cell_and_stay_in_the_room_without_one():
    strain = jnp.asarray(0.02 * np.eye(3))[None]
    periodic = three_atoms(cell=CELL, pbc=True)
    np.testing.assert_allclose(
        position_restraint(periodic, [1], 4.0).energies(periodic, strain), [0], atol=1e-20
    )
    free = three_atoms()
    local = np.asarray(free.positions)[1]
    np.testing.assert_allclose(
        position_restraint(free, [1], 4.0).energies(free, strain),
        [0.5 * 4 * 0.02**2 * np.sum(local**2)],
        rtol=1e-9,
    )


def test_springs_of_another_system_are_refused():
    springs = position_restraint(three_atoms(), [2], 1.0)
    with pytest.raises(InputError):
        springs.check(make_system(PLACES[:2], [8, 1]))
