"""packmol, called as a program."""

import sys

import numpy as np
import pytest
from ase.build import molecule

from sundog.errors import InputError, UnavailableError
from sundog.prepare.contacts import closest_between
from sundog.prepare.packing import TOLERANCE, pack

METHANE = molecule("CH4")


def test_molecules_are_whole_and_apart_over_images():
    pytest.importorskip("packmol")
    lengths = np.array([13.0, 13.0, 13.0])
    positions = pack([METHANE], [24], lengths, 13.0, seed=2)
    apart = np.linalg.norm(positions.reshape(-1, 5, 3)[:, :1] - positions.reshape(-1, 5, 3), axis=2)
    assert np.allclose(apart[:, 1:], METHANE.get_distance(0, 1), atol=1e-4)
    contact = closest_between(positions, np.arange(120) // 5, lengths)
    assert contact is not None
    assert contact.distance > TOLERANCE - 0.02
    assert np.array_equal(positions, pack([METHANE], [24], lengths, 13.0, seed=2))


def test_a_slab_is_filled_to_its_height():
    pytest.importorskip("packmol")
    z = pack([METHANE], [10], np.array([12.0, 12.0, 40.0]), 12.0)[:, 2]
    assert z.min() > -0.1
    assert z.max() < 12.1


def test_what_does_not_fit_is_refused(monkeypatch):
    pytest.importorskip("packmol")
    monkeypatch.setattr("sundog.prepare.packing.LOOPS", 2)
    with pytest.raises(InputError, match="cannot be kept"):
        pack([METHANE], [6], np.full(3, 4.0), 4.0)


def test_without_packmol_the_command_that_installs_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "packmol", None)
    monkeypatch.delitem(sys.modules, "packmol.cli", raising=False)
    with pytest.raises(UnavailableError, match=r"sundog\[prepare\]"):
        pack([METHANE], [1], np.full(3, 7.0), 7.0)
