"""The order of structures and their batches."""

import numpy as np
import pytest
from sets import some, tethered
from test_survey import surveyed

from sundog.errors import InputError
from sundog.train.batch import Ring, Room
from sundog.train.order import Plan
from sundog.train.settings import Batches

ALL = np.arange(40)


@pytest.fixture(scope="module")
def found():
    return surveyed(some(40))[0]


def need(found, members):
    atoms, short, long = (int(one[members].sum()) for one in (found.atoms, found.short, found.long))
    return Room(atoms, short, long, len(members))


@pytest.mark.parametrize("layout", ["flat", "ring"])
def test_every_structure_comes_once_in_an_order_of_the_seed(found, layout):
    settings = Batches(batch_structures=6, layout=layout)
    plan = Plan(found, ALL, settings, seed=3)
    for epoch in range(2):
        batches = plan.epoch(epoch)
        assert sorted(np.concatenate([one.members for one in batches])) == ALL.tolist()
    first, second = ([one.members.tolist() for one in plan.epoch(k)] for k in range(2))
    assert first != second
    again = Plan(found, ALL, settings, seed=3).epoch(1)
    assert second == [one.members.tolist() for one in again]


def test_flat_batches_keep_their_bounds_of_which_one_is_padding(found):
    bounds = Batches(batch_structures=6, batch_atoms=20, batch_pairs=60, layout="flat")
    plan = Plan(found, ALL, bounds, seed=0)
    for batch in plan.epoch(0):
        used = need(found, batch.members)
        assert batch.shape.holds(used)
        assert used.structures <= 5
        assert used.atoms <= 19
        assert used.long <= 59
    # One shape for the batches of the first epoch, and the bounds for what exceeds it.
    assert len(plan.shapes) == 1
    shapes = {one.shape for k in range(20) for one in plan.epoch(k)}
    assert shapes <= {plan.shapes[0], Room(20, 60, 60, 6)}


def test_rings_are_of_one_width_that_holds_the_molecules(found):
    plan = Plan(found, ALL, Batches(batch_structures=6), seed=0)
    assert plan.layout == "ring"
    for batch in plan.epoch(0):
        assert isinstance(batch.shape, Ring)
        assert found.atoms[batch.members].max() <= batch.shape.width
        assert found.atoms[batch.members].min() > batch.shape.width - 4
        assert len(batch.members) <= batch.shape.molecules == 5


def test_what_does_not_fit_is_refused():
    found, _ = surveyed([tethered(0, "C60"), tethered(1)])
    numbers = np.arange(2)
    assert Plan(found, numbers, Batches(), seed=0).layout == "flat"
    with pytest.raises(InputError, match="layout: `ring` is for molecules"):
        Plan(found, numbers, Batches(layout="ring"), seed=0)
    with pytest.raises(InputError, match="does not fit into a batch"):
        Plan(found, numbers, Batches(batch_atoms=50), seed=0)
