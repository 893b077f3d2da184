"""The evaluator behind the interfaces keeps its lists and is never wrong for it."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from fixtures import call, moved
from potentials import LennardJones, ListlessLennardJones, argon
from sundog.errors import SimulationError
from sundog.interfaces._compiled import SKIN, Evaluator
from sundog.system import concatenate

LISTED, LISTLESS = LennardJones(cutoff=4.7), ListlessLennardJones(cutoff=4.7)


def test_small_steps_great_leaps_and_other_cells_are_all_the_same_to_it():
    evaluate, crystal = Evaluator(LISTED), argon(2)
    shift = np.zeros((32, 3))
    shift[5] = [0.9 * SKIN / 2, 0, 0]
    for system in (
        crystal,
        moved(crystal, shift),
        moved(crystal, 40 * shift),
        argon(2, strain=-0.08 * np.eye(3)),
        crystal,
    ):
        found, expected = evaluate(system), call(LISTLESS, system, {})
        np.testing.assert_allclose(found.energy, expected.energy, rtol=1e-11)
        np.testing.assert_allclose(found.forces, expected.forces, atol=1e-10)
        assert isinstance(found.forces, np.ndarray)


def test_an_energy_that_is_no_number_is_an_error():
    crystal = argon(2)
    positions = crystal.positions.at[0].set(crystal.positions[1] + jnp.asarray(1e-60))
    with pytest.raises(SimulationError, match="not a finite number"):
        Evaluator(LISTLESS)(crystal.at(positions))


@pytest.mark.slow
def test_a_batch_that_moves_as_a_whole_keeps_its_lists():
    small, large = argon(2), argon(2, strain=0.02 * np.eye(3))
    evaluate = Evaluator(LISTED)
    first = evaluate(concatenate([small, large]))
    for shift in (0.0, 3.0):
        batch = concatenate([small, large])
        moved_batch = replace(batch, origin=batch.origin + shift)
        again = evaluate(moved_batch)
        np.testing.assert_allclose(again.energy, first.energy, rtol=1e-11)
        np.testing.assert_allclose(again.forces, first.forces, atol=1e-10)
    turned = evaluate(concatenate([large, small]))
    np.testing.assert_allclose(turned.energy, np.asarray(first.energy)[::-1], rtol=1e-11)
