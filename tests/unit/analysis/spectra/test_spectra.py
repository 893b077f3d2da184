"""Harmonic oscillators: the place of the peak, absolute intensities, and Nyquist's limit."""

import numpy as np
import pytest
from ase import Atoms

from recordings import recording, result_of
from sundog.analysis.spectra.periodogram import LIGHT_CM_PER_PS, Periodogram, peaks
from sundog.errors import InputError
from sundog.units import BOLTZMANN

WAVENUMBER, APART = 1595.0, 0.001


def oscillation(frames, apart=APART, wavenumber=WAVENUMBER):
    return 2 * np.pi * wavenumber * LIGHT_CM_PER_PS * apart * np.arange(frames)


def vibrating(frames=8000, apart=APART, symbols="Ar2", **more):
    atoms = Atoms(symbols, [[0, 0, 0], [4.0, 0, 0]])
    velocities = np.zeros((frames, 2, 3))
    velocities[:, 0, 0] = 0.01 * np.cos(oscillation(frames, apart))
    velocities[:, 1, 1] = 0.005 * np.sin(oscillation(frames, apart, 800.0))
    positions = np.repeat(atoms.positions[None], frames, 0)
    return recording(atoms, positions, apart, extras={"velocities": velocities}, **more)


def test_peaks_are_at_the_frequencies():
    result = result_of("vdos", vibrating(), window_ps=1.0)
    places = result.tables["peaks"]["wavenumber_per_cm"]
    assert places == pytest.approx([800.0, WAVENUMBER], abs=1.5)
    table = result.tables["spectrum"]
    assert np.trapezoid(table["all_cm"], table["wavenumber_per_cm"]) == pytest.approx(1)
    # Energies 4 to 1 between the two vibrations.
    low = table["wavenumber_per_cm"] < 1200
    share = np.trapezoid(table["all_cm"][low], table["wavenumber_per_cm"][low])
    assert share == pytest.approx(0.2, abs=0.01)
    assert "resolution 16.7 cm⁻¹" in result.notes[0]
    assert "16678 cm⁻¹" in result.notes[1]


def test_a_longer_window_resolves_more():
    close = vibrating(frames=60_000)
    for part in close.frames():
        begin = round(part.times[0] / APART)
        t = np.arange(begin, begin + len(part))
        unit = 2 * np.pi * LIGHT_CM_PER_PS * APART * t
        part.extras["velocities"][:, 1] = 0
        part.extras["velocities"][:, 1, 1] = 0.01 * np.cos(unit * (WAVENUMBER + 12))
    few = result_of("vdos", close, window_ps=0.8).tables["peaks"]["wavenumber_per_cm"]
    many = result_of("vdos", close, window_ps=8.0).tables["peaks"]["wavenumber_per_cm"]
    assert len(few) == 1
    assert many == pytest.approx([WAVENUMBER, WAVENUMBER + 12], abs=0.5)


def test_hydrogens_need_frames_every_4_fs():
    result_of("vdos", vibrating(apart=0.004, symbols="OH"), window_ps=0.5)
    with pytest.raises(InputError, match="fold back"):
        result_of("vdos", vibrating(apart=0.005, symbols="OH"), window_ps=0.5)
    result_of("vdos", vibrating(apart=0.005, symbols="ArAr"), window_ps=0.5)


def test_fewer_frames_than_a_window_are_refused():
    with pytest.raises(InputError, match="2000 of one window"):
        result_of("vdos", vibrating(frames=500), window_ps=1.0)


def test_the_density_holds_the_variance():
    series = np.random.default_rng(1).normal(size=(20_000, 3))
    one = Periodogram(0.002, 0.5)
    for row in series:
        one.add(row)
    frequencies = one.wavenumbers * LIGHT_CM_PER_PS
    both_sides = 2 * np.trapezoid(one.spectrum, frequencies)
    assert both_sides == pytest.approx(3, rel=0.05)
    assert np.isfinite(one.error).all()
    assert one.error.mean() < 0.2 * one.spectrum.mean()


def test_infrared_intensity_of_an_oscillator():
    """A mode with dμ/dQ of 1 D/(Å√amu) absorbs 42.256 km/mol."""
    frames, kelvin = 20_000, 300.0
    debye, amu_speed = 0.20819433, 1.0
    # Equipartition: ⟨Q̇²⟩ = k_B T in amu Å²/ps².
    kbt = BOLTZMANN * kelvin / 1.0364269652680505e-4  # amu Å²/ps² in eV
    speed = np.sqrt(2 * kbt) * amu_speed
    omega = 2 * np.pi * WAVENUMBER * LIGHT_CM_PER_PS
    dipoles = np.zeros((frames, 3))
    dipoles[:, 0] = debye * speed / omega * np.sin(oscillation(frames))
    atoms = Atoms("Ar2", [[0, 0, 0], [4.0, 0, 0]])
    one = recording(
        atoms, np.repeat(atoms.positions[None], frames, 0), APART, extras={"dipole": dipoles}
    )
    result = result_of("infrared", one, temperature_kelvin=kelvin, window_ps=1.0)
    table = result.tables["spectrum"]
    x, y = table["wavenumber_per_cm"], table["absorption_km_per_mol_cm"]
    assert np.trapezoid(y, x) == pytest.approx(42.256, rel=0.01)
    assert result.tables["peaks"]["wavenumber_per_cm"] == pytest.approx([WAVENUMBER], abs=1)


def test_infrared_needs_dipoles():
    with pytest.raises(InputError, match="dipoles"):
        result_of("infrared", vibrating(frames=10), temperature_kelvin=300.0)


def test_a_flat_spectrum_has_no_peaks():
    assert len(peaks(np.arange(5.0), np.zeros(5))[0]) == 0
