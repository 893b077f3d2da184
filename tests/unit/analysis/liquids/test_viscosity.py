"""Stress with a known memory, whose viscosity is known."""

import numpy as np
import pytest
from ase import Atoms

from recordings import correlated, recording, result_of
from sundog.analysis.liquids.viscosity import Viscosity
from sundog.errors import InputError
from sundog.units import BAR, BOLTZMANN

APART, VOLUME, KELVIN = 0.004, 8000.0, 300.0


def stressed(samples=60_000, inefficiency=50.0, amplitude=500.0):
    # Traceless parts of independent components of equal size.
    names = ("xx", "yy", "zz", "yz", "xz", "xy")
    drawn = amplitude * correlated(samples, inefficiency, 1, (6,))
    drawn[:, :3] *= np.sqrt(2)  # ⟨P̃_xx²⟩ of an isotropic liquid is 4/3 of ⟨P_xy²⟩
    table = {f"pressure_{name}_bar": drawn[:, k] for k, name in enumerate(names)}
    table |= {"time_ps": APART * np.arange(samples), "volume_angstrom3": np.full(samples, VOLUME)}
    atoms = Atoms("Ar", cell=[20] * 3, pbc=True)
    return recording(
        atoms,
        np.zeros((1, 1, 3)),
        energies=table,
        settings={"ensemble": "nvt", "temperature_kelvin": KELVIN},
    )


def test_the_viscosity_is_the_integral_of_the_memory():
    result = result_of(Viscosity.name, stressed(), correlation_ps=2.0, from_ps=0.0)
    (one,) = result.quantities
    # ∫ C dt = amplitude² g Δt/2; in SI: V/(k_B T) ∫ C dt.
    integral = (500.0 * 1e5) ** 2 * 50 * APART * 1e-12 / 2
    joule = 1.602176621e-19
    expected = VOLUME * 1e-30 / (BOLTZMANN * KELVIN * joule) * integral * 1e3
    assert one.value.is_enough
    assert one.value.mean == pytest.approx(expected, abs=4 * one.value.error)
    assert one.value.error < 0.2 * expected


def test_a_table_that_is_too_short_is_refused():
    with pytest.raises(InputError, match="shorter than needed"):
        result_of(Viscosity.name, stressed(samples=500), from_ps=0.0)


def test_one_bar_is_what_it_is():
    assert pytest.approx(160.2e-3, rel=1e-3) == 1 / (1e4 * BAR) * 1e-3
