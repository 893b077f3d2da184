"""Molecules are whole, with their centres in the cell, and moved by lattice vectors only."""

from itertools import product

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene, molecule
from ase.neighborlist import natural_cutoffs, neighbor_list

from fixtures import CELLS, cells_moved
from sundog.io.topologies import topology_from_atoms
from sundog.topology.molecules import wrap

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


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("pbc", [(1, 1, 1), (1, 1, 0), (0, 0, 1), (0, 1, 0)])
def test_broken_molecules_come_back_whole(name, pbc):
    cell, random = CELLS[name], np.random.default_rng(0)
    atoms, index = mixture(cell, pbc)
    whole = atoms.positions.copy()
    atoms.positions += (random.integers(-3, 4, size=(len(atoms), 3)) * pbc) @ cell
    molecules = topology_from_atoms(atoms).molecules
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
    mended = topology_from_atoms(broken).whole()
    assert not mended.bonds.image.any()
    assert len(mended.pairs) == 26
    whole.positions, whole.pbc = mended.positions, False
    anew = topology_from_atoms(whole)
    np.testing.assert_array_equal(mended.pairs, anew.pairs)
    np.testing.assert_array_equal(mended.connected, anew.connected)


def test_bonds_follow_where_whole_molecules_have_gone():
    """A ring through the cell keeps one bond that leads to an image."""
    chain = Atoms("C8", 1.5 * np.arange(8)[:, None] * [1.0, 0, 0], cell=[12.0, 9, 9], pbc=True)
    water = molecule("H2O")
    water.positions += [0, 4.5, 8.9]
    atoms = chain + water
    atoms.positions += np.random.default_rng(3).integers(-2, 3, (11, 3)) @ atoms.cell.array
    topology = topology_from_atoms(atoms)
    whole = topology.whole()
    bonds = whole.bonds
    vectors = (
        whole.positions[bonds.second] + bonds.image @ whole.cell - whole.positions[bonds.first]
    )
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), bonds.lengths, atol=1e-12)
    assert len(bonds.first) == 8 + 2
    in_water = bonds.first >= 8
    assert not bonds.image[in_water].any()
    np.testing.assert_array_equal(whole.positions[:8], topology.positions[:8])


def test_what_is_whole_is_not_touched():
    whole, _ = mixture(CELLS["cubic"], True)
    topology = topology_from_atoms(whole)
    assert topology.whole() is topology


def test_wrapping_twice_is_wrapping_once():
    atoms, _ = mixture(CELLS["triclinic"], True)
    molecules = topology_from_atoms(atoms).molecules
    once = wrap(atoms.positions + 20.0, atoms.cell.array, molecules)
    np.testing.assert_allclose(wrap(once, atoms.cell.array, molecules), once, atol=1e-12)


def test_without_periodicity_nothing_moves():
    atoms = molecule("C6H6")
    atoms.positions += 1e3
    wrapped = wrap(atoms.positions, atoms.cell.array, topology_from_atoms(atoms).molecules)
    np.testing.assert_array_equal(wrapped, atoms.positions)
    assert wrapped is not atoms.positions


def test_a_slab_without_a_third_lattice_vector():
    atoms = molecule("H2O", cell=[[9.0, 0, 0], [3.0, 8.0, 0], [0, 0, 0]], pbc=[True, True, False])
    atoms.positions += [100.0, -50.0, 7.0]
    wrapped = wrap(atoms.positions, atoms.cell.array, topology_from_atoms(atoms).molecules)
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
    molecules = topology_from_atoms(chain).molecules
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
    molecules = topology_from_atoms(network).molecules
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
    wrapped.positions = wrap(
        atoms.positions, atoms.cell.array, topology_from_atoms(atoms).molecules
    )
    # Bonds across the border would be missing where periodicity is switched off.
    periodic = len(neighbor_list("i", wrapped, natural_cutoffs(wrapped, mult=1.2)))
    wrapped.pbc = False
    assert len(neighbor_list("i", wrapped, natural_cutoffs(wrapped, mult=1.2))) == periodic > 40
