"""Dipoles with known fluctuations."""

import numpy as np
import pytest
from ase import Atoms

from recordings import correlated, recording, result_of
from sundog.analysis.dielectric import strength
from sundog.analysis.liquids.dielectric import Dielectric
from sundog.errors import InputError


def dipolar(**settings):
    count = 20_000
    drawn = 3.0 * correlated(count, 20.0, 1, (3,))
    table = {f"dipole_{axis}_e_angstrom": drawn[:, k] for k, axis in enumerate("xyz")}
    table |= {"time_ps": 0.01 * np.arange(count), "volume_angstrom3": np.full(count, 1000.0)}
    atoms = Atoms("Ar", cell=[10] * 3, pbc=True)
    settings = {"ensemble": "nvt", "temperature_kelvin": 300.0, "charge": 0} | settings
    return recording(atoms, np.zeros((1, 1, 3)), energies=table, settings=settings)


def test_the_permittivity_is_that_of_the_fluctuations():
    result = result_of(Dielectric.name, dipolar(electrostatics="ewald"), from_ps=0.0)
    (one,) = result.quantities
    expected = 1 + strength(np.array([1000.0]), 300.0) * 27
    assert one.value.is_enough
    assert one.value.mean == pytest.approx(expected, abs=4 * one.value.error)
    running = result.tables["running"]["permittivity"]
    assert running[0] == pytest.approx(1)
    assert running[-1] == pytest.approx(one.value.mean)


@pytest.mark.parametrize(
    "settings", [{"electrostatics": "truncated"}, {"electrostatics": "ewald", "charge": 1}]
)
def test_other_surroundings_are_refused(settings):
    with pytest.raises(InputError, match="ewald"):
        result_of(Dielectric.name, dipolar(**settings), from_ps=0.0)
