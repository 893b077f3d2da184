"""Hydrogens and the atoms they are bonded to."""

import numpy as np
import pytest
from ase.build import molecule

from sundog.errors import StructureError
from sundog.io.structures import system_from_atoms
from sundog.io.topologies import topology_from_atoms
from sundog.prepare.water import water_box
from sundog.system import concatenate
from sundog.topology.hydrogens import joined


def test_hydrogens_belong_to_their_heavy_atom_also_across_the_boundary():
    atoms = water_box(8, density_g_per_cm3=0.9)
    atoms.wrap()
    found = topology_from_atoms(atoms).hydrogens
    np.testing.assert_array_equal(found.hydrogens, np.flatnonzero(atoms.numbers == 1))
    np.testing.assert_array_equal(found.heavy, 3 * (found.hydrogens // 3))
    beside = atoms.positions[found.hydrogens] + found.shift @ atoms.cell.array
    distances = np.linalg.norm(beside - atoms.positions[found.heavy], axis=1)
    np.testing.assert_allclose(distances, 0.9572, atol=1e-10)
    np.testing.assert_allclose(found.lengths, distances)
    assert np.abs(found.shift).max() == 1
    assert found.in_water.all()
    assert not len(found.alone)


def test_the_heavy_atom_may_come_after_its_hydrogens():
    atoms = water_box(8)
    atoms.wrap()
    order = np.random.default_rng(0).permutation(len(atoms))
    there, here = topology_from_atoms(atoms[order.tolist()]).hydrogens, topology_from_atoms(atoms)
    one = dict(zip(here.hydrogens.hydrogens.tolist(), here.hydrogens.shift.tolist(), strict=True))
    other = dict(zip(order[there.hydrogens].tolist(), there.shift.tolist(), strict=True))
    assert one == other
    np.testing.assert_array_equal(order[there.heavy] // 3, order[there.hydrogens] // 3)


@pytest.mark.parametrize(
    ("name", "waters"), [("H2O", 2), ("CH3OH", 0), ("H2O2", 0), ("OH", 0), ("H2CO", 0)]
)
def test_water_is_an_oxygen_with_two_hydrogens_and_nothing_else(name, waters):
    assert topology_from_atoms(molecule(name)).hydrogens.in_water.sum() == waters


def test_replicas_are_one_structure_after_another():
    one = topology_from_atoms(molecule("CH3CH2OH")).hydrogens
    three = one.repeated(3, 9)
    assert three.hydrogens.tolist() == [k + 9 * n for n in range(3) for k in one.hydrogens]
    assert three.heavy.tolist() == [k + 9 * n for n in range(3) for k in one.heavy]
    np.testing.assert_array_equal(three.lengths, np.tile(one.lengths, 3))


def test_a_hydrogen_without_a_heavy_atom_is_named_and_may_be_left_out():
    structures = [molecule("H2O"), molecule("H2")]
    system = concatenate([system_from_atoms(atoms) for atoms in structures])
    hydrogens = joined([topology_from_atoms(atoms).hydrogens for atoms in structures], [3, 2])
    assert hydrogens.alone.tolist() == [3, 4]
    with pytest.raises(StructureError, match=r"2 without one, the first is H 0 .* of structure 1"):
        hydrogens.of_selection(system)
    chosen = hydrogens.of_selection(system, np.array([True, True, False, False, False]))
    assert chosen.hydrogens.tolist() == [1]
