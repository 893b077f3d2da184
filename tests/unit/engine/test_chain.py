"""A Nosé–Hoover chain against its equations."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from potentials import Harmonic, argon
from sundog.engine.reservoirs.chain import AtomChain, CellChain
from sundog.engine.state import initial_state
from sundog.units import BOLTZMANN

TEMPERATURE, TIME = 80.0, 3.0
THERMAL = BOLTZMANN * TEMPERATURE
POSITIONS, VELOCITIES = np.array([0.3, -0.2, 0.1]), np.array([0.05, -0.02, 0.07])


def state_with(positions, velocities):
    state = initial_state(argon(1), Harmonic(0.1), seed=0)
    links = {
        f"{name}_{what}": jnp.asarray(values)[None]
        for name in ("atom_chain", "cell_chain")
        for what, values in (("position", positions), ("velocity", velocities))
    }
    return replace(state, temperature=jnp.asarray([TEMPERATURE]), extended=links)


@pytest.mark.parametrize(
    ("chain", "degrees"), [(AtomChain(TIME, 3), 9), (CellChain(TIME, 6), 6)], ids=["atoms", "cell"]
)
def test_the_energy_is_that_of_its_links(chain, degrees):
    masses = THERMAL * TIME**2 * np.array([degrees, 1, 1])
    expected = np.sum(masses * VELOCITIES**2) / 2
    expected += THERMAL * (degrees * POSITIONS[0] + POSITIONS[1] + POSITIONS[2])
    found = chain.energy(state_with(POSITIONS, VELOCITIES))
    np.testing.assert_allclose(found, [expected], rtol=1e-12)


@pytest.mark.parametrize(("share", "sign"), [(0.5, 1), (1.0, 0), (2.0, -1)])
def test_momenta_grow_where_atoms_are_cold_and_shrink_where_they_are_hot(share, sign):
    chain = AtomChain(TIME, 3)
    kinetic = jnp.asarray([share * 9 * THERMAL / 2])
    after, factor = chain.act(state_with(np.zeros(3), np.zeros(3)), kinetic, jnp.asarray(0.5))
    assert np.sign(np.round(float(factor[0]) - 1, 12)) == sign
    assert np.sign(np.round(float(after.extended["atom_chain_velocity"][0, 0]), 12)) == -sign


def test_time_can_be_turned_back():
    chain, start = AtomChain(TIME, 3), state_with(POSITIONS, VELOCITIES)
    kinetic = jnp.asarray([0.7 * 9 * THERMAL])
    forth, factor = chain.act(start, kinetic, jnp.asarray(0.5))
    assert abs(float(factor[0]) - 1) > 1e-3
    back, inverse = chain.act(forth, kinetic * factor**2, jnp.asarray(-0.5))
    np.testing.assert_allclose(factor * inverse, 1, rtol=1e-12)
    for name, value in start.extended.items():
        np.testing.assert_allclose(back.extended[name], value, rtol=1e-11, err_msg=name)
