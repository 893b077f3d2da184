"""What is found in a set: structures that are left out, splits, leaks, labels that are missing."""

from dataclasses import replace

import numpy as np
import pytest
from sets import some, tethered

from sundog.data.records import RecordList
from sundog.errors import InputError
from sundog.train.settings import Data
from sundog.train.survey import divide, refuse_leaks, refuse_unlabelled, survey

CUTOFFS = {"short": 4.5, "long": np.inf}
QUANTITIES = ("forces", "dipole")


def surveyed(records, data=None, cutoffs=CUTOFFS):
    said = []
    return survey(RecordList(records), cutoffs, QUANTITIES, data or Data(), said.append), said


def with_label(record, name, value):
    return replace(record, labels={**record.labels, name: value})


def test_counts_are_those_of_the_structures():
    found, said = surveyed(some(3))
    assert found.atoms.tolist() == [3, 4, 5]
    assert found.short.tolist() == found.long.tolist() == [6, 12, 20]
    assert found.average_neighbors(np.arange(3)) == pytest.approx(np.mean([2, 3, 4]))
    assert not said


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda r: with_label(r, "dipole", np.array([0.0, np.inf, 0.0])), "infinite value"),
        (lambda r: with_label(r, "forces", 2000 + r.labels["forces"]), "force of 2e\\+03 eV/Å"),
        (lambda r: replace(r, positions=0.4 * r.positions), "Å apart"),
        (lambda r: replace(r, numbers=np.array([92, 1, 1], np.int32)), "no parameters for U"),
    ],
)
def test_what_cannot_be_trained_on_is_named_and_left_out(spoil, reason):
    records = some(4)
    records[3] = spoil(tethered(3))
    found, said = surveyed(records)
    assert found.usable.tolist() == [0, 1, 2]
    (line,) = said
    assert "structure 3" in line
    with pytest.raises(InputError, match=reason):
        surveyed(records, Data(most_bad_frames=0))


def test_a_cell_needs_another_treatment_than_exact():
    with pytest.raises(InputError, match="periodic"):
        surveyed([tethered(0, cell=9 * np.eye(3), pbc=np.ones(3, bool))])


def test_splits_keep_equal_structures_formulas_and_groups_together():
    records = some(30) + some(30)
    found, _ = surveyed(records)
    train, valid = divide(found, 12, "structure", seed=1)
    assert len(train) + len(valid) == 60
    refuse_leaks(found, train, valid)
    again = divide(found, 12, "structure", seed=1)
    assert np.array_equal(train, again[0])
    assert not np.array_equal(valid, divide(found, 12, "structure", seed=2)[1])
    for by in ("formula", "group"):
        train, valid = divide(found, 12, by, seed=1)
        assert not set(found.groups[train]) & set(found.groups[valid])


def test_a_split_that_leaves_nothing_is_refused():
    found, _ = surveyed([tethered(k) for k in range(5)])
    with pytest.raises(InputError, match="split by formula leaves nothing for training"):
        divide(found, 1, "formula", seed=0)


def test_structures_on_both_sides_are_refused():
    records = some(6)
    found, _ = surveyed([*records, records[2]])
    with pytest.raises(InputError, match="1 of 1 structures are trained on as well"):
        refuse_leaks(found, np.arange(6), np.array([6]))


def test_a_label_of_the_loss_that_nobody_has_is_refused():
    records = [replace(one, labels={"forces": one.labels["forces"]}) for one in some(3)]
    found, _ = surveyed(records)
    refuse_unlabelled(found, np.arange(3), {"forces": 1.0})
    with pytest.raises(InputError, match="dipole_weight: no structure for training"):
        refuse_unlabelled(found, np.arange(3), {"forces": 1.0, "dipole": 1.0})
    # Of NaN alone a label is none.
    nothing = [with_label(one, "dipole", np.full(3, np.nan)) for one in records]
    found, _ = surveyed(nothing)
    with pytest.raises(InputError, match="dipole_weight"):
        refuse_unlabelled(found, np.arange(3), {"dipole": 1.0})
