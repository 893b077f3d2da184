"""g(r) of an ideal gas and of a crystal."""

import mdtraj
import numpy as np
import pytest

from sundog.analysis.radial_distribution import radial_distribution
from sundog.errors import InputError


def trajectory(positions: np.ndarray, length: float | None) -> mdtraj.Trajectory:
    """Return frames of argon; Å."""
    topology = mdtraj.Topology()
    chain = topology.add_chain()
    for _ in range(positions.shape[1]):
        residue = topology.add_residue("AR", chain)
        topology.add_atom("Ar", mdtraj.element.argon, residue)
    made = mdtraj.Trajectory((positions / 10).astype(np.float32), topology)
    if length is not None:
        made.unitcell_vectors = np.tile(np.eye(3) * length / 10, (len(positions), 1, 1))
    return made


def test_nothing_is_correlated_in_an_ideal_gas():
    positions = np.random.default_rng(0).uniform(0, 20, (40, 200, 3))
    found = radial_distribution(trajectory(positions, 20.0), "name Ar", "name Ar", bin_width=0.5)
    assert found.r[-1] == pytest.approx(9.75)
    # 200 atoms have 199 others.
    assert found.g[found.r > 3] == pytest.approx(1.0, abs=0.05)


def test_shells_of_a_crystal():
    lattice = np.stack(np.meshgrid(*[np.arange(4) * 3.0] * 3), axis=-1).reshape(1, -1, 3)
    found = radial_distribution(trajectory(lattice, 12.0), "name Ar", "name Ar", bin_width=0.1)
    place, height = found.extremum(2, 4)
    assert place == pytest.approx(3.0, abs=0.1)
    assert height > 10
    assert found.extremum(3.2, 4.0, lowest=True)[1] == 0


def test_what_has_no_cell_or_no_pairs_is_refused():
    positions = np.zeros((1, 2, 3))
    with pytest.raises(InputError, match="no cell"):
        radial_distribution(trajectory(positions, None), "name Ar", "name Ar")
    with pytest.raises(InputError, match="no pairs"):
        radial_distribution(trajectory(positions, 5.0), "name O", "name O")
