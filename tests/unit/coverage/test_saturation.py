"""Curves and estimates where the answer is known."""

from itertools import permutations

import numpy as np
import pytest
from ase.build import molecule

from sundog.coverage.census import take_census
from sundog.coverage.neighborhoods import Radius
from sundog.coverage.saturation import saturation

NAMES = ("H2O", "H2O", "CH4", "CH3OH")


@pytest.fixture(scope="module")
def census():
    return take_census([molecule(name) for name in NAMES], Radius(1))


def test_the_curve_is_the_mean_over_orders(census):
    # To one bond: H–O, O–H2, H–C, C–H4; methanol adds C–H3O and O–CH.
    kinds = [{"HO", "OH2"}, {"HO", "OH2"}, {"HC", "CH4"}, {"HO", "HC", "CH3O", "OCH"}]
    counts = [
        [len(set().union(*(kinds[n] for n in order[:k]))) for k in range(1, 5)]
        for order in permutations(range(4))
    ]
    found = saturation(census, orders=4000, seed=1)
    assert found.structures.tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(found.mean, np.mean(counts, axis=0), atol=0.05)
    np.testing.assert_allclose(found.spread, np.std(counts, axis=0), atol=0.05)
    assert found.mean[-1] == len(census.fingerprints) == 6
    assert found.spread[-1] == 0


def test_estimates_count_what_was_seen_once(census):
    found = saturation(census, orders=1)
    # One atom each: C in methane, C and O in methanol; 3 + 3 + 5 + 6 atoms.
    assert found.singletons == 3
    assert found.unseen_atom == pytest.approx(3 / 17)
    # Left out: methane loses its C, methanol its C and O.
    assert found.held_once == 3
    assert found.unseen_left_out == pytest.approx(3 / 17)
    assert found.new_per_structure == pytest.approx(3 / 4)


def test_leaving_out_a_structure_counts_all_its_atoms():
    census = take_census([molecule("H2O"), molecule("C2H6")], Radius(1))
    found = saturation(census, orders=3)
    assert found.unseen_atom == pytest.approx(1 / 11)
    assert found.unseen_left_out == 1


def test_seeds_give_the_same_curve(census):
    one, other = (saturation(census, orders=3, seed=5) for _ in range(2))
    np.testing.assert_array_equal(one.mean, other.mean)
