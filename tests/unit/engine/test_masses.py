"""Masses of hydrogen, and the bonds that they depend on."""

import numpy as np
import pytest
from ase.build import molecule

from sundog.engine.masses import DEUTERIUM, deuterated, repartitioned
from sundog.engine.state import atomic_masses
from sundog.errors import InputError, StructureError
from sundog.prepare.water import water_box
from sundog.system import System, concatenate, make_system, pad
from sundog.topology import hydrogens
from sundog.topology.hydrogens import bonded_hydrogens


def system_of(name: str) -> System:
    atoms = molecule(name)
    return make_system(atoms.positions, atoms.numbers)


def wrapped_water(molecules=8) -> System:
    atoms = water_box(molecules, density_g_per_cm3=0.9)
    atoms.wrap()
    return make_system(atoms.positions, atoms.numbers, cell=atoms.cell.array, pbc=True)


def test_hydrogens_belong_to_their_heavy_atom_also_across_the_boundary():
    system = wrapped_water()
    found = bonded_hydrogens(system)
    np.testing.assert_array_equal(found.hydrogens, np.flatnonzero(np.asarray(system.numbers) == 1))
    np.testing.assert_array_equal(found.heavy, 3 * (found.hydrogens // 3))
    positions = np.asarray(system.positions)
    beside = positions[found.hydrogens] + found.shift @ np.asarray(system.cell[0])
    distances = np.linalg.norm(beside - positions[found.heavy], axis=1)
    np.testing.assert_allclose(distances, 0.9572, atol=1e-10)
    np.testing.assert_allclose(found.lengths, distances)
    assert np.abs(found.shift).max() == 1


def test_large_structures_are_searched_with_bins(monkeypatch):
    system = wrapped_water(27)
    expected = bonded_hydrogens(system)
    monkeypatch.setattr(hydrogens, "LARGE", 10)
    for one, other in zip(bonded_hydrogens(system), expected, strict=True):
        np.testing.assert_allclose(one, other)


def test_repartitioning_keeps_the_mass_of_every_molecule():
    batch = pad(concatenate([system_of("CH3CH2OH"), system_of("H2O"), system_of("NH3")]), 25, 4)
    before = atomic_masses(batch)
    after = np.asarray(repartitioned(before, batch, 3.0))
    numbers, index = np.asarray(batch.numbers), np.asarray(batch.system_index)
    np.testing.assert_allclose(after[numbers == 1], 3.0)
    np.testing.assert_array_equal(after[numbers == 0], 1.0)
    for k in range(3):
        np.testing.assert_allclose(after[index == k].sum(), before[index == k].sum())
    water = (index == 1) & (numbers == 8)
    np.testing.assert_allclose(after[water], 15.999 - 2 * (3 - 1.008))


def test_only_the_selected_hydrogens_change():
    system = system_of("CH3OH")
    numbers = np.asarray(system.numbers)
    near_oxygen = np.zeros(len(numbers), bool)
    found = bonded_hydrogens(system)
    near_oxygen[found.hydrogens[numbers[found.heavy] == 8]] = True
    before = atomic_masses(system)
    changed = np.asarray(repartitioned(before, system, 2.0, near_oxygen) != before)
    assert changed.sum() == 2
    isotopes = np.asarray(deuterated(before, system, near_oxygen))
    assert (isotopes == DEUTERIUM).sum() == 1


def test_deuteration_changes_all_hydrogens_and_can_be_repartitioned():
    system = system_of("CH4")
    masses = deuterated(atomic_masses(system), system)
    np.testing.assert_allclose(masses[1:], DEUTERIUM)
    np.testing.assert_allclose(masses[0], 12.011)
    heavier = repartitioned(masses, system, 3.0)
    np.testing.assert_allclose(heavier.sum(), masses.sum())
    with pytest.raises(InputError, match="hydrogen_mass: out of range"):
        repartitioned(masses, system, 1.5)


def test_a_heavy_atom_lighter_than_its_hydrogens_is_refused():
    system = system_of("CH4")
    with pytest.raises(StructureError, match=r"C 0 .* with 4 hydrogens .* at most 3\.21 amu"):
        repartitioned(atomic_masses(system), system, 3.5)


def test_hydrogen_without_a_heavy_atom_is_refused_or_left_out():
    system = concatenate([system_of("H2O"), system_of("H2")])
    masses = atomic_masses(system)
    with pytest.raises(StructureError, match=r"2 without one, the first is H 0 .* of structure 1"):
        repartitioned(masses, system)
    water = np.asarray(system.system_index) == 0
    np.testing.assert_allclose(repartitioned(masses, system, 3.0, water)[3:], 1.008)
    nothing = make_system(np.zeros((1, 3)), [6])
    with pytest.raises(StructureError, match="no hydrogen in the selection"):
        deuterated(atomic_masses(nothing), nothing)
