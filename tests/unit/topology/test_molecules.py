"""Molecules are whole, with their centres in the cell, and moved by lattice vectors only."""

from itertools import product

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene, molecule
from ase.neighborlist import natural_cutoffs, neighbor_list

from sundog.topology.bonds import BOND_STRETCH, find_bonds, find_molecules
from sundog.topology.wrapping import with_whole_molecules, wrap

CELLS = {
    "cubic": np.diag([13.0, 13.0, 13.0]),
    "triclinic": np.array([[14.0, 0.0, 0.0], [-5.0, 13.0, 0.0], [4.0, -6.0, 12.0]]),
    "turned": np.array([[9.0, 9.0, -2.0], [-8.0, 9.0, 3.0], [4.0, 1.0, 13.0]]),
    "left-handed": np.array([[0.0, 13.0, 0.0], [13.0, 1.0, 0.0], [0.0, 0.0, 13.0]]),
}
NAMES = ("C6H6", "H2O", "H2O", "CH3CH2OH", "CO2")


def mixture(cell, pbc) -> tuple[Atoms, np.ndarray]:
    """Return whole molecules far apart, and the number of each atom's molecule."""
    atoms, index = Atoms(cell=cell, pbc=pbc), []
    corners = [np.array(corner) for corner in product((0.0, 0.5), repeat=3)][: len(NAMES)]
    for number, (name, corner) in enumerate(zip(NAMES, corners, strict=True)):
        one = molecule(name)
        one.positions += corner @ cell - one.positions.mean(axis=0)
        atoms += one
        index += [number] * len(one)
    return atoms, np.array(index)


def cells_moved(before, after, cell) -> np.ndarray:
    cells = (after - before) @ np.linalg.inv(cell)
    np.testing.assert_allclose(cells, np.round(cells), atol=1e-9)
    return np.round(cells).astype(int)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("pbc", [(1, 1, 1), (1, 0, 1), (0, 0, 0)])
@pytest.mark.parametrize("scale", [0.15, 1.0])
def test_bonds_are_those_of_ase(name, pbc, scale):
    """In the small cells atoms are bonded to several images, their own among them."""
    random = np.random.default_rng(2)
    atoms = Atoms("CHNOPCHH" * 2, random.normal(scale=1.5, size=(16, 3)), cell=CELLS[name], pbc=pbc)
    atoms.set_cell(scale * atoms.cell.array)
    atoms.positions += (random.integers(-2, 3, size=(16, 3)) * pbc) @ atoms.cell.array
    bonds = find_bonds(atoms)
    found = np.column_stack([bonds.first, bonds.second, bonds.image]).tolist()
    i, j, image = neighbor_list("ijS", atoms, natural_cutoffs(atoms, mult=BOND_STRETCH))
    expected = np.column_stack([i, j, image])[i <= j].tolist()
    # An atom's bond to its own image is one in both directions.
    assert len(found) > 5
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("pbc", [(1, 1, 1), (1, 1, 0), (0, 0, 1), (0, 1, 0)])
def test_broken_molecules_come_back_whole(name, pbc):
    cell, random = CELLS[name], np.random.default_rng(0)
    atoms, index = mixture(cell, pbc)
    whole = atoms.positions.copy()
    atoms.positions += (random.integers(-3, 4, size=(len(atoms), 3)) * pbc) @ cell
    molecules = find_molecules(atoms)
    assert len(set(zip(molecules.number.tolist(), index.tolist(), strict=True))) == len(NAMES)
    # The run goes on: atoms diffuse, the barostat works.
    walked, now = atoms.positions @ (1.05 * np.eye(3)) + random.normal(size=3), 1.05 * cell
    wrapped = wrap(walked, now, molecules)
    assert not (cells_moved(walked, wrapped, now) * ~np.array(pbc, bool)).any()
    for number in range(len(NAMES)):
        mine = index == number
        found = wrapped[mine] - wrapped[mine].mean(axis=0)
        expected = 1.05 * (whole[mine] - whole[mine].mean(axis=0))
        np.testing.assert_allclose(found, expected, atol=1e-9)
        centre = wrapped[mine].mean(axis=0) @ np.linalg.inv(now)
        inside = (centre > -1e-9) & (centre < 1 + 1e-9)
        assert inside[np.array(pbc, bool)].all()


