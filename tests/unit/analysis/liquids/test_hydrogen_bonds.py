"""Two waters whose bond opens and closes at known times."""

import numpy as np
import pytest
from ase import Atoms

from recordings import CELLS, recording, result_of, values_of
from sundog.analysis.liquids.hydrogen_bonds import HydrogenBonds
from sundog.errors import InputError

WATER = np.array([[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0.0]])
FAR = np.array([[0, 0, 0], [0.24, 0.93, 0], [0.96, 0, 0.0]])


def pair(distances, shape="cubic", shift=(0.0, 0.0, 0.0)):
    """Return a donor at the origin and an acceptor along x at a distance in each frame."""
    cell = CELLS[shape]
    other = FAR + np.array([2.9, 0, 0])
    atoms = Atoms("OHHOHH", np.vstack([WATER, other]), cell=cell, pbc=True)
    frames = np.repeat(atoms.positions[None], len(distances), 0)
    frames[:, 3:] += (np.asarray(distances) - 2.9)[:, None, None] * np.array([1.0, 0, 0])
    return recording(atoms, frames + shift, apart_ps=0.01, wrapping="unwrapped")


@pytest.mark.parametrize("shape", CELLS)
def test_one_bond_wherever_it_lies(shape):
    for shift in ((0, 0, 0), (-1.5, -0.3, 0.1), (20.0, 3.0, -7.0)):
        result = result_of(HydrogenBonds.name, pair([2.9] * 12, shape, shift))
        assert values_of(result)["bonds"] == 1
        assert values_of(result)["bonds_per_hydrogen"] == 0.25


@pytest.mark.parametrize(("distance", "bonds"), [(3.49, 1), (3.51, 0)])
def test_the_distance_is_that_of_the_criterion(distance, bonds):
    assert values_of(result_of(HydrogenBonds.name, pair([distance] * 12)))["bonds"] == bonds


@pytest.mark.parametrize(("degrees", "bonds"), [(29.0, 1), (31.0, 0)])
def test_the_angle_is_that_of_the_criterion(degrees, bonds):
    one = pair([2.9] * 12)
    angle = np.radians(degrees)
    for part in one.frames():
        place = 2.9 * np.array([np.cos(angle), -np.sin(angle), 0])
        part.positions[:, 3:] = FAR + place
    assert values_of(result_of(HydrogenBonds.name, one))["bonds"] == bonds


def test_lifetimes_of_bonds_that_open_and_close():
    # Closed for 10 frames and open for 10, many times.
    one = pair(([2.9] * 10 + [4.5] * 10) * 30)
    result = result_of(HydrogenBonds.name, one, correlation_ps=0.2)
    assert values_of(result)["bonds"] == pytest.approx(0.5)
    # Spells of 10 frames: the integral of S by trapezia is 10/2 frames.
    assert values_of(result)["continuous_lifetime_ps"] == pytest.approx(0.05, rel=1e-6)
    c = result.tables["intermittent"]
    assert c["correlation"][c["time_ps"] == pytest.approx(0.05)] == pytest.approx(0.5, abs=0.02)
    back = np.isclose(c["time_ps"], 0.2)
    assert c["correlation"][back] == pytest.approx(1.0)


def test_what_has_no_donor_is_refused():
    atoms = Atoms("Ar2", [[0, 0, 0], [4, 0, 0]], cell=[20] * 3, pbc=True)
    with pytest.raises(InputError, match="hydrogen"):
        result_of(HydrogenBonds.name, recording(atoms, atoms.positions[None]))
