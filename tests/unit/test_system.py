import numpy as np
import pytest

from sundog.errors import CellError, ChargeError, InputError, StructureError
from sundog.system import concatenate, make_system, pad

WATER = np.array([[0.0, 0.0, 0.0], [0.96, 0.0, 0.0], [-0.24, 0.93, 0.0]])
OHH = np.array([8, 1, 1])


def water(**kwargs):
    return make_system(WATER, OHH, **kwargs)


def test_positions_plus_origin_are_the_users_coordinates():
    system = make_system(WATER + 500.0, OHH)
    np.testing.assert_allclose(system.positions + system.origin, WATER + 500.0, rtol=1e-15)
    assert np.abs(system.positions).max() < 1


@pytest.mark.parametrize(
    ("charge", "given", "expected"),
    [(0, None, 1), (1, None, 2), (-1, None, 2), (2, None, 1), (0, 3, 3), (1, 4, 4), (10, 1, 1)],
)
def test_multiplicity_is_the_lowest_possible_unless_given(charge, given, expected):
    system = water(total_charge=charge, multiplicity=given)
    assert system.multiplicity == expected
    assert system.total_charge == charge


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"total_charge": 0.5}, "integer"),
        ({"total_charge": float("nan")}, "integer"),
        ({"total_charge": 11}, "electrons to lose"),
        ({"multiplicity": 2}, "even number"),
        ({"total_charge": 1, "multiplicity": 1}, "odd number"),
        ({"multiplicity": 0}, "positive integer"),
        ({"multiplicity": 1.5}, "positive integer"),
        ({"multiplicity": 13}, "impossible"),
        ({"fragments": ([0, 0, 0], [1])}, "add up"),
        ({"fragments": ([0, 0, 2], [0, 0])}, "every atom"),
        ({"fragments": ([0, 0], [0])}, "every atom"),
    ],
)
def test_impossible_electrons_are_refused(kwargs, words):
    with pytest.raises(ChargeError, match=words):
        water(**kwargs)


@pytest.mark.parametrize(
    ("positions", "numbers", "words"),
    [
        (np.zeros((0, 3)), [], "no atoms"),
        (WATER[:2], OHH, "three coordinates"),
        (np.where(WATER == 0.93, np.nan, WATER), OHH, r"not finite.*atom 2"),
        (np.where(WATER == 0.93, np.inf, WATER), OHH, "not finite"),
    ],
)
def test_bad_atoms_are_refused(positions, numbers, words):
    with pytest.raises(StructureError, match=words):
        make_system(positions, np.asarray(numbers))


@pytest.mark.parametrize(
    ("cell", "pbc"),
    [
        (np.zeros((3, 3)), True),
        (np.diag([5.0, 5.0, 0.0]), True),
        (np.array([[5.0, 0, 0], [5.0, 0, 0], [0, 0, 5.0]]), True),
        (np.diag([5.0, 0.0, 5.0]), (True, True, False)),
        (np.full((3, 3), np.nan), True),
        (np.eye(2), True),
    ],
)
def test_flat_cells_are_refused(cell, pbc):
    with pytest.raises(CellError):
        water(cell=cell, pbc=pbc)


def test_rows_along_open_directions_may_be_zero():
    system = water(cell=np.diag([5.0, 5.0, 0.0]), pbc=(True, True, False))
    np.testing.assert_array_equal(system.pbc, [[True, True, False]])


def test_concatenate_numbers_systems_and_fragments_through():
    one = water(fragments=([0, 1, 1], [-1, 1]))
    two = water(total_charge=1, fragments=([0, 0, 0], [1]))
    batch = concatenate([one, two, one])
    np.testing.assert_array_equal(batch.system_index, [0, 0, 0, 1, 1, 1, 2, 2, 2])
    np.testing.assert_array_equal(batch.fragment_index, [0, 1, 1, 2, 2, 2, 3, 4, 4])
    np.testing.assert_array_equal(batch.fragment_charge, [-1, 1, 1, -1, 1])
    np.testing.assert_array_equal(batch.total_charge, [0, 1, 0])


def test_concatenate_refuses_nothing_and_half_constrained_batches():
    with pytest.raises(InputError, match="at least one system"):
        concatenate([])
    with pytest.raises(InputError, match="fragments"):
        concatenate([water(), water(fragments=([0, 0, 0], [0]))])


def test_padding_is_marked_and_bounded():
    padded = pad(water(), 5, 2)
    np.testing.assert_array_equal(padded.is_atom, [True, True, True, False, False])
    np.testing.assert_array_equal(padded.system_index, [0, 0, 0, 1, 1])
    with pytest.raises(InputError, match="larger"):
        pad(water(), 2, 1)