def test_whole_molecules_have_all_bonds_without_images():
    cell = CELLS["triclinic"]
    whole, _ = mixture(cell, True)
    broken = whole.copy()
    broken.positions += np.random.default_rng(1).integers(-1, 2, (len(whole), 3)) @ cell
    found = []
    for one in (whole, with_whole_molecules(broken)):
        one.pbc = False
        bonds = find_bonds(one)
        found.append(set(zip(bonds.first.tolist(), bonds.second.tolist(), strict=True)))
    assert found[0] == found[1]
    assert len(found[0]) == 26


def test_what_is_whole_is_not_touched():
    whole, _ = mixture(CELLS["cubic"], True)
    assert with_whole_molecules(whole) is whole


def test_wrapping_twice_is_wrapping_once():
    atoms, _ = mixture(CELLS["triclinic"], True)
    molecules = find_molecules(atoms)
    once = wrap(atoms.positions + 20.0, atoms.cell.array, molecules)
    np.testing.assert_allclose(wrap(once, atoms.cell.array, molecules), once, atol=1e-12)


def test_without_periodicity_nothing_moves():
    atoms = molecule("C6H6")
    atoms.positions += 1e3
    wrapped = wrap(atoms.positions, atoms.cell.array, find_molecules(atoms))
    np.testing.assert_array_equal(wrapped, atoms.positions)
    assert wrapped is not atoms.positions


def test_a_slab_without_a_third_lattice_vector():
    atoms = molecule("H2O", cell=[[9.0, 0, 0], [3.0, 8.0, 0], [0, 0, 0]], pbc=[True, True, False])
    atoms.positions += [100.0, -50.0, 7.0]
    wrapped = wrap(atoms.positions, atoms.cell.array, find_molecules(atoms))
    np.testing.assert_array_equal(wrapped[:, 2], atoms.positions[:, 2])
    fractional = wrapped.mean(axis=0) @ np.linalg.inv(atoms.cell.complete().array)
    assert (fractional[:2] >= 0).all()
    assert (fractional[:2] < 1).all()


def test_a_chain_longer_than_the_cell_is_whole():
    chain = Atoms("C40", np.cumsum(np.full((40, 3), [1.2, 0.3, 0.6]), axis=0))
    chain.cell, chain.pbc = np.diag([20.0, 7.0, 11.0]), True
    chain.positions += 2.0
    whole = chain.positions.copy()
    chain.wrap()
    molecules = find_molecules(chain)
    assert set(molecules.number.tolist()) == {0}
    wrapped = wrap(chain.positions, chain.cell.array, molecules)
    np.testing.assert_allclose(np.diff(wrapped, axis=0), np.diff(whole, axis=0), atol=1e-9)


@pytest.mark.parametrize(
    "network",
    [
        bulk("C", cubic=True).repeat(2),
        bulk("C"),
        graphene(size=(3, 3, 1), vacuum=6.0),
    ],
)
def test_atoms_of_an_endless_network_are_wrapped_one_by_one(network):
    water = molecule("H2O")
    water.positions += [3.0, 3.0, 3.0]
    network.positions += 30.0
    molecules = find_molecules(network)
    assert molecules.number.tolist() == list(range(len(network)))
    wrapped = wrap(network.positions, network.cell.array, molecules)
    fractional = (wrapped @ np.linalg.inv(network.cell.complete().array))[:, network.pbc]
    assert (fractional > -1e-9).all()
    assert (fractional < 1 + 1e-9).all()


def test_every_bond_of_a_random_mixture_is_short():
    random = np.random.default_rng(4)
    atoms, _ = mixture(CELLS["turned"], True)
    atoms.positions += (random.integers(-2, 3, size=(len(atoms), 3))) @ atoms.cell.array
    wrapped = atoms.copy()
    wrapped.positions = wrap(atoms.positions, atoms.cell.array, find_molecules(atoms))
    # Bonds across the border would be missing where periodicity is switched off.
    periodic = len(neighbor_list("i", wrapped, natural_cutoffs(wrapped, mult=1.2)))
    wrapped.pbc = False
    assert len(neighbor_list("i", wrapped, natural_cutoffs(wrapped, mult=1.2))) == periodic > 40
