import json
import zlib
from base64 import b64decode

import numpy as np
import pytest

from sundog.report.packing import (
    FINEST_ANGSTROM,
    pack_positions,
    pack_values,
    unpack_positions,
    unpack_values,
)


def walk(frames, atoms, step, seed=0):
    steps = np.random.default_rng(seed).normal(scale=step, size=(frames, atoms, 3))
    return np.cumsum(steps, axis=0)


@pytest.mark.parametrize(
    ("frames", "atoms", "step"), [(1, 1, 1.0), (7, 3, 0.05), (50, 20, 0.3), (3, 5, 300.0)]
)
def test_positions_come_back_within_half_a_quantum(frames, atoms, step):
    positions = walk(frames, atoms, step)
    packed = pack_positions(positions)
    back = unpack_positions(packed)
    assert back.shape == positions.shape
    assert packed.quantum >= FINEST_ANGSTROM
    assert np.abs(back - positions).max() <= packed.quantum / 2 * (1 + 1e-9)


def test_errors_do_not_add_up_over_frames():
    positions = walk(2000, 2, 0.01)
    back = unpack_positions(pack_positions(positions))
    assert np.abs(back[-1] - positions[-1]).max() <= FINEST_ANGSTROM / 2 * (1 + 1e-9)


def test_jumps_across_the_largest_range_keep_their_sign():
    positions = np.array([[[-30.0, 0, 0]], [[30.0, 0, 0]], [[-30.0, 0, 0]]])
    packed = pack_positions(positions)
    assert np.abs(unpack_positions(packed) - positions).max() <= packed.quantum / 2 * (1 + 1e-9)


def test_bytes_are_the_low_ones_and_then_the_high_ones():
    packed = pack_positions(np.array([[[0.001, -0.001, 0.3]]]))
    content = zlib.decompress(b64decode(packed.text))
    assert content == bytes([2, 1, 600 & 0xFF, 0, 0, 600 >> 8])


def test_vibrating_atoms_take_little_room():
    rest = np.random.default_rng(1).uniform(-15, 15, size=(1, 500, 3))
    frames = rest + np.random.default_rng(2).normal(scale=0.05, size=(200, 500, 3))
    packed = pack_positions(frames)
    assert len(json.dumps(packed._asdict())) < 1.6 * frames.size


def test_values_come_back_in_256_levels():
    values = np.linspace(-0.8, 0.4, 1000)
    packed = pack_values(values)
    assert (packed.low, packed.high) == (-0.8, 0.4)
    assert np.abs(unpack_values(packed) - values).max() <= 1.2 / 255 / 2 + 1e-12


def test_values_that_are_not_finite_are_the_lowest_and_equal_ones_are_kept():
    assert unpack_values(pack_values(np.array([np.nan, 1.0, 2.0])))[0] == 1.0
    assert unpack_values(pack_values(np.full(3, 5.0))).tolist() == [5.0] * 3
    assert unpack_values(pack_values(np.full(2, np.nan))).tolist() == [0.0] * 2
