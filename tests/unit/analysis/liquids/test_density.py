"""Density of a slab, in a cell that is not rectangular as well."""

import numpy as np
import pytest
from ase import Atoms

from recordings import CELLS, recording, result_of, values_of
from sundog.analysis.liquids.density import DensityProfiles
from sundog.units import GRAM_PER_CM3


@pytest.mark.parametrize("shape", CELLS)
def test_density_and_profile_of_a_slab(shape):
    cell, random = CELLS[shape], np.random.default_rng(3)
    fractional = random.uniform(0, 1, (300, 80, 3))
    fractional[:, :, 2] *= 0.5  # the lower half of the cell
    atoms = Atoms(np.full(80, 18), np.linspace(0, 1, 80)[:, None] @ [[1, 1, 1]] @ cell, cell=cell)
    atoms.pbc = True
    result = result_of(DensityProfiles.name, recording(atoms, fractional @ cell))
    volume = abs(np.linalg.det(cell))
    expected = 80 * atoms.get_masses()[0] / volume / GRAM_PER_CM3
    assert values_of(result)["density_g_per_cm3"] == pytest.approx(expected)
    z, rho = (result.tables["profile"][k] for k in ("z_angstrom", "Ar_g_per_cm3"))
    width = volume / np.linalg.norm(np.cross(cell[0], cell[1]))
    low = z < 0.5 * width
    assert rho[low].mean() == pytest.approx(2 * expected, rel=1e-6)
    assert rho[~low].max() == 0
