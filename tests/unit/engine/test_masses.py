"""Masses of hydrogen: moved from heavy atoms, and those of deuterium."""

import numpy as np
import pytest
from ase.build import molecule

from fixtures import hydrogens_of
from sundog.engine.masses import DEUTERIUM, deuterated, repartitioned
from sundog.engine.state import atomic_masses
from sundog.errors import InputError, StructureError
from sundog.system import System, concatenate, make_system, pad


def system_of(name: str) -> System:
    atoms = molecule(name)
    return make_system(atoms.positions, atoms.numbers)


def with_heavy_hydrogens(masses, system, *more):
    """Masses repartitioned by the bonds of all structures of a batch."""
    return repartitioned(masses, system, hydrogens_of(system), *more)


def test_repartitioning_keeps_the_mass_of_every_molecule():
    batch = pad(concatenate([system_of("CH3CH2OH"), system_of("H2O"), system_of("NH3")]), 25, 4)
    before = atomic_masses(batch)
    after = np.asarray(with_heavy_hydrogens(before, batch, 3.0))
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
    found = hydrogens_of(system)
    near_oxygen[found.hydrogens[numbers[found.heavy] == 8]] = True
    before = atomic_masses(system)
    changed = np.asarray(with_heavy_hydrogens(before, system, 2.0, near_oxygen) != before)
    assert changed.sum() == 2
    isotopes = np.asarray(deuterated(before, system, near_oxygen))
    assert (isotopes == DEUTERIUM).sum() == 1


def test_deuteration_changes_all_hydrogens_and_can_be_repartitioned():
    system = system_of("CH4")
    masses = deuterated(atomic_masses(system), system)
    np.testing.assert_allclose(masses[1:], DEUTERIUM)
    np.testing.assert_allclose(masses[0], 12.011)
    heavier = with_heavy_hydrogens(masses, system, 3.0)
    np.testing.assert_allclose(heavier.sum(), masses.sum())
    with pytest.raises(InputError, match="hydrogen_mass: out of range"):
        with_heavy_hydrogens(masses, system, 1.5)


def test_a_heavy_atom_lighter_than_its_hydrogens_is_refused():
    system = system_of("CH4")
    with pytest.raises(StructureError, match=r"C 0 .* with 4 hydrogens .* at most 3\.21 amu"):
        with_heavy_hydrogens(atomic_masses(system), system, 3.5)


def test_hydrogen_without_a_heavy_atom_is_refused_or_left_out():
    system = concatenate([system_of("H2O"), system_of("H2")])
    masses = atomic_masses(system)
    with pytest.raises(StructureError, match=r"2 without one, the first is H 0 .* of structure 1"):
        with_heavy_hydrogens(masses, system)
    water = np.asarray(system.system_index) == 0
    np.testing.assert_allclose(with_heavy_hydrogens(masses, system, 3.0, water)[3:], 1.008)
    nothing = make_system(np.zeros((1, 3)), [6])
    with pytest.raises(StructureError, match="no hydrogen in the selection"):
        deuterated(atomic_masses(nothing), nothing)
