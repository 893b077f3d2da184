"""Brownian walkers with a known coefficient, and what must be refused."""

import numpy as np
import pytest
from ase import Atoms

from recordings import recording, result_of, values_of
from sundog.analysis.liquids.msd import Diffusion
from sundog.errors import InputError
from sundog.units import BOLTZMANN

D, APART = 0.25, 0.05


def walk(frames=3000, atoms=50, edge=30.0, **more):
    random = np.random.default_rng(4)
    start = random.uniform(0, 1, (atoms, 3)) * edge
    steps = random.normal(size=(frames, atoms, 3)) * np.sqrt(2 * D * APART)
    positions = start + np.cumsum(steps, axis=0)
    box = Atoms(np.full(atoms, 18), start, cell=[edge] * 3, pbc=True)
    return recording(box, positions, APART, **more)


def test_the_coefficient_is_that_of_the_walk():
    result = result_of(Diffusion.name, walk())
    (one,) = [q for q in result.quantities if q.name == "diffusion_Ar"]
    # Å²/ps are 10⁻⁸ m²/s; the common centre is taken off.
    assert one.value.is_enough
    assert one.value.mean == pytest.approx(10 * D * 49 / 50, abs=4 * one.value.error)
    assert one.value.error < 0.1 * one.value.mean
    table = result.tables["Ar"]
    assert table["msd_angstrom2"][:10] == pytest.approx(
        6 * D * table["lag_ps"][:10] * 49 / 50, rel=0.05
    )


def test_the_correction_is_that_of_yeh_and_hummer():
    found = values_of(
        result_of(Diffusion.name, walk(), viscosity_mpa_s=0.8, temperature_kelvin=300.0)
    )
    # k_B T ξ/(6π η L) in SI.
    joule = 1.602176621e-19
    expected = 2.837297 * BOLTZMANN * 300 * joule / (6 * np.pi * 0.8e-3 * 30e-10)
    gain = found["diffusion_corrected_Ar"] - found["diffusion_Ar"]
    assert gain == pytest.approx(expected / 1e-9, rel=1e-6)


def test_without_viscosity_or_cube_there_is_no_correction():
    said = result_of(Diffusion.name, walk(), temperature_kelvin=300.0).notes
    assert any("too short for a viscosity" in note for note in said)
    one = walk()
    for part in one.frames():
        part.cells[:, 2, 2] = 40.0
    said = result_of(Diffusion.name, one, viscosity_mpa_s=0.8, temperature_kelvin=300.0).notes
    assert any("not cubic" in note for note in said)


def test_wrapped_positions_are_refused():
    with pytest.raises(InputError, match="unwrapped"):
        result_of(Diffusion.name, walk(frames=20, wrapping="molecules"))
    one = walk(frames=2000, wrapping="unknown")
    for part in one.frames():
        part.positions[:] %= 30.0
    with pytest.raises(InputError, match="jump"):
        result_of(Diffusion.name, one)


def test_a_short_run_says_so():
    said = result_of(Diffusion.name, walk(frames=30)).notes
    assert any("too short for a diffusion coefficient" in note for note in said)
